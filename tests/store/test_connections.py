from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from mlconnector.errors import NeedsHuman
from mlconnector.store import connections
from mlconnector.store.database import Database
from tests.clock import Clock


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def test_a_connection_is_read_as_it_was_created(connected: Database, clock: Clock) -> None:
    with connected.read() as db:
        row = connections.read(db, "north")
    assert (row.name, row.source, row.client) == ("north", "pipedrive", "29098-55003")
    assert row.settings == "region = 'north'"
    assert (row.state, row.state_reason) == ("needs_login", "")
    assert row.created_at == row.updated_at == clock()


def test_a_name_is_taken_only_once(db: Connection, clock: Clock) -> None:
    with pytest.raises(NeedsHuman, match="connection_exists"):
        connections.create(db, "north", "cin7", "1-2", "", clock())
    assert connections.read(db, "north").source == "pipedrive"


def test_all_connections_are_listed_by_name(db: Connection, clock: Clock) -> None:
    connections.create(db, "Alpha", "cin7", "1-2", "", clock(), state="ready")
    assert [row.name for row in connections.every(db)] == ["Alpha", "north", "south"]


def test_an_unknown_connection_is_named_or_none(db: Connection, clock: Clock) -> None:
    assert connections.find(db, "west") is None
    for ask in (
        lambda: connections.read(db, "west"),
        lambda: connections.update(db, "west", "", clock()),
        lambda: connections.set_state(db, "west", "ready", "", clock()),
    ):
        with pytest.raises(NeedsHuman) as refused:
            ask()
        assert refused.value.problem.key == "connection_unknown"
        assert refused.value.problem.facts == {"name": "west"}


def test_settings_are_replaced_for_one_connection(db: Connection, clock: Clock) -> None:
    connections.update(db, "north", "region = 'other'", clock.advance(60))
    row = connections.read(db, "north")
    assert (row.settings, row.updated_at) == ("region = 'other'", clock())
    assert connections.read(db, "south").settings == "region = 'south'"


def test_a_state_says_whether_it_or_its_reason_changed(db: Connection, clock: Clock) -> None:
    assert connections.set_state(db, "north", "ready", "", clock.advance(1))
    assert not connections.set_state(db, "north", "ready", "", clock.advance(1))
    assert connections.set_state(db, "north", "degraded", "no webhooks", clock.advance(1))
    assert connections.set_state(db, "north", "degraded", "no answer", clock.advance(1))
    row = connections.read(db, "north")
    assert (row.state, row.state_reason, row.updated_at) == ("degraded", "no answer", clock())
    assert connections.read(db, "south").state == "needs_login"


def test_a_state_that_does_not_exist_is_refused_by_the_database(connected: Database, clock: Clock) -> None:
    unknown = cast("connections.ConnectionState", "broken")
    with pytest.raises(IntegrityError), connected.write() as transaction:
        connections.set_state(transaction, "north", unknown, "", clock())


def test_a_cursor_moves_for_one_connection(db: Connection, clock: Clock) -> None:
    assert connections.cursor(db, "north") is None
    connections.move_cursor(db, "north", "page-1", clock())
    connections.move_cursor(db, "north", "page-2", clock())
    assert connections.cursor(db, "north") == "page-2"
    assert connections.cursor(db, "south") is None


def test_what_was_remembered_is_recalled_for_one_connection(db: Connection) -> None:
    assert connections.recall(db, "north", "fields") is None
    connections.remember(db, "north", "fields", {"abc": ["Größe", 1, None]})
    connections.remember(db, "north", "fields", {"abc": ["Größe", 2, None]})
    assert connections.recall(db, "north", "fields") == {"abc": ["Größe", 2, None]}
    assert connections.recall(db, "south", "fields") is None


def test_a_connection_that_somebody_paused_stays_paused(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        connections.set_state(db, "north", "paused", "by hand", clock())
        assert not connections.set_state(db, "north", "ready", "", clock(), unless="paused")
        assert connections.set_state(db, "south", "ready", "", clock(), unless="paused")
        rows = {row.name: (row.state, row.state_reason) for row in connections.every(db)}
    assert rows == {"north": ("paused", "by hand"), "south": ("ready", "")}


def test_a_connection_is_released_once_and_the_first_one_stays_noted(db: Connection, clock: Clock) -> None:
    assert connections.read(db, "north").released_at is None
    first = clock()
    assert connections.release(db, "north", "Frau Beispiel", first)
    assert not connections.release(db, "north", "somebody else", clock.advance(60))
    row = connections.read(db, "north")
    assert (row.released_at, row.released_by) == (first, "Frau Beispiel")
    assert connections.read(db, "south").released_at is None


def test_a_release_can_be_taken_back(db: Connection, clock: Clock) -> None:
    assert not connections.withdraw_release(db, "north")
    connections.release(db, "north", "Frau Beispiel", clock())
    assert connections.withdraw_release(db, "north")
    row = connections.read(db, "north")
    assert (row.released_at, row.released_by) == (None, None)
