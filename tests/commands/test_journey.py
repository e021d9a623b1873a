"""The whole way through the real commands: from an empty folder to settled Buchungsstapel, and back again."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.standins.faults import Fault
from tests.commands.desk import FILE, NAME, Desk, _browse, desk

RECORDS = 26
FEW = 2
SECRETS = ("5ca1ab1ec0ffee00decade0ba5eba11facade123", "demo-webhook-key", "standin-secret")
NOWHERE = "http://127.0.0.1:1"
# The generated account sells, among other things, an article that the demo's rules do not know: in deal 26.
OLD_ARTICLE = "RE-2026-00026"
OLD_ARTICLES = "revenue_account_missing:product=Ausgelaufener Artikel,tax_case=domestic_19"
FIX = """
[[mapping.revenue]]
product = "Ausgelaufener Artikel"
account = "8400"
automatic = true
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk(tmp_path, RECORDS, monkeypatch) as made:
        yield made


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose connection is set up, with a few deals that can all be booked."""
    with desk(tmp_path, FEW, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        yield made


def test_the_whole_way(mine: Desk) -> None:
    # IT sets the installation up, and learns at each step what comes next.
    assert f"`ml-connector connect {FILE}`" in mine.says(0, "init")
    assert "No connection is set up yet" in mine.says(0, "status")
    assert "books.begin: is still empty" in mine.says(2, "connect", str(FILE))
    FILE.write_text(FILE.read_text().replace('begin = ""', "begin = 2026-01-01"))
    assert "source.base_url: is still empty" in mine.says(2, "connect", str(FILE))
    mine.fill_in()
    missing = mine.says(2, "connect", str(FILE))
    assert "pipedrive.api_token, pipedrive.webhook_key, datev.client_secret" in missing
    assert "No connection is set up yet" in mine.says(0, "status")
    connected = mine.connect(release=False)
    assert f"`ml-connector login {NAME}`" in connected
    assert f"`ml-connector release {NAME}`" in connected

    # Nobody has logged in to DATEV: what can be read is read, and the way out is named.
    steps = {step["step"]: step for step in mine.data(3, "ping", NAME)["steps"]}
    assert steps["datev.login"]["cause"] == "login_needed"
    assert f"`ml-connector login {NAME}`" in steps["datev.login"]["words"]
    early = mine.says(3, "run", NAME)
    assert f"received: {RECORDS}" in early
    assert f"Next: `ml-connector login {NAME}`" in early

    # Whoever may consent does so.
    assert "logged in to DATEV until" in mine.log_in()
    assert "as Erika Beispiel" in mine.said[-1]
    assert "There is no need to log in again" in mine.says(0, "login", NAME)
    assert "Everything works" in mine.says(0, "ping", NAME)

    # The bookkeeper looks at what would be booked; nothing is sent by that.
    why = mine.says(0, "preview", NAME, "RE-2026-00001", "--why")
    assert "Gegenkonto (contra account) = 8400: Mapping › Revenue, row" in why
    previewed = {one["number"]: one for one in mine.data(1, "preview", NAME, "--limit", "100")["vouchers"]}
    assert previewed[OLD_ARTICLE]["problems"][0]["cause"] == OLD_ARTICLES
    assert mine.datev.jobs == []

    # Before it is released, a run reads and prepares, and sends nothing.
    assert f"`ml-connector release {NAME}`" in mine.says(1, "run", NAME)
    assert (mine.datev.jobs, len(mine.datev.documents)) == ([], 0)
    assert f"`ml-connector run {NAME}`" in mine.says(0, "release", NAME)

    # The first run: what can be booked is settled, the rest waits with its cause.
    first = mine.says(1, "run", NAME)
    assert "bereitgestellt" in first
    status = mine.data(1, "status", NAME)[NAME]
    assert {batch["state"] for batch in status["batches"]} == {"succeeded"}
    assert status["vouchers"]["settled"] + status["vouchers"]["needs_human"] + 1 == RECORDS
    causes = {one["cause"]: one for one in mine.data(1, "inbox", NAME)}
    assert causes[OLD_ARTICLES]["vouchers"][0]["number"] == OLD_ARTICLE
    assert OLD_ARTICLE in mine.says(1, "inbox")

    # One row in the file, and what waited for it goes on.
    FILE.write_text(FILE.read_text().replace("\n[[mapping.revenue]]", FIX + "\n[[mapping.revenue]]", 1))
    changed = mine.says(0, "connect", str(FILE))
    assert '+ product = "Ausgelaufener Artikel"' in changed
    assert f"`ml-connector replay {NAME} --all`" in changed
    assert "the same as before" in mine.says(0, "connect", str(FILE))
    (fixed,) = mine.data(0, "preview", NAME, OLD_ARTICLE)["vouchers"]
    assert (fixed["number"], len(fixed["rows"])) == (OLD_ARTICLE, 1)
    assert "No voucher waits for that" in mine.says(1, "replay", NAME, "--cause", "nothing")
    assert mine.data(0, "replay", NAME, "--cause", OLD_ARTICLES)["replayed"] == 1
    mine.says(1, "run", NAME)
    story = mine.says(0, "audit", "show", OLD_ARTICLE)
    for told in (
        "read from the source",
        "waits for you",
        "goes on",
        "Mapping › Revenue, row 1",
        "sent to DATEV",
    ):
        assert told in story
    assert mine.data(0, "audit", "show", OLD_ARTICLE)["state"] == "settled"
    with_reason = ("--reason", "booked by hand")
    assert "Left out" in mine.says(
        0, "ignore", NAME, causes["number_missing"]["vouchers"][0]["voucher"], *with_reason
    )

    # What DATEV has is what we say, and nothing else; the proofs hold.
    settled = mine.data(1, "status", NAME)[NAME]["vouchers"]["settled"]
    assert len(mine.datev.documents) == settled
    received = [str(file) for file in Path("received").glob("*/extf/*.csv")]
    assert len(received) == len(mine.datev.jobs)
    assert "rejected online: 0, rejected on import: 0" in mine.says(0, "check", *received)
    assert mine.data(0, "audit", "verify")["ok"]
    assert mine.data(0, "vault", "rotate")["sealed_anew"] == 0

    # The end: nothing of ours is left at DATEV that could be used.
    assert f"`ml-connector login {NAME}`" in mine.says(0, "disconnect", NAME)
    assert mine.datev.sessions == []
    assert "is disconnected" in mine.says(1, "status", NAME)
    assert "All connections are disconnected" in mine.says(0, "run")


def test_a_login_that_ends_stops_nothing_for_good(few: Desk) -> None:
    few.log_in()
    few.log_out_at_datev()
    assert f"Next: `ml-connector login {NAME}`" in few.says(3, "run", NAME)
    assert few.data(3, "status", NAME)[NAME]["vouchers"] == {"received": FEW}
    few.says(3, "ping", NAME)
    few.log_in()
    assert ": completed" in few.says(0, "run", NAME)
    assert few.data(0, "status", NAME)[NAME]["vouchers"] == {"settled": FEW}
    assert few.says(0, "inbox") == "nothing waits"


def test_a_rejected_batch_tells_why_and_goes_again_after_the_fix(few: Desk) -> None:
    FILE.write_text(FILE.read_text() + '\n[master_data]\nsend = "off"\n')
    few.connect()
    few.log_in()
    few.datev.fail_next_job("29098-55003", 1008834)
    rejected = few.says(1, "run", NAME)
    assert "abgelehnt" in rejected
    assert "DATEV's Auftrag" in rejected
    (cause,) = few.data(1, "inbox")
    assert few.data(0, "replay", NAME, "--cause", cause["cause"])["replayed"] == cause["count"]
    assert ": completed" in few.says(0, "run", NAME)
    status = few.data(0, "status")[NAME]
    assert status["vouchers"] == {"settled": FEW}
    assert sorted({batch["state"] for batch in status["batches"]}) == ["failed", "succeeded"]
    failed = next(batch for batch in status["batches"] if batch["state"] == "failed")
    assert failed["answer"]["result"] == "failed"


def test_a_source_that_refuses_its_key_asks_for_another_one(few: Desk) -> None:
    few.pipedrive.faults.add(Fault("status", path="/api/", status=401, body=b"{}", times=1000))
    assert few.data(3, "ping", NAME)["steps"][3]["cause"] == "token_refused"
    assert "`ml-connector connect FILE --secrets-file SECRETS`" in few.says(3, "preview", NAME)
    few.pipedrive.faults.clear()
    few.connect()
    few.log_in()
    few.says(0, "ping", NAME)


def test_what_does_not_answer_is_named_and_nothing_is_half_done(few: Desk) -> None:
    few.scene.urls["datev"] = NOWHERE
    few.fill_in("far")
    assert "set up" in few.connect("far")
    assert "Nothing accepts the connection to DATEV at the address" in few.says(1, "login", "far")
    few.scene.urls["pipedrive"] = NOWHERE
    few.fill_in("farther")
    few.connect("farther")
    reach = next(step for step in few.data(3, "ping", "farther")["steps"] if step["outcome"] == "failed")
    assert (reach["step"], reach["cause"], reach["who"]) == (
        "pipedrive.reach",
        "connection_refused",
        "Your IT",
    )
    assert few.data(0, "disconnect", "farther")["not_revoked"] == []


def test_why_a_login_failed_is_told_until_one_succeeds(few: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as declining:
        declining.setattr("mlconnector.commands.logging_in._pasted", _declined)
        assert "was refused: access_denied" in few.says(3, "login", NAME, "--system", "datev", "--paste")
    expected = "broken off or not allowed there (access_denied)"
    assert expected in few.says(3, "status", NAME)
    (login,) = few.data(3, "status", NAME)[NAME]["logins"]
    assert (login["failure"]["cause"], login["failure"]["who"]) == ("login_declined", "You")
    assert expected in few.says(3, "ping", NAME)
    few.log_in()
    assert expected not in few.says(0, "status", NAME)
    assert few.data(0, "status", NAME)[NAME]["logins"][0]["failure"] is None


def _declined() -> str:
    """What somebody pastes who does not consent."""
    return _browse().replace("code=", "error=access_denied&was=")


def test_a_mistyped_name_is_not_taken_for_a_connection_without_work(few: Desk) -> None:
    for words in (("status",), ("run",), ("inbox",), ("login",), ("preview",), ("disconnect",)):
        assert "There is no connection “mine”" in few.says(1, *words, "mine")
    assert "There is no connection “mine”" in few.says(1, "replay", "mine", "--all")
    assert "There is no voucher “RE-1”" in few.says(1, "audit", "show", "RE-1")
    assert "there is one for: datev" in few.says(2, "login", NAME, "--system", "dativ")


def test_two_connections_may_have_invoices_of_the_same_number(few: Desk) -> None:
    few.fill_in("other")
    few.connect("other")
    for name in (NAME, "other"):
        few.says(3, "run", name)
    assert "may mean several vouchers" in few.says(1, "audit", "show", "RE-2026-00001")
    told = few.data(0, "audit", "show", "RE-2026-00001", "--connection", "other")
    assert told["connection"] == "other"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('chrat = "SKR03"', "books.chrat: is not known here; did you mean chart?"),
        ("account_length = 44", "books.account_length: "),
        ("account_length = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(few: Desk, line: str, expected: str) -> None:
    text = FILE.read_text().replace("account_length = 4", line)
    FILE.write_text(text)
    number = next(at for at, row in enumerate(text.splitlines(), 1) if row == line.rstrip() or row == line)
    assert f"{FILE}, line {number}: {expected}" in few.says(2, "connect", str(FILE))


def test_a_mistake_in_the_rules_is_told_with_its_line_too(few: Desk) -> None:
    text = FILE.read_text().replace('account = "8401"', 'account = "840"')
    FILE.write_text(text)
    line = text[: text.index('account = "840"')].count("\n") - 2
    assert f"{FILE}, line {line}: mapping.revenue row 8: account 840" in few.says(2, "connect", str(FILE))


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        ('[pipedrive]\napi_tokn = "x"', "no part of this connection and not taken: pipedrive.api_tokn;"),
        ('api_token = "x"', "no part of this connection and not taken: api_token;"),
        ("api_token = ", "[pipedrive] api_token"),
        ('[datev]\nclient_secret = " "', "empty, or blanks only: datev.client_secret"),
        ("", "missing: pipedrive.api_token, pipedrive.webhook_key, datev.client_secret"),
    ],
)
def test_credentials_that_do_not_fit_are_refused_and_nothing_is_set_up(
    mine: Desk, secrets: str, expected: str
) -> None:
    mine.says(0, "init")
    mine.fill_in()
    assert expected in mine.says(2, "connect", str(FILE), "--secrets-file", "-", stdin=secrets)
    assert "No connection is set up yet" in mine.says(0, "status")


def test_everything_is_said_in_german_too(few: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    assert "Anmeldung bei DATEV" in few.says(3, "ping", NAME)
    assert "angemeldet bei DATEV bis" in few.log_in()
    few.datev.withdraw_service("29098-55003", "Buchungsdatenservice")
    assert "Ihre Kanzlei" in few.says(1, "ping", NAME)
    assert "gestört" in few.says(1, "run", NAME)
    assert "Buchungsdatenservice" in few.said[-1]
    assert few.says(0, "inbox") == "Nichts wartet."


def test_a_terminal_is_asked_for_credentials_and_does_not_show_them(few: Desk) -> None:
    few.says(0, "disconnect", NAME)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mlconnector", "connect", str(FILE)]
    shown = b""
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as asked:
        os.close(theirs)
        for secret in SECRETS:
            while not shown.endswith(b": "):
                shown += os.read(ours, 1)
            os.write(ours, f"{secret}\n".encode())
            shown += os.read(ours, 2)
        while part := _read(ours):
            shown += part
    os.close(ours)
    assert asked.returncode == 0
    assert b"credentials sealed" in shown
    assert [secret for secret in SECRETS if secret.encode() in shown] == []
    few.log_in()
    few.says(0, "ping", NAME)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the way in which Linux says that the other side has ended
        return b""


def test_the_exit_code_is_that_of_the_process(few: Desk) -> None:
    command = [sys.executable, "-m", "mlconnector", "status"]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 3
