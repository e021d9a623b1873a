"""`ml-connector reread`: a source is read once more, and nothing is booked twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

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


class Terminal:
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


def asked_in_ping(mine: Desk) -> str:
    steps = {step["step"]: step for step in mine.data(3, "ping", NAME)["steps"]}
    return str(steps["connection.cursor"]["words"])


def test_everything_or_what_changed_since_a_day(mine: Desk) -> None:
    assert mine.data(0, "reread", NAME) == {"connection": NAME, "since": None}
    assert mine.data(0, "reread", NAME, "--since", "2026-07-01")["since"] == "2026-07-01"
    said = mine.says(0, "reread", NAME, "--since", "2026-07-01")
    assert f"what changed in {NAME} since 2026-07-01" in said
    assert f"`ml-connector run {NAME}`" in said
    assert "what changed since 2026-07-01" in asked_in_ping(mine)
    assert "everything" in mine.says(0, "reread", NAME, "--yes")


def test_what_is_no_day_and_no_connection_is_refused(mine: Desk) -> None:
    mine.says(2, "reread", NAME, "--since", "01.07.2026")
    mine.says(1, "reread", "nobody")


def test_at_a_terminal_it_asks_before_it_reads_everything(
    mine: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["no", "yes"])
    monkeypatch.setattr("builtins.input", lambda _question: next(typed))
    monkeypatch.setattr("mlconnector.commands.reread.sys", SimpleNamespace(stdin=Terminal()))
    assert "stays as it was" in mine.says(1, "reread", NAME)
    mine.says(0, "reread", NAME)
    mine.says(0, "reread", NAME, "--since", "2026-07-01")
    mine.says(0, "reread", NAME, "--yes")
