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
from mlconnector.flow import deliver, progress
from mlconnector.flow.outcomes import outcome_of
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, Rig, counted, settings_of


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


def fill_free_pages(rig: Rig) -> None:
    """Use up what is left in the pages that SQLite has already."""
    with full_disk(rig):
        for size in (100_000, 1_000, 10):
            for number in range(1000):
                try:
                    with rig.app.database.write() as db:
                        db.execute(text("CREATE TABLE IF NOT EXISTS filling (id TEXT, content TEXT)"))
                        row = {"id": f"{size}/{number}", "content": "x" * size}
                        db.execute(text("INSERT INTO filling VALUES (:id, :content)"), row)
                except RetryLater:
                    break


def test_a_full_disk_is_said_and_leaves_nothing_half_written(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    run = rig.begin()
    before = rig.verdict()
    fill_free_pages(rig)
    with full_disk(rig), pytest.raises(RetryLater, match="full"):
        rig.read(run)
    assert (rig.states(), rig.verdict()) == ({}, before)
    rig.work()
    assert rig.states() == {"settled": 3}


def test_a_disk_that_is_full_after_everything_was_sent_makes_nothing_be_sent_twice(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    fill_free_pages(rig)
    with full_disk(rig), pytest.raises(RetryLater, match="full"):
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
        patched.setattr(deliver, "_note_receipt", fail)
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
    done = outcome_of(rig.services, rig.name, partial(progress.as_outcome, lambda: 3))
    assert done == {"outcome": "done", "taken": 3}, "only the technical log waits"

    def mistaken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mlconnector.store.connections.set_state", fail)
    assert outcome_of(rig.services, rig.name, mistaken)["outcome"] == "later"


def test_lost_database_connections_are_replaced(make_postgres_rig: MakeRig) -> None:
    rig = make_postgres_rig(1)
    run = rig.begin()
    for step in (partial(rig.read, run), partial(rig.book, run), rig.freeze, rig.transfer):
        with rig.app.database.write() as db:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            db.execute(text(f"{others} AND datname = current_database()"))
        step()
    assert rig.states() == {"settled": 1}


def test_a_connection_that_is_cut_within_a_transaction_undoes_it(make_postgres_rig: MakeRig) -> None:
    rig = make_postgres_rig(1)
    before = rig.connection()
    with pytest.raises(RetryLater), rig.app.database.write() as db:
        db.execute(text("UPDATE connections SET state = 'paused'"))
        with rig.app.database.write() as other:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            other.execute(text(f"{others} AND datname = current_database()"))
        db.execute(text("UPDATE connections SET state_reason = 'half'"))
    assert rig.connection() == before


def test_a_database_out_of_reach_is_said_when_the_installation_is_opened(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(RetryLater, match="the database does not work"), opened(settings):
        raise AssertionError("it cannot be opened")
