"""Documents: which are still to be filed, which are forgotten, and whose bytes are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from mlconnector.store import documents
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.store.rows import add_batch, add_document, add_entry, add_voucher

STATES = ("stored", "sending", "filed", "refused")


@pytest.fixture
def db(connected: Database, clock: Clock) -> Iterator[Connection]:
    """A voucher whose booking is in the batch `b`."""
    with connected.write() as transaction:
        for voucher in ("v", "w"):
            add_voucher(transaction, voucher, clock())
        add_batch(transaction, "b", "frozen", clock())
        yield transaction


@pytest.mark.parametrize("state", STATES)
def test_a_document_is_to_be_filed_until_it_is(db: Connection, clock: Clock, state: str) -> None:
    add_document(db, "g", "v", state, clock())
    add_entry(db, "e", "v", clock(), batch="b", document="g")
    assert [one.guid for one in documents.to_file(db, "b", 9)] == (
        ["g"] if state in {"stored", "sending"} else []
    )
    assert documents.not_filed(db, "b") == ([] if state == "filed" else ["g"])


def test_a_document_beside_the_linked_one_goes_with_it(db: Connection, clock: Clock) -> None:
    add_document(db, "pdf", "v", "stored", clock())
    add_document(db, "xml", "v", "stored", clock(), attachment="2")
    add_document(db, "older", "v", "stored", clock(), revision="r0")
    add_document(db, "of another", "w", "stored", clock())
    add_entry(db, "e", "v", clock(), batch="b", document="pdf")
    assert [one.guid for one in documents.to_file(db, "b", 9)] == ["pdf", "xml"]
    assert documents.not_filed(db, "b") == ["pdf", "xml"]


@pytest.mark.parametrize("state", STATES)
def test_what_datev_may_have_is_not_forgotten(db: Connection, clock: Clock, state: str) -> None:
    add_document(db, "g", "v", state, clock())
    add_document(db, "of another", "w", "stored", clock())
    documents.drop_unsent(db, ["v"])
    assert documents.known(db, ["g"]) == (set() if state in {"stored", "refused"} else {"g"})
    assert documents.known(db, ["of another"]) == {"of another"}


def test_what_a_booking_links_is_not_forgotten(db: Connection, clock: Clock) -> None:
    add_document(db, "pdf", "v", "stored", clock())
    add_document(db, "xml", "v", "stored", clock(), attachment="2")
    add_document(db, "loose", "v", "stored", clock(), revision="r0")
    add_entry(db, "e", "v", clock(), document="pdf")
    documents.drop_unsent(db, ["v"])
    assert documents.known(db, ["pdf", "xml", "loose"]) == {"pdf", "xml"}


def test_only_bytes_that_arrived_are_let_go(db: Connection, clock: Clock) -> None:
    add_document(db, "filed", "v", "filed", clock())
    add_document(db, "not yet", "v", "sending", clock(), attachment="2")
    add_entry(db, "e", "v", clock(), batch="b", document="filed")
    documents.let_go_of_content(db, "b")
    found = {guid: documents.read(db, guid) for guid in ("filed", "not yet")}
    assert {guid: one.content if one else None for guid, one in found.items()} == {
        "filed": None,
        "not yet": b"%PDF",
    }


def test_the_same_bytes_are_found_where_they_are_filed(db: Connection, clock: Clock) -> None:
    for state in STATES:
        add_document(db, state, "v", state, clock(), attachment=state)
    assert documents.filed(db, ["v", "w"]) == {("v", "filed"): "filed"}
