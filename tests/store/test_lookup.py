"""Vouchers are found by the names that people give them, and never mixed up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store import connections, lookup, vouchers
from mlconnector.store.database import Database

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def filled(database: Database) -> Database:
    """Two connections with an invoice of the same number, and one whose id in the source is that number."""
    with database.write() as db:
        for name in ("north", "south"):
            connections.create(db, name, "pipedrive", "29098-55003", "", NOW)
        rows = [("n1", "north", "1", "RE-1"), ("n2", "north", "RE-1", "RE-2"), ("s1", "south", "1", "RE-1")]
        vouchers.insert_vouchers(
            db,
            [
                {
                    "id": key,
                    "connection": name,
                    "kind": "invoice",
                    "external_id": external_id,
                    "number": number,
                    "document_date": date(2026, 3, 1),
                    "revision": "r",
                    "state": "needs_human",
                    "read_at": NOW,
                    "changed_at": NOW,
                }
                for key, name, external_id, number in rows
            ],
        )
    return database


@pytest.mark.parametrize(
    ("wanted", "name", "key"),
    [
        ("n2", None, "n2"),
        ("RE-2", None, "n2"),
        ("RE-1", "north", "n1"),
        ("RE-1", "south", "s1"),
        ("1", "south", "s1"),
        ("RE-2", "south", None),
        ("RE-9", None, None),
    ],
)
def test_a_voucher_is_found_by_key_number_or_id(
    filled: Database, wanted: str, name: str | None, key: str | None
) -> None:
    with filled.read() as db:
        row = lookup.find(db, wanted, name)
    assert (row.id if row else None) == key


def test_a_name_that_several_have_is_not_guessed(filled: Database) -> None:
    with filled.read() as db, pytest.raises(NeedsHuman) as error:
        lookup.find(db, "RE-1")
    assert error.value.problem.key == "voucher_ambiguous"
    assert error.value.problem.facts["vouchers"] == "n1 (north: invoice 1), s1 (south: invoice 1)"


def test_the_first_vouchers_of_each_cause_are_given_once_each(filled: Database) -> None:
    country, number = Problem("country_missing"), Problem("number_missing")
    with filled.write() as db:
        found = {"n1": [country, country], "n2": [country, number], "s1": [country]}
        vouchers.replace_problems(db, "mapping", found)
    with filled.read() as db:
        everybody = lookup.examples(db)
        north = lookup.examples(db, "north", limit=1)
    keys = {cause: [row.id for row in rows] for cause, rows in everybody.items()}
    assert keys == {
        ("north", "country_missing"): ["n1", "n2"],
        ("north", "number_missing"): ["n2"],
        ("south", "country_missing"): ["s1"],
    }
    assert {cause: len(rows) for cause, rows in north.items()} == {
        ("north", "country_missing"): 1,
        ("north", "number_missing"): 1,
    }
