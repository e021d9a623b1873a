from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.store.audit import AuditEvent, append, story, verify
from mlconnector.store.database import Database
from mlconnector.store.tables import audit, audit_head
from tests.clock import Clock


def event(number: int) -> AuditEvent:
    return AuditEvent("north", f"voucher-{number % 3}", "received", {"number": number, "name": "Müller\0"})


@pytest.fixture
def trail(database: Database, clock: Clock) -> Database:
    """A database with ten audited events."""
    with database.write() as transaction:
        append(transaction, [event(number) for number in range(1, 6)], clock())
    with database.write() as transaction:
        append(transaction, [event(number) for number in range(6, 11)], clock.advance(60))
    return database


def tamper(database: Database, change: Callable[[Connection], Any]) -> None:
    """What somebody with all rights in the database can do: switch off the triggers, change, switch on."""
    with database.write() as transaction:
        if transaction.dialect.name == "sqlite":
            names = transaction.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                transaction.execute(text(f"DROP TRIGGER {name}"))
        else:
            transaction.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        change(transaction)


def set_row(sequence: int, **values: Any) -> Callable[[Connection], Any]:
    return lambda db: db.execute(update(audit).where(audit.c.sequence == sequence).values(**values))


def remove_row(sequence: int) -> Callable[[Connection], Any]:
    return lambda db: db.execute(delete(audit).where(audit.c.sequence == sequence))


def copy_row(sequence: int, to: int) -> Callable[[Connection], Any]:
    def change(db: Connection) -> None:
        row = db.execute(select(audit).where(audit.c.sequence == sequence)).one()._asdict()
        db.execute(insert(audit), {**row, "sequence": to})

    return change


def swap_rows(one: int, two: int) -> Callable[[Connection], Any]:
    def change(db: Connection) -> None:
        for old, new in ((one, 1000), (two, one), (1000, two)):
            db.execute(update(audit).where(audit.c.sequence == old).values(sequence=new))

    return change


def remove_and_close_up(sequence: int) -> Callable[[Connection], Any]:
    def change(db: Connection) -> None:
        remove_row(sequence)(db)
        for later in range(sequence + 1, 11):
            db.execute(update(audit).where(audit.c.sequence == later).values(sequence=later - 1))

    return change


def set_head(**values: Any) -> Callable[[Connection], Any]:
    return lambda db: db.execute(update(audit_head).values(**values))


def test_a_trail_that_nobody_touched_is_whole(trail: Database) -> None:
    verdict = verify(trail)
    assert (verdict.ok, verdict.rows, verdict.first_broken, verdict.cause) == (True, 10, None, "")


def test_an_empty_trail_is_whole(database: Database) -> None:
    verdict = verify(database)
    assert (verdict.ok, verdict.rows, verdict.head) == (True, 0, "0" * 64)


def test_the_hash_of_a_row_follows_from_the_documented_rule(database: Database) -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    with database.write() as transaction:
        append(transaction, [AuditEvent("north", "v1", "received", {"b": 1, "a": "ü"})], at)
    row = (
        r'[1,"2026-03-02T09:30:00.000000+00:00","north","v1","received",'
        r'"{\"a\":\"\\u00fc\",\"b\":1}"]'
    )
    assert verify(database).head == hashlib.sha256(f"{'0' * 64}\n{row}".encode()).hexdigest()


def test_the_verdict_carries_the_last_hash(trail: Database) -> None:
    with trail.read() as connection:
        assert verify(trail).head == connection.execute(select(audit_head.c.hash)).scalar_one()


@pytest.mark.parametrize(
    ("change", "first_broken", "cause"),
    [
        pytest.param(set_row(4, detail='{"number":5}'), 4, "changed", id="changed detail"),
        pytest.param(set_row(4, at="2026-03-02T09:30:01+00:00"), 4, "changed", id="changed time"),
        pytest.param(set_row(4, connection="south"), 4, "changed", id="changed connection"),
        pytest.param(set_row(4, subject="another"), 4, "changed", id="changed subject"),
        pytest.param(set_row(4, event="settled"), 4, "changed", id="changed event"),
        pytest.param(set_row(4, hash="f" * 64), 4, "changed", id="changed hash"),
        pytest.param(set_row(10, event="settled"), 10, "changed", id="changed last row"),
        pytest.param(remove_row(1), 1, "missing", id="first row removed"),
        pytest.param(remove_row(5), 5, "missing", id="row removed"),
        pytest.param(remove_row(10), 10, "end_missing", id="last row removed"),
        pytest.param(remove_and_close_up(5), 5, "changed", id="row removed and gap closed"),
        pytest.param(lambda db: db.execute(delete(audit)), 1, "end_missing", id="all rows removed"),
        pytest.param(copy_row(10, 11), 11, "changed", id="row added at the end"),
        pytest.param(copy_row(5, 0), 0, "out_of_order", id="row added at the beginning"),
        pytest.param(copy_row(5, 20), 11, "missing", id="row added far behind"),
        pytest.param(swap_rows(4, 5), 4, "changed", id="rows exchanged"),
        pytest.param(set_head(hash="f" * 64), 10, "head_differs", id="wrong head hash"),
        pytest.param(set_head(sequence=9), 10, "behind_head", id="head before the last row"),
        pytest.param(set_head(sequence=12), 11, "end_missing", id="head behind the last row"),
        pytest.param(lambda db: db.execute(delete(audit_head)), 11, "head_missing", id="head removed"),
    ],
)
def test_tampering_is_found_where_it_happened(
    trail: Database, change: Callable[[Connection], Any], first_broken: int, cause: str
) -> None:
    tamper(trail, change)
    verdict = verify(trail)
    assert not verdict.ok
    assert verdict.first_broken == first_broken
    assert verdict.cause == cause


