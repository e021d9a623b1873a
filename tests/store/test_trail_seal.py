"""Whoever has the database, and not the master key, cannot shorten or rewrite the audit trail unseen."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from mlconnector.errors import NeedsHuman
from mlconnector.store import audit as trails
from mlconnector.store import connections
from mlconnector.store.audit import Anchor, AuditEvent, append, verify
from mlconnector.store.database import Database
from mlconnector.store.seals import MasterKeys
from mlconnector.store.tables import audit, audit_head, credentials
from mlconnector.store.trail_seal import TrailSeal
from mlconnector.store.vault import Vault
from tests.clock import Clock

OLD_KEY = f"old:{base64.b64encode(b'o' * 32).decode()}"
NEW_KEY = f"new:{base64.b64encode(b'n' * 32).decode()}"


def under(database: Database, text_of_keys: str) -> Database:
    """The same database, opened with other master keys."""
    return Database(database.engine, TrailSeal(MasterKeys.parse(text_of_keys)))


def told(database: Database, clock: Clock, count: int = 5) -> None:
    """Some connections, one after the other, each with its event."""
    for number in range(count):
        name = f"connection-{verify(database).rows + number}-{clock():%H%M%S}"
        with database.write() as db:
            connections.create(db, name, "pipedrive", "29098-55003", "", clock.advance(60))
            append(db, [AuditEvent(name, name, "connected", {"number": number})], clock())


@pytest.fixture
def trail(database: Database, clock: Clock) -> Database:
    """A database with five connections and their events."""
    told(database, clock)
    return database


def tamper(database: Database, change: Callable[[Connection], Any]) -> None:
    """What somebody with all rights in the database can do."""
    with database.write() as db:
        if db.dialect.name == "sqlite":
            for name in (
                db.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                db.execute(text(f"DROP TRIGGER {name}"))
        else:
            db.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        change(db)


def cut(rows: int) -> Callable[[Connection], Any]:
    """Remove the rows behind so many, and set the head back to the last that is left."""

    def change(db: Connection) -> None:
        db.execute(delete(audit).where(audit.c.sequence > rows))
        left = db.execute(select(audit.c.hash).where(audit.c.sequence == rows)).scalar() or "0" * 64
        db.execute(update(audit_head).values(sequence=rows, hash=left))

    return change


def rewrite(db: Connection) -> None:
    """Write a whole new trail by the rule that anybody can read, and a head that fits."""
    last = "0" * 64
    for row in db.execute(select(audit).order_by(audit.c.sequence)).all():
        values = [row.sequence, row.at, row.connection, row.subject, row.event, '{"number":99}']
        content = json.dumps(values, sort_keys=True, separators=(",", ":"))
        last = hashlib.sha256(f"{last}\n{content}".encode()).hexdigest()
        changed = update(audit).where(audit.c.sequence == row.sequence)
        db.execute(changed.values(detail='{"number":99}', hash=last))
    db.execute(update(audit_head).values(hash=last))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(cut(3), id="the tail cut and the head set back"),
        pytest.param(cut(0), id="everything deleted"),
        pytest.param(rewrite, id="everything written anew"),
    ],
)
def test_a_trail_changed_by_who_has_only_the_database_is_found(
    trail: Database, clock: Clock, change: Callable[[Connection], Any]
) -> None:
    tamper(trail, change)
    assert verify(trail).cause == "seal_not_ours"
    with pytest.raises(NeedsHuman, match="trail_not_ours"), trail.write() as db:
        append(db, [AuditEvent("north", "v", "e")], clock())


@pytest.mark.parametrize("rows", [0, 3])
def test_a_trail_without_its_seal_is_not_taken_for_a_new_or_an_old_one(
    trail: Database, clock: Clock, rows: int
) -> None:
    vault = Vault(trail, MasterKeys.parse(OLD_KEY), clock)
    with trail.read() as db:
        name = connections.every(db)[0].name
    vault.put(name, "api_token", "x")
    tamper(trail, cut(rows))
    tamper(trail, lambda db: db.execute(update(audit_head).values(seal="", key_id="")))
    trails.begin(trail, clock())
    assert not verify(trail).ok


def test_an_emptied_trail_is_found_without_any_credential(trail: Database, clock: Clock) -> None:
    tamper(trail, cut(0))
    tamper(trail, lambda db: db.execute(update(audit_head).values(seal="", key_id="")))
    trails.begin(trail, clock())
    assert not verify(trail).ok


def test_an_old_head_with_its_seal_is_found_by_what_the_trail_does_not_tell(
    trail: Database, clock: Clock
) -> None:
    with trail.read() as db:
        old = db.execute(select(audit_head)).one()._asdict()
    told(trail, clock, 2)

    def put_back(db: Connection) -> None:
        db.execute(delete(audit).where(audit.c.sequence > 5))
        db.execute(update(audit_head).values(old))

    tamper(trail, put_back)
    assert verify(trail).cause == "untold"


def test_an_old_head_with_its_seal_is_found_by_a_credential_sealed_later(
    trail: Database, clock: Clock
) -> None:
    with trail.read() as db:
        old = db.execute(select(audit_head)).one()._asdict()
        name = connections.every(db)[0].name
    with trail.write() as db:
        append(db, [AuditEvent(name, name, "settings_changed")], clock())
    vault = Vault(trail, MasterKeys.parse(OLD_KEY), clock)
    vault.put(name, "api_token", "x")

    def put_back(db: Connection) -> None:
        db.execute(delete(audit).where(audit.c.sequence > 5))
        db.execute(update(audit_head).values(old))

    tamper(trail, put_back)
    verdict = verify(trail)
    assert (verdict.cause, verdict.facts) == ("credential_is_newer", {"rows": "6"})
    tamper(trail, lambda db: db.execute(update(credentials).values(trail_sequence=5)))
    with pytest.raises(NeedsHuman, match="vault_unreadable"):
        vault.get(name, "api_token")


def test_an_old_head_with_its_seal_is_found_by_a_head_kept_elsewhere(trail: Database, clock: Clock) -> None:
    with trail.read() as db:
        old = db.execute(select(audit_head)).one()._asdict()
    with trail.write() as db:
        append(db, [AuditEvent("", "v", "e")], clock())
    kept = verify(trail).head
    assert verify(trail, [Anchor(kept), Anchor(old["hash"], 5)]).ok
    assert verify(trail, [Anchor(kept, 5)]).cause == "anchor_missing", "another place in the trail"

    def put_back(db: Connection) -> None:
        db.execute(delete(audit).where(audit.c.sequence > 5))
        db.execute(update(audit_head).values(old))

    tamper(trail, put_back)
    assert verify(trail).ok, "nothing inside tells of it: this is what heads are kept elsewhere for"
    verdict = verify(trail, [Anchor(kept, 6)])
    assert (verdict.cause, verdict.facts["row"]) == ("anchor_missing", "6")


def test_the_trail_of_a_version_without_seals_goes_on_sealed_from_a_noted_row(
    trail: Database, clock: Clock
) -> None:
    tamper(trail, lambda db: db.execute(update(audit_head).values(seal="", key_id="")))
    with pytest.raises(NeedsHuman, match="trail_not_ours"), trail.write() as db:
        append(db, [AuditEvent("north", "v", "e")], clock())
    trails.begin(trail, clock())
    verdict = verify(trail)
    assert (verdict.ok, verdict.rows) == (True, 6)
    assert [(row.sequence, row.detail) for row in verdict.sealed_anew] == [(6, {"rows": 5})]
    trails.begin(trail, clock())
    assert verify(trail).rows == 6


def test_the_trail_can_be_verified_and_goes_on_after_the_master_key_was_changed(
    database: Database, clock: Clock
) -> None:
    tamper(database, lambda db: db.execute(update(audit_head).values(seal="", key_id="")))
    old, both, new = (under(database, keys) for keys in (OLD_KEY, f"{NEW_KEY},{OLD_KEY}", NEW_KEY))
    trails.begin(old, clock())
    told(old, clock, 2)
    assert verify(both).ok
    with pytest.raises(NeedsHuman, match="trail_key_unknown"):
        verify(new)
    Vault(both, MasterKeys.parse(f"{NEW_KEY},{OLD_KEY}"), clock).rotate()
    told(new, clock, 2)
    assert (verify(new).ok, verify(new).rows) == (True, 4)


def test_changing_the_master_key_does_not_seal_a_trail_that_was_tampered_with(
    trail: Database, clock: Clock
) -> None:
    tamper(trail, rewrite)
    with pytest.raises(NeedsHuman, match="trail_not_ours"):
        Vault(trail, MasterKeys.parse(OLD_KEY), clock).rotate()


def test_a_person_lets_a_trail_go_on_whose_key_was_lost_and_the_trail_says_so(
    trail: Database, clock: Clock
) -> None:
    other = under(trail, NEW_KEY)
    assert not trails.is_sealed(other)
    trails.seal_anew(other, clock(), "the key was lost", "A. Admin")
    assert trails.is_sealed(other)
    verdict = verify(other)
    assert verdict.ok
    (row,) = verdict.sealed_anew
    assert row.detail == {"rows": 5, "reason": "the key was lost", "by": "A. Admin"}


def test_what_was_broken_stays_broken_after_a_person_let_the_trail_go_on(
    trail: Database, clock: Clock
) -> None:
    tamper(trail, lambda db: db.execute(delete(audit).where(audit.c.sequence == 2)))
    tamper(trail, lambda db: db.execute(delete(audit_head)))
    trails.seal_anew(trail, clock(), "looked into", "A. Admin")
    told(trail, clock, 1)
    assert (verify(trail).ok, verify(trail).first_broken) == (False, 2)


def test_the_key_of_seals_is_not_the_master_key_itself(trail: Database) -> None:
    head = trails.head(trail)
    assert head is not None
    seal = TrailSeal(MasterKeys.parse(OLD_KEY))
    assert seal.holds(seal.sealed(3, head.hash))
    assert "b'ooo" not in repr(seal)
    made = seal.sealed(3, head.hash)
    content = json.dumps(["old", 3, head.hash]).encode()
    assert made.seal != hashlib.sha256(b"o" * 32 + content).hexdigest()
    for other in (seal.sealed(4, head.hash), seal.sealed(3, "f" * 64)):
        assert other.seal != made.seal


def test_a_row_put_in_the_place_of_the_head_does_not_help(trail: Database) -> None:
    tamper(trail, lambda db: db.execute(delete(audit_head)))
    values = {"id": 1, "sequence": 5, "hash": verify(trail).head, "key_id": "x", "seal": "0" * 64}
    tamper(trail, lambda db: db.execute(insert(audit_head).values(values)))
    with pytest.raises(NeedsHuman, match="trail_key_unknown"):
        verify(trail)
