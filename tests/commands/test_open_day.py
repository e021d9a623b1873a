"""`ml-connector open-from`: from which day on a client's books are open, by whose word and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands.desk import NAME, Desk, desk


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose connection is set up."""
    with desk(tmp_path, 1, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        yield made


def test_while_nobody_has_named_a_day_it_is_the_first_of_this_month(mine: Desk) -> None:
    today = datetime.now(UTC).date()
    assert mine.data(0, "open-from", NAME) == {
        "client": "29098-55003",
        "open_from": today.replace(day=1).isoformat(),
        "named": None,
    }
    assert "Nobody has named a day" in mine.says(0, "open-from", NAME)


def test_a_named_day_is_shown_with_who_said_it_and_why(mine: Desk) -> None:
    said = mine.says(0, "open-from", NAME, "2026-07-01", "--reason", "June is filed", "--by", "Kanzlei")
    assert "open from 2026-07-01 on (said by Kanzlei: June is filed)" in said
    named = mine.data(0, "open-from", NAME)["named"]
    assert (named["open_from"], named["said_by"], named["reason"]) == (
        "2026-07-01",
        "Kanzlei",
        "June is filed",
    )


def test_a_day_without_a_reason_and_what_is_no_day_are_refused(mine: Desk) -> None:
    assert "Say why with --reason" in mine.says(2, "open-from", NAME, "2026-07-01")
    mine.says(2, "open-from", NAME, "01.07.", "--reason", "…")
    assert mine.data(0, "open-from", NAME)["named"] is None
