"""The command release: what goes is shown first, and then let go, by whoever gives the command."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.commands.repairs import somebody
from tests.commands.desk import FILE, NAME, Desk, desk

BOOKABLE = 2


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose connection is set up and logged in, and that nobody has released."""
    with desk(tmp_path, BOOKABLE, monkeypatch) as mine:
        mine.says(0, "init")
        mine.fill_in()
        mine.connect(release=False)
        mine.log_in()
        yield mine


def test_what_goes_is_shown_before_it_is_released(ready: Desk) -> None:
    assert "Nothing was read yet" in ready.says(0, "release", NAME)
    ready.says(0, "release", NAME, "--withdraw")
    said = ready.says(1, "run", NAME)
    assert f"wait for that alone: {BOOKABLE}. Debtors and creditors: {BOOKABLE}" in said
    assert f"`ml-connector preview {NAME} --why`" in said
    assert "Not released yet" in ready.says(1, "status", NAME)
    assert ready.datev.jobs == []
    shown = ready.says(0, "release", NAME, "--by", "Frau Beispiel")
    assert "Documents of 2000-01-01 and later are booked" in shown
    assert "Sales documents" in shown
    assert "Debtors and creditors: 2" in shown
    assert f"`ml-connector preview {NAME} --why`" in shown
    assert "by Frau Beispiel" in shown
    assert "by Frau Beispiel" in ready.says(0, "run", NAME)
    assert ready.datev.jobs


def test_what_a_second_person_has_to_approve_is_shown_by_status(
    ready: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCONNECTOR_FOUR_EYES", "true")
    ready.says(0, "release", NAME, "--withdraw")
    ready.says(1, "run", NAME)
    ready.give("release", NAME, "--yes")
    said = ready.says(1, "status", NAME)
    assert f"{somebody()} asked to release the connection ({NAME}). Somebody else has to approve" in said
    (asked,) = ready.data(1, "status", NAME)[NAME]["waits_for_approval"]
    assert (asked["kind"], asked["about"], asked["by"]) == ("release", NAME, somebody())


def test_machines_are_told_the_same(ready: Desk) -> None:
    data = ready.data(1, "run", NAME)[NAME]
    assert data["released"] is None
    assert data["waits_for_release"] == {"vouchers": BOOKABLE, "persons": BOOKABLE, "batches": 0}
    given = ready.data(0, "release", NAME, "--yes")
    assert given["connection"] == NAME
    assert given["released"]["by"] == somebody()
    assert sum(one["vouchers"] for one in given["would_go"]["parts"]) == BOOKABLE
    status = ready.data(0, "status", NAME)[NAME]
    assert (status["released"], status["waits_for_release"]) == (given["released"], None)
    assert ready.data(0, "connect", str(FILE))["released"] == given["released"]
    withdrawn = ready.data(0, "release", NAME, "--withdraw")
    assert (withdrawn["released"], withdrawn["withdrawn"]) == (None, True)
    assert ready.data(0, "release", NAME, "--withdraw")["withdrawn"] is False


def test_a_run_with_nothing_ready_ends_well_without_a_release(ready: Desk) -> None:
    FILE.write_text(FILE.read_text().replace("begin = 2000-01-01", "begin = 2030-01-01"))
    ready.connect(release=False)
    assert "Not released yet" in ready.says(0, "run", NAME)
    assert ready.data(0, "status", NAME)[NAME]["vouchers"] == {"ignored": BOOKABLE}


def test_accounts_and_tax_cases_that_nobody_confirmed_are_named(ready: Desk) -> None:
    text = FILE.read_text().replace('confirmed_by = "Steuerkanzlei Beispiel"\n', "")
    text = text.replace("confirmed_on = 2026-11-02\n", "").replace("29098-55003", "29098-55004")
    Path("other.toml").write_text(text.replace(f'name = "{NAME}"', 'name = "other"'))
    ready.connect("other", release=False)
    said = ready.says(0, "release", "other")
    assert "not confirmed yet" in said
    assert "tax_case:domestic_19" in said
    assert "ml-connector confirm other" in said


@pytest.mark.parametrize(("typed", "code"), [("yes", 0), ("no", 1), ("", 1)])
def test_somebody_at_a_terminal_is_asked_once(ready: Desk, typed: str, code: int) -> None:
    assert code_at_a_terminal("release", NAME, typed=typed) == code
    given = ready.data(0, "status", NAME)[NAME]["released"]
    assert (given is not None) == (code == 0)


def test_at_a_terminal_json_shows_and_asks_nothing(ready: Desk) -> None:
    assert code_at_a_terminal("release", NAME, "--json") == 1
    assert ready.data(0, "status", NAME)[NAME]["released"] is None
    assert code_at_a_terminal("release", NAME, "--json", "--yes") == 0
    assert ready.data(0, "status", NAME)[NAME]["released"] is not None


def code_at_a_terminal(*words: str, typed: str | None = None) -> int:
    """The exit code of a command that is given at a terminal, where this is typed when it asks."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mlconnector", *words]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
            if typed is not None and shown.rstrip().endswith(b"to confirm:"):
                os.write(ours, f"{typed}\n".encode())
                typed = None
    os.close(ours)
    return process.returncode


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the way in which Linux says that the other side has ended
        return b""


def test_a_file_without_begin_is_refused_before_credentials_are_asked_for(
    ready: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = FILE.read_text().replace(f'name = "{NAME}"', 'name = "other"')
    without = text.replace("begin = 2000-01-01\n", "")
    assert without != text
    Path("other.toml").write_text(without)
    said = ready.says(2, "connect", "other.toml")
    assert "books.begin" in said
    assert "the first document date that is booked from here" in said
    assert "begin = 2026-01-01" in said
    assert "other" not in ready.data(0, "status")
    Path("other.toml").write_text(text.replace("begin = 2000-01-01", 'begin = ""'))
    assert "books.begin: is still empty" in ready.says(2, "connect", "other.toml")
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    assert "books.begin: ist noch leer" in ready.says(2, "connect", "other.toml")


def test_a_day_that_was_named_is_not_left_out_again(ready: Desk) -> None:
    FILE.write_text(FILE.read_text().replace("begin = 2000-01-01\n", ""))
    assert "begin = 2026-01-01" in ready.says(2, "connect", str(FILE))


def test_an_example_asks_for_the_day(ready: Desk) -> None:
    Path("new").mkdir()
    ready.says(0, "init", "new")
    assert '\nbegin = ""' in Path("new/my-pipedrive.toml").read_text(encoding="utf-8")
