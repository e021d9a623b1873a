"""What a bookkeeper finds again: what waits with its own facts, vouchers, Buchungsstapel and their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.desk import NAME, Desk, desk

RECORDS = 4
BOOKED, TAKEN_BACK, FIRST, SECOND = 1, 2, 3, 4
NUMBERS = {deal: f"RE-2026-0000{deal}" for deal in range(1, RECORDS + 1)}
CAUSE = "total_differs"


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk after its runs: one voucher is booked, one was taken back, two wait for the same cause."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", "250")
        with desk(tmp_path_factory.mktemp("desk"), RECORDS, monkeypatch) as made:
            made.says(0, "init")
            made.fill_in()
            made.connect()
            made.log_in()
            for deal, value in ((FIRST, 1111), (SECOND, 2222)):
                made.pipedrive.change_deal(deal, value=value)
            made.give("run", NAME)
            made.pipedrive.lose(TAKEN_BACK)
            made.give("run", NAME)
            yield made


def test_the_inbox_has_each_voucher_with_its_own_facts(mine: Desk) -> None:
    (one,) = mine.data(1, "inbox", NAME)
    assert (one["cause"], one["count"], one["differs"]) == (CAUSE, 2, True)
    assert "1,111" not in one["why"]
    assert "…" in one["why"]
    first, second = one["vouchers"]
    assert (first["number"], second["number"]) == (NUMBERS[FIRST], NUMBERS[SECOND])
    assert "1,111.00" in first["why"]
    assert "2,222.00" in second["why"]
    for each in (first, second):
        assert each["customer"]
        assert each["document_date"].startswith("2026-")
        assert float(each["amount"]) > 0
        assert each["link"].endswith(f"/deal/{each['external_id']}")


@pytest.mark.parametrize("command", ["inbox", "status"])
def test_people_read_what_is_so_of_each_voucher(mine: Desk, command: str) -> None:
    lines = mine.give(command, NAME).output.splitlines()
    for deal, amount in ((FIRST, "1,111"), (SECOND, "2,222")):
        (line,) = [line for line in lines if NUMBERS[deal] in line]
        assert amount in line


def test_a_page_of_the_inbox_says_how_the_next_one_is_called(mine: Desk) -> None:
    said = mine.says(1, "inbox", NAME, "--limit", "1")
    assert NUMBERS[SECOND] not in said
    assert f"and 1 more: ml-connector inbox {NAME} --cause {CAUSE} --limit 1 --page 2" in said
    again = mine.says(1, "inbox", NAME, "--cause", CAUSE, "--limit", "1", "--page", "2")
    assert NUMBERS[SECOND] in again
    assert said.count("ml-connector replay") == again.count("ml-connector replay")
    assert mine.says(0, "inbox", NAME, "--customer", "nobody") == "There is nothing of that kind."


def test_the_story_of_a_voucher_says_what_it_waits_for_and_waited_for(mine: Desk) -> None:
    for deal, amount, other in ((FIRST, "1,111", "2,222"), (SECOND, "2,222", "1,111")):
        told = mine.data(0, "audit", "show", NUMBERS[deal])
        (held,) = [event for event in told["events"] if event["event"] == "held"]
        (now,) = told["problems"]
        assert held["detail"]["problems"] == [{"key": CAUSE, "facts": now["facts"]}]
        assert amount in now["why"]
        said = mine.says(0, "audit", "show", NUMBERS[deal])
        assert amount in said
        assert other not in said


def test_vouchers_are_listed_with_what_became_of_them(mine: Desk) -> None:
    found = mine.data(0, "vouchers", NAME)
    assert (found["total"], found["page"]) == (RECORDS, 1)
    states = {one["number"]: (one["state"], one["reversed"]) for one in found["vouchers"]}
    assert states[NUMBERS[BOOKED]] == ("settled", False)
    assert states[NUMBERS[TAKEN_BACK]] == ("settled", True)
    (line,) = [line for line in mine.give("vouchers").output.splitlines() if NUMBERS[TAKEN_BACK] in line]
    assert "reversed (storniert)" in line


def test_a_voucher_that_was_taken_back_is_called_so(mine: Desk) -> None:
    assert "of these reversed (storniert): 1" in mine.says(1, "status", NAME)
    assert mine.data(1, "status", NAME)[NAME]["reversed"] == 1
    number = NUMBERS[TAKEN_BACK]
    assert f"{number}: reversed (storniert)" in mine.says(0, "audit", "show", number)
    (one,) = mine.data(0, "vouchers", "--state", "reversed")["vouchers"]
    assert one["number"] == NUMBERS[TAKEN_BACK]


def test_vouchers_are_found_by_what_people_know(mine: Desk) -> None:
    (known,) = mine.data(0, "vouchers", "--number", NUMBERS[BOOKED])["vouchers"]
    for asked in (
        ("--customer", known["customer"][:6].upper()),
        ("--amount", known["amount"].replace(".", ",")),
        ("--period", known["document_date"]),
    ):
        assert known in mine.data(0, "vouchers", *asked)["vouchers"]
    assert "2 to 2 of 4. More: ml-connector vouchers --limit 1 --page 3" in mine.says(
        0, "vouchers", "--limit", "1", "--page", "2"
    )
    assert "is no period" in mine.says(2, "vouchers", "--period", "July")
    assert "is no amount" in mine.says(2, "vouchers", "--amount", "much")


def test_a_batch_shows_its_vouchers_and_saves_the_file_that_was_sent(mine: Desk, tmp_path: Path) -> None:
    batches = mine.data(0, "batches", "--number", NUMBERS[BOOKED])["batches"]
    (one,) = [batch for batch in batches if batch["format"] == "extf"]
    assert one["file"] in mine.says(0, "batches", NAME)
    shown = mine.says(0, "batch", one["file"])
    assert NUMBERS[BOOKED] in shown
    assert one["sha256"] in shown
    saved = mine.data(0, "batch", one["id"], "--out", str(tmp_path))["saved"]
    (received,) = Path("received").glob(f"*/extf/*{one['file']}")
    assert Path(saved).read_bytes() == received.read_bytes()
    mine.says(0, "batch", one["file"], "--save")
    assert Path(one["file"]).read_bytes() == received.read_bytes()
    Path(saved).write_bytes(b"something of somebody")
    assert "is not overwritten" in mine.says(2, "batch", one["id"], "--out", str(tmp_path))
    assert Path(saved).read_bytes() == b"something of somebody"
    assert "nothing.csv" in mine.says(1, "batch", "nothing.csv")


def test_those_left_out_are_listed_with_their_reason(mine: Desk) -> None:
    mine.pipedrive.change_deal(SECOND, value=0)
    for place in range(len(mine.pipedrive.account.lines[SECOND])):
        mine.pipedrive.change_line(SECOND, place, item_price=0)
    mine.give("run", NAME)
    (one,) = mine.data(0, "vouchers", "--state", "ignored")["vouchers"]
    assert (one["number"], one["reason"]) == (NUMBERS[SECOND], "zero_value")
    assert "left out: nothing to book" in mine.says(0, "vouchers", "--state", "ignored")
    mine.says(0, "ignore", NAME, NUMBERS[FIRST], "--reason", "typed in by hand")
    assert "left out: typed in by hand" in mine.says(0, "vouchers", "--number", NUMBERS[FIRST])