@pytest.mark.parametrize(
    "change",
    [
        set_row(4, event="settled"),
        remove_row(4),
        lambda db: db.execute(delete(audit)),
    ],
)
def test_the_database_refuses_to_change_or_remove_rows(
    trail: Database, change: Callable[[Connection], Any]
) -> None:
    with pytest.raises(DBAPIError, match="append-only"), trail.write() as transaction:
        change(transaction)
    assert verify(trail).ok


def test_the_database_refuses_to_replace_or_truncate_rows(trail: Database, backend: str) -> None:
    if backend == "sqlite":
        statement = "INSERT OR REPLACE INTO audit SELECT sequence, at, '', '', '', '', hash FROM audit"
    else:
        statement = "TRUNCATE audit"
    with pytest.raises(DBAPIError, match="append-only"), trail.write() as transaction:
        transaction.execute(text(statement))
    assert verify(trail).ok


def test_a_story_is_told_in_order_and_of_its_subjects_only(trail: Database, clock: Clock) -> None:
    with trail.read() as connection:
        rows = story(connection, ["voucher-1", "voucher-0", "unknown", "voucher-1"])
    assert [row.sequence for row in rows] == [1, 3, 4, 6, 7, 9, 10]
    assert rows[-1].at == clock()
    assert rows[-1].at.tzinfo is not None
    assert rows[-1].detail == {"number": 10, "name": "Müller\0"}
    assert (rows[0].connection, rows[0].subject, rows[0].event) == ("north", "voucher-1", "received")


def test_what_was_appended_in_a_transaction_that_failed_leaves_no_gap(trail: Database, clock: Clock) -> None:
    def fail_half_way() -> None:
        with trail.write() as transaction:
            append(transaction, [event(11)], clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with trail.write() as transaction:
        append(transaction, [event(11)], clock())
    verdict = verify(trail)
    assert (verdict.ok, verdict.rows) == (True, 11)


def test_appending_nothing_changes_nothing(trail: Database, clock: Clock) -> None:
    with trail.write() as transaction:
        append(transaction, [], clock())
    assert verify(trail).rows == 10


def test_threads_that_append_at_once_make_one_whole_chain(database: Database, clock: Clock) -> None:
    def work(worker: int) -> None:
        for turn in range(5):
            with database.write() as transaction:
                events = [
                    AuditEvent("north", f"worker-{worker}", "turn", {"n": turn * 2 + i}) for i in (0, 1)
                ]
                append(transaction, events, clock())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    verdict = verify(database)
    assert (verdict.ok, verdict.rows) == (True, 60)
    with database.read() as connection:
        numbers = [row.detail["n"] for row in story(connection, ["worker-3"])]
    assert numbers == list(range(10))


def test_a_trail_is_verified_while_others_append(trail: Database, clock: Clock) -> None:
    with trail.write() as transaction:
        append(transaction, [event(11)], clock())
        verdict = verify(trail)
    assert (verdict.ok, verdict.rows) == (True, 10)


@pytest.mark.parametrize(
    "detail",
    [
        {"access_token": "x"},
        {"Authorization": "x"},
        {"client-secret": "x"},
        {"answer": {"headers": [{"API_KEY": "x"}]}},
        {"Passwort": "x"},
    ],
)
def test_details_named_like_secrets_are_refused(
    database: Database, clock: Clock, detail: dict[str, Any]
) -> None:
    with pytest.raises(Broken, match="named like a secret"), database.write() as transaction:
        append(transaction, [event(1), AuditEvent("north", "v", "e", detail)], clock())
    assert verify(database).rows == 0


@pytest.mark.parametrize("detail", [{"amount": object()}, {"share": float("nan")}])
def test_details_that_are_not_json_are_refused(
    database: Database, clock: Clock, detail: dict[str, Any]
) -> None:
    with pytest.raises(Broken, match="not JSON"), database.write() as transaction:
        append(transaction, [AuditEvent("north", "v", "e", detail)], clock())


def test_nothing_is_appended_without_a_head(trail: Database, clock: Clock) -> None:
    tamper(trail, lambda db: db.execute(delete(audit_head)))
    with pytest.raises(NeedsHuman, match="trail_not_ours"), trail.write() as transaction:
        append(transaction, [event(11)], clock())
