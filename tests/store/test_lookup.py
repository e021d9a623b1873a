"""Vouchers are found by the names that people give them, and never mixed up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import encode
from mlconnector.store import connections, lookup, vouchers
from mlconnector.store.database import Database
from tests.mapping.builders import line, voucher
from tests.store.rows import add_batch, add_entry

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SAID = encode(voucher(line("100"), number="RE-1", external_id="1")).decode()


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
                    "record": external_id,
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


def test_what_waits_comes_with_every_problem_and_its_own_facts(filled: Database) -> None:
    first, second = Problem("total_differs", {"total": "1.00"}), Problem("total_differs", {"total": "2.00"})
    number = Problem("number_missing")
    with filled.write() as db:
        found = {"n1": [first], "n2": [second, number], "s1": [first]}
        vouchers.replace_problems(db, "mapping", found)
        vouchers.set_state(db, ["s1"], "received", NOW)
    with filled.read() as db:
        everything = [(one.row.id, one.problem) for one in lookup.waiting(db)]
        of_a_cause = [one.row.id for one in lookup.waiting(db, "north", "number_missing")]
    assert everything == [("n1", first), ("n2", second), ("n2", number)], "received ones wait for nobody"
    assert of_a_cause == ["n2"]


def test_vouchers_are_searched_within_a_scope_page_by_page(filled: Database) -> None:
    with filled.write() as db:
        vouchers.set_state(db, ["n1"], "settled", NOW.replace(hour=10))
        vouchers.insert_revisions(
            db, [{"voucher": "n1", "revision": "r", "content": SAID, "received_at": NOW}]
        )
    north, march = lookup.Scope("north"), date(2026, 3, 1)
    with filled.read() as db:
        assert [(row.id, said) for row, said in lookup.search(db, north)] == [("n1", SAID), ("n2", None)]
        assert [row.id for row, _ in lookup.search(db, north, limit=1, offset=1)] == ["n2"]
        assert lookup.count(db, north) == 2
        assert lookup.count(db, lookup.Scope(states=("needs_human",))) == 2
        assert lookup.count(db, lookup.Scope(first=march, last=march)) == 3
        assert lookup.count(db, lookup.Scope(last=date(2026, 2, 28))) == 0
        assert lookup.contents(db, list(vouchers.by_ids(db, ["n1", "n2"]).values())) == {"n1": SAID}


def test_batches_are_found_by_the_vouchers_that_they_book(filled: Database) -> None:
    with filled.write() as db:
        for batch in ("b1", "b2"):
            add_batch(db, batch, "succeeded", NOW)
        add_entry(db, "e1", "n1", NOW, batch="b1")
        add_entry(db, "e2", "n1", NOW, batch="b1", kind="reversal")
        add_entry(db, "e3", "n2", NOW, batch="b2")
        add_entry(db, "e4", "n2", NOW, turn=2)
    with filled.read() as db:
        assert lookup.batches_with(db, lookup.Scope()) == {"b1", "b2"}
        assert lookup.batches_with(db, lookup.Scope(number="re-2")) == {"b2"}
        assert lookup.batches_with(db, lookup.Scope("south")) == set()
