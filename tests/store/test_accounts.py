"""Numbers of debtors and creditors: whose they are, where they came from, and which is the highest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import Connection

from mlconnector.model.entries import Ledger
from mlconnector.store import accounts, connections
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.store.rows import CLIENT

OTHER = "29098-55004"
Origin = Literal["allocated", "source", "list"]


@pytest.fixture
def db(connected: Database, clock: Clock) -> Iterator[Connection]:
    with connected.write() as transaction:
        connections.create(transaction, "elsewhere", "pipedrive", OTHER, "", clock())
        yield transaction


def give(
    db: Connection,
    clock: Clock,
    party: str,
    number: str,
    ledger: Ledger = "receivable",
    origin: Origin = "allocated",
    name: str = "north",
    client: str = CLIENT,
) -> None:
    accounts.give(db, client, name, {party: number}, {}, clock(), ledger=ledger, origin=origin)


def test_a_party_has_a_number_as_debtor_and_another_as_creditor(db: Connection, clock: Clock) -> None:
    give(db, clock, "p1", "10001")
    give(db, clock, "p1", "70001", "payable")
    assert accounts.given(db, CLIENT, "north", ["p1", "p2"], "receivable") == {"p1": "10001"}
    assert accounts.given(db, CLIENT, "north", ["p1", "p2"], "payable") == {"p1": "70001"}


def test_the_same_party_of_another_connection_or_client_is_another_one(db: Connection, clock: Clock) -> None:
    give(db, clock, "p1", "10001", name="south")
    give(db, clock, "p1", "10002", name="elsewhere", client=OTHER)
    assert accounts.given(db, CLIENT, "north", ["p1"], "receivable") == {}
    assert accounts.owners(db, CLIENT, ["10001", "10002"]) == {"10001": ("south", "p1")}
    assert set(accounts.every(db, CLIENT)) == {"10001"}


def test_the_highest_number_is_that_of_the_allocated_ones_within_the_range(
    db: Connection, clock: Clock
) -> None:
    assert accounts.highest_allocated(db, CLIENT, 10000, 69999) is None
    give(db, clock, "p1", "10001")
    give(db, clock, "p2", "9999")
    give(db, clock, "p3", "70001", "payable")
    give(db, clock, "p4", "55000", origin="source")
    give(db, clock, "p5", "56000", origin="list")
    give(db, clock, "p6", "57000", name="elsewhere", client=OTHER)
    assert accounts.highest_allocated(db, CLIENT, 10000, 69999) == 10001
    assert accounts.highest_allocated(db, CLIENT, 10001, 10001) == 10001
    # As numbers, not as texts: 9999 is below 10001.
    assert accounts.highest_allocated(db, CLIENT, 1, 69999) == 10001


def test_numbers_that_were_brought_along_are_those_that_nobody_allocated(
    db: Connection, clock: Clock
) -> None:
    give(db, clock, "p1", "10001")
    give(db, clock, "p2", "55000", origin="source")
    give(db, clock, "p3", "56000", origin="list")
    give(db, clock, "p4", "57000", origin="list", name="elsewhere", client=OTHER)
    assert accounts.brought(db, CLIENT) == {"55000", "56000"}


def test_only_numbers_given_here_since_a_moment_are_surely_unused(db: Connection, clock: Clock) -> None:
    give(db, clock, "p1", "10001")
    since = clock.advance(60)
    give(db, clock, "p2", "10002")
    give(db, clock, "p3", "55000", origin="source")
    clock.advance(60)
    give(db, clock, "p4", "10004")
    wanted = ["10001", "10002", "10004", "55000"]
    assert accounts.allocated(db, CLIENT, wanted, since) == {"10002", "10004"}
    assert accounts.allocated(db, CLIENT, wanted, since + timedelta(seconds=1)) == {"10004"}
    assert accounts.allocated(db, OTHER, wanted, since) == set()
