"""What somebody decides not to have booked: asked for once where it is many, listed, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.commands.repairs import somebody
from tests.commands.desk import NAME, Desk, desk

NUMBERS = ["RE-2026-00001", "RE-2026-00002", "RE-2026-00003"]
CAUSE = "total_differs"


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with two vouchers that wait for the same cause, and one that is booked."""
    with desk(tmp_path, len(NUMBERS), monkeypatch) as mine:
        mine.says(0, "init")
        mine.fill_in()
        mine.connect()
        mine.log_in()
        for deal in (1, 2):
            mine.pipedrive.change_deal(deal, value=1000 + deal)
        mine.says(1, "run", NAME)
        yield mine


def numbers_in(mine: Desk, state: str) -> list[str]:
    return sorted(one["number"] for one in mine.data(0, "vouchers", NAME, "--state", state)["vouchers"])


def test_a_reason_is_wanted_and_says_something(waiting: Desk) -> None:
    for command in ("ignore", "booked-by-hand"):
        waiting.says(2, command, NAME, NUMBERS[0])
        assert "The reason is missing" in waiting.says(1, command, NAME, NUMBERS[0], "--reason", "  ")
        waiting.says(2, command, NAME, "--reason", "neither vouchers nor a cause")
        waiting.says(2, command, NAME, NUMBERS[0], "--cause", CAUSE, "--reason", "both")
    assert numbers_in(waiting, "needs_human") == NUMBERS[:2]
    assert "The reason is missing" in waiting.says(1, "distinct", NAME, NUMBERS[0], "--reason", "-")
    # They wait for something else.
    for more, told in (((), "does not wait to be told apart"), (("--withdraw",), "cannot be taken back")):
        assert told in waiting.says(1, "distinct", NAME, NUMBERS[0], "--reason", "two sales", *more)


