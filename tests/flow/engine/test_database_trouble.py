"""A database that is full, gone or new: work is put off, nothing is half written, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from mlconnector.app import opened
from mlconnector.errors import RetryLater
from mlconnector.flow.batches import notes
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.outcomes import outcome_of
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig, counted, settings_of


@contextmanager
def full_disk(rig: Rig) -> Iterator[None]:
    """SQLite may not make its file any larger, as on a disk without room."""
    engine = rig.app.database.engine

    def limit(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    def free(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1000000")

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(engine, "checkout", limit)
        event.listen(engine, "checkout", free)


@contextmanager
def unwritable_from(rig: Rig, point: str) -> Iterator[None]:
    """From this point of the way on nothing can be written, as on a disk that went wrong."""
    engine, usual = rig.app.database.engine, rig.services.reached

    def refuse(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only = 1")

    def reached(name: str) -> None:
        if name == point:
            event.listen(engine, "checkout", refuse)

    rig.services.reached = reached
    try:
        yield
    finally:
        rig.services.reached = usual
        event.remove(engine, "checkout", refuse)
        event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA query_only = 0"))


def test_a_full_disk_is_said_and_leaves_nothing_half_written(make_rig: MakeRig) -> None:
    rig = make_rig(6)
    run = rig.begin()
    before = rig.verdict()
    with full_disk(rig), pytest.raises(RetryLater, match="full"):
        rig.read(run)
    assert (rig.states(), rig.verdict()) == ({}, before)
    rig.work()
    assert rig.states() == {"needs_human": 1, "settled": 5}


@pytest.mark.parametrize("point", ["documents_sent", "batch_sent"])
def test_what_was_sent_but_could_not_be_noted_is_not_sent_twice(make_rig: MakeRig, point: str) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    with unwritable_from(rig, point), pytest.raises(RetryLater, match="readonly"):
        rig.deliver(batch)
    assert len(rig.outside.documents()) == 1
    rig.outside.clock.advance(60)
    rig.transfer()
    assert (len(rig.outside.documents()), len(rig.outside.jobs())) == (1, 1)
    assert set(counted(rig.outside.rows()).values()) == {1}
    assert rig.verdict().ok


def test_a_database_that_fails_while_a_receipt_is_noted_leads_to_adoption(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()

    def fail(*_: object) -> None:
        raise RetryLater("the database does not work at the moment")

    with monkeypatch.context() as patched:
        patched.setattr(notes, "handed_over", fail)
        with pytest.raises(RetryLater):
            rig.deliver(batch)
    rig.transfer()
    assert len(rig.outside.jobs()) == 1
    assert "adopted" in [event.detail.get("outcome") for event in rig.story(batch)]


def test_a_step_whose_end_cannot_be_noted_is_repeated_later(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)

    def fail(*_: object, **__: object) -> None:
        raise RetryLater("the database does not work at the moment")

    monkeypatch.setattr(type(rig.services.http_log), "flush", fail)
    done = outcome_of(rig.context, lambda: progress.Counted(3))
    assert done == {"outcome": "done", "taken": 3}, "only the technical log waits"

    def mistaken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mlconnector.store.connections.set_state", fail)
    assert outcome_of(rig.context, mistaken)["outcome"] == "later"


def test_lost_database_connections_are_replaced(make_postgres_rig: MakeRig) -> None:
    rig = make_postgres_rig(1)
    run = rig.begin()
    for step in (partial(rig.read, run), partial(rig.book, run), rig.freeze, rig.transfer):
        cut_others(rig)
        step()
    assert rig.states() == {"settled": 1}


def test_a_connection_that_is_cut_within_a_transaction_undoes_it(make_postgres_rig: MakeRig) -> None:
    rig = make_postgres_rig(1)
    before = rig.connection()

    def pause_with_a_cut_between() -> None:
        with rig.app.database.write() as db:
            db.execute(text("UPDATE connections SET state = 'paused'"))
            cut_others(rig)
            db.execute(text("UPDATE connections SET state_reason = 'half'"))

    with pytest.raises(RetryLater):
        pause_with_a_cut_between()
    assert rig.connection() == before


def cut_others(rig: Rig) -> None:
    """End all database connections of this rig but the one that says so."""
    with rig.app.database.write() as db:
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        db.execute(text(f"{ends} AND datname = current_database()"))


def test_a_database_out_of_reach_is_said_when_the_installation_is_opened(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(RetryLater, match="the database does not work"), opened(settings):
        raise AssertionError("it cannot be opened")
