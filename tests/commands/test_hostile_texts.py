"""What comes from outside does nothing to a terminal: titles, clipboards, colours, directions, formulas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.desk import NAME, Desk, desk

# Sets the clipboard, clears the screen, sets the title, turns the direction, rings, deletes, and hides.
HOSTILE = "=1+1\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b]0;x\x07\x9b31m\u202egpj\u2066\x7f\u200b"
COMMANDS = (
    ("status",),
    ("inbox",),
    ("vouchers",),
    ("batches",),
    ("preview", NAME, "--why", "--postings"),
    ("persons", NAME),
    ("numbers", "list", NAME),
    ("numbers", "list", NAME, "--csv", "-"),
    ("rules", NAME),
    ("release", NAME),
    ("audit", "http"),
    ("audit", "http", "--csv"),
    ("ping", NAME),
    ("run", NAME),
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose customers and deals are named by somebody who means harm; one deal waits, one is sent."""
    with pytest.MonkeyPatch.context() as patch, desk(tmp_path_factory.mktemp("hostile"), 3, patch) as mine:
        mine.says(0, "init")
        mine.fill_in()
        for deal in mine.pipedrive.account.deals:
            mine.pipedrive.change_deal(deal.id, title=f"{HOSTILE}{deal.id}")
            if deal.org_id is not None:
                mine.pipedrive.change_organization(deal.org_id, name=f"{HOSTILE}{deal.org_id}")
        mine.pipedrive.change_deal(1, custom_fields={"Rechnungsnummer": ""})
        mine.connect()
        mine.log_in()
        mine.give("run", NAME)
        yield mine


def printed(text: str) -> str:
    return "".join(line for line in text.splitlines() if not line.isprintable())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_it_is_shown_and_does_nothing(hostile: Desk, command: tuple[str, ...]) -> None:
    assert printed(hostile.give(*command).output) == ""
    if "--csv" not in command:
        assert printed(hostile.give(*command, "--json").output) == ""


def test_the_story_of_a_voucher_does_nothing_either(hostile: Desk) -> None:
    for one in hostile.data(0, "vouchers")["vouchers"]:
        said = hostile.give("audit", "show", one["voucher"]).output
        assert printed(said) == ""
        assert "\\x1b]52" in said


def test_files_for_spreadsheets_have_no_formulas(hostile: Desk) -> None:
    hostile.give("vouchers", "--json")
    hostile.give("preview", NAME, "--csv", "list.csv", "--xlsx", "list.xlsx")
    cells = Path("list.csv").read_text(encoding="utf-8-sig").replace(",", ";").split(";")
    assert not [cell for cell in cells if cell.strip('"').startswith("=")]