def test_several_are_left_out_listed_and_taken_back(waiting: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    said = waiting.says(0, "ignore", NAME, *NUMBERS[:2], "--reason", "tests of sales", "--by", "Erika")
    assert f"Left out: {NUMBERS[0]}, {NUMBERS[1]}" in said
    assert f"`ml-connector unignore {NAME} NUMBER`" in said
    listed = waiting.says(0, "vouchers", NAME, "--state", "ignored")
    assert listed.count("left out: tests of sales (Erika, 20") == 2
    assert numbers_in(waiting, "ignored") == NUMBERS[:2]
    back = waiting.data(0, "unignore", NAME, NUMBERS[0], "--reason", "a sale after all")
    assert back == {"connection": NAME, "taken_back": 1, "vouchers": NUMBERS[:1]}
    story = waiting.says(0, "audit", "show", NUMBERS[0])
    for told in ("tests of sales", "Erika", "a sale after all", somebody()):
        assert told in story
    waiting.says(1, "run", NAME)
    assert numbers_in(waiting, "needs_human") == NUMBERS[:1]
    assert "neither left out nor booked by hand" in waiting.says(1, "unignore", NAME, NUMBERS[2])


def test_what_was_booked_by_hand_is_a_state_of_its_own(waiting: Desk) -> None:
    done = waiting.data(0, "booked-by-hand", NAME, "--cause", CAUSE, "--reason", "typed in on 2 July")
    assert (done["state"], done["count"], done["vouchers"]) == ("booked_by_hand", 2, NUMBERS[:2])
    assert (done["reason"], done["by"]) == ("typed in on 2 July", somebody())
    assert waiting.says(0, "inbox", NAME) == "nothing waits"
    assert "booked by hand: 2" in waiting.says(0, "status", NAME)
    (one, _) = waiting.data(0, "vouchers", NAME, "--state", "booked_by_hand")["vouchers"]
    assert (one["set_aside"]["by"], one["set_aside"]["reason"]) == (somebody(), "typed in on 2 July")


def test_a_change_of_what_was_typed_stands_in_the_inbox_until_somebody_has_seen_to_it(waiting: Desk) -> None:
    waiting.says(0, "booked-by-hand", NAME, NUMBERS[0], "--reason", "typed in on 2 July")
    waiting.pipedrive.change_deal(1, custom_fields={"Rechnungsnummer": "RE-2026-77777"})
    waiting.give("run", NAME)
    shown = waiting.says(1, "inbox", NAME, "--cause", "hand_booking_differs")
    assert f"number {NUMBERS[0]} now RE-2026-77777" in shown
    again = ("booked-by-hand", NAME, "RE-2026-77777", "--reason", "corrected there")
    assert "Booked by hand: RE-2026-77777" in waiting.says(0, *again)
    waiting.says(0, "inbox", NAME, "--cause", "hand_booking_differs")


@pytest.fixture
def at_a_terminal(waiting: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same desk with somebody before it who can answer questions."""
    monkeypatch.setattr("mlconnector.commands.list_import.at_a_terminal", lambda: True)
    return waiting


def code(mine: Desk, *words: str, typed: str | None = None) -> int:
    """The exit code of a command that asks once where something is `typed`, and otherwise asks nothing."""
    answer = mine.give(*words, stdin=None if typed is None else f"{typed}\n")
    assert answer.output.count("to confirm:") == (typed is not None)
    return answer.exit_code


@pytest.mark.parametrize("command", ["ignore", "booked-by-hand"])
def test_at_a_terminal_many_are_asked_for_once(at_a_terminal: Desk, command: str) -> None:
    many = (command, NAME, "--cause", CAUSE, "--reason", "a test")
    assert code(at_a_terminal, *many, typed="no") == 1
    assert code(at_a_terminal, *many, "--json") == 1
    assert numbers_in(at_a_terminal, "needs_human") == NUMBERS[:2]
    assert code(at_a_terminal, *many, typed="yes") == 0
    assert numbers_in(at_a_terminal, "needs_human") == []


def test_at_a_terminal_one_is_not_asked_for_unless_it_was_booked_by_hand(at_a_terminal: Desk) -> None:
    assert code(at_a_terminal, "ignore", NAME, NUMBERS[0], "--reason", "a test") == 0
    assert code(at_a_terminal, "unignore", NAME, NUMBERS[0]) == 0
    assert code(at_a_terminal, "booked-by-hand", NAME, NUMBERS[0], "--reason", "a test") == 0
    assert code(at_a_terminal, "unignore", NAME, NUMBERS[0], typed="no") == 1
    assert numbers_in(at_a_terminal, "booked_by_hand") == NUMBERS[:1]
    assert code(at_a_terminal, "unignore", NAME, NUMBERS[0], "--yes") == 0


def test_at_a_terminal_a_batch_is_asked_for_before_it_is_sent_once_more(at_a_terminal: Desk) -> None:
    (batch,) = [one for one in at_a_terminal.data(0, "batches", NAME)["batches"] if one["format"] == "extf"]
    again = ("resend", batch["file"], "--reason", "lost", "--again")

    def state() -> str:
        return str(at_a_terminal.data(0, "batch", batch["id"])["state"])

    assert code(at_a_terminal, *again, typed="no") == 1
    assert code(at_a_terminal, *again, "--json") == 1
    assert state() == "succeeded"
    assert code(at_a_terminal, *again, typed="yes") == 0
    assert state() == "frozen"


def test_at_a_terminal_to_disconnect_is_asked_for(at_a_terminal: Desk) -> None:
    assert code(at_a_terminal, "disconnect", NAME, typed="no") == 1
    assert code(at_a_terminal, "disconnect", NAME, "--json") == 1
    assert at_a_terminal.data(1, "status", NAME)[NAME]["state"] == "ready"
    assert code(at_a_terminal, "disconnect", NAME, typed="yes") == 0
    assert at_a_terminal.data(1, "status", NAME)[NAME]["state"] == "paused"


def test_a_number_is_bound_to_whom_the_source_knows_and_taken_back(waiting: Desk) -> None:
    party = waiting.data(0, "audit", "show", NUMBERS[0])["content"]["party"]
    assert "has not named a customer" in waiting.says(
        1, "numbers", "bind", NAME, "organization/4711", "10999"
    )
    said = waiting.says(0, "numbers", "bind", NAME, party["external_id"], "10999", "--by", "Erika")
    assert f"{party['external_id']}: {party['name']}" in said
    assert party["city"] in said
    assert "Germany" in said
    done = waiting.data(0, "numbers", "unbind", NAME, "10999", "--reason", "mistaken")
    assert (done["unbound"], done["number"], done["party"]) == (True, "10999", party["external_id"])
    assert "10999" not in waiting.says(0, "numbers", "list", NAME)


def test_a_number_under_which_something_was_sent_is_not_taken_back(waiting: Desk) -> None:
    party = waiting.data(0, "audit", "show", NUMBERS[2])["content"]["party"]["external_id"]
    assert "has the number" in waiting.says(1, "numbers", "bind", NAME, party, "10999")
    assert "is no binding" in waiting.says(1, "numbers", "unbind", NAME, party)


def test_at_a_terminal_a_number_that_others_are_known_by_is_asked_for(at_a_terminal: Desk) -> None:
    party = at_a_terminal.data(0, "audit", "show", NUMBERS[0])["content"]["party"]["external_id"]
    Path("list.csv").write_text("Konto;Name;Kennung\n10999;Somebody else;\n")
    at_a_terminal.says(0, "numbers", "import", NAME, "list.csv", "--ledger", "debtors", "--yes")
    bind = ("numbers", "bind", NAME, party, "10999")
    assert code(at_a_terminal, *bind, typed="no") == 1
    assert "Note: on the list 10999 is: Somebody else" in at_a_terminal.said[-1]
    assert at_a_terminal.data(1, *bind)["bound"] is False
    assert code(at_a_terminal, *bind, typed="yes") == 0
    assert at_a_terminal.data(0, *bind, "--yes")["bound"] is True
