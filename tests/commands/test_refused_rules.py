"""Rules that were taken once and are refused by now: said wherever somebody looks, and mended by the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from mlconnector.store.database import open_database
from mlconnector.store.tables import connections
from tests.commands.desk import FILE, NAME, Desk, desk

KEY_ON_AN_ACCOUNT_WITHOUT_TAX = """
[[mapping.revenue]]
product_code = "KURS"
account = "2660"
automatic = false
tax_key = "3"
tax_case = "domestic_19"
"""
SAID = "account 2660 takes no tax in SKR03"


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A connection whose stored rules an earlier version took."""
    with desk(tmp_path, 1, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        database = open_database(f"sqlite:///{Path('ml-connector-data/ml-connector.sqlite').resolve()}")
        with database.write() as db:
            text = db.execute(select(connections.c.settings)).scalar_one()
            db.execute(update(connections).values(settings=text + KEY_ON_AN_ACCOUNT_WITHOUT_TAX))
        database.close()
        yield made


def test_the_state_says_which_line_and_what_to_do(refused: Desk) -> None:
    said = refused.says(1, "status")
    assert SAID in said
    assert "ml-connector connect FILE" in said
    told = refused.data(1, "status")[NAME]
    assert (told["state"], told["state_reason"]) == ("degraded", "stored_settings_refused")


@pytest.mark.parametrize("command", ["ping", "rules", "run", "preview"])
def test_every_command_that_needs_the_rules_says_it(refused: Desk, command: str) -> None:
    said = refused.says(1, command, NAME)
    assert SAID in said
    assert "ml-connector connect FILE" in said


def test_the_file_with_the_line_mended_lets_it_go_on(refused: Desk) -> None:
    before = FILE.read_text(encoding="utf-8")
    FILE.write_text(before + KEY_ON_AN_ACCOUNT_WITHOUT_TAX, encoding="utf-8")
    assert SAID in refused.says(2, "connect", str(FILE))
    FILE.write_text(before, encoding="utf-8")
    refused.says(0, "connect", str(FILE))
    assert f"{NAME}: degraded" not in refused.give("status").output
