"""Pending logins: begun here, finished by the answer to the callback, usable once and not for long."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from mlconnector.store.seals import Envelope
from mlconnector.store.tables import pending_logins
from mlconnector.store.vault import Vault, login_place

LIFETIME = timedelta(minutes=10)
# For so long it is still known whose login came too late.
_KNOWN_FOR = timedelta(days=1)
INVITATION = "invitation"
"""The system of a row that is no login, but lets somebody see a connection's page and begin one."""
ADVISER_LINK = "adviser_link"
"""The same for a link that opens once, and begins a visit of the adviser."""
ADVISER_VISIT = "adviser_visit"
"""The same for such a visit, which goes on at one browser."""
_NO_LOGINS = (INVITATION, ADVISER_LINK, ADVISER_VISIT)


@dataclass(frozen=True, slots=True)
class TakenLogin:
    """A login that came back: whose it is, what was kept for it (nothing for a late one), and since when."""

    connection: str
    system: str
    content: bytes
    begun_at: datetime
    late: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What a key opens that is no login: for which connection, what was kept with it, until when.

    `mark` tells it apart, and opens nothing.
    """

    connection: str
    system: str
    content: bytes
    until: datetime
    mark: str


def begin(
    vault: Vault, connection: str, system: str, state: str, content: bytes, lifetime: timedelta = LIFETIME
) -> None:
    """Keep `content` sealed until the login with this `state` comes back, and commit it."""
    state_hash = _hash(state)
    envelope = vault.seal(content, *login_place(state_hash, connection, system))
    row = {
        "state_hash": state_hash,
        "connection": connection,
        "system": system,
        "key_id": envelope.key_id,
        "wrapped_key": envelope.wrapped_key,
        "sealed": envelope.sealed,
        "expires_at": vault.now() + lifetime,
    }
    with vault.database.write() as transaction:
        transaction.execute(insert(pending_logins), row)


def invitation(vault: Vault, key: str) -> str | None:
    """The connection that somebody was invited to with this key, as often as asked; None as `take` has it."""
    found = opened(vault, key, INVITATION)
    return None if found is None else found.connection


def opened(vault: Vault, key: str, system: str) -> Opened | None:
    """What a key opens that is no login, as often as asked; None where it was never given, or is over."""
    query = select(pending_logins).where(
        pending_logins.c.state_hash == _hash(key), pending_logins.c.system == system
    )
    with vault.database.read() as reading:
        row = reading.execute(query).first()
    return None if row is None or row.expires_at <= vault.now() else _opened(vault, row)


def take_key(vault: Vault, key: str, system: str) -> Opened | None:
    """The same, once: the key is worthless when this returns."""
    mine = (pending_logins.c.state_hash == _hash(key), pending_logins.c.system == system)
    with vault.database.write() as transaction:
        query = delete(pending_logins).where(*mine).returning(*pending_logins.c)
        row = transaction.execute(query).first()
    return None if row is None or row.expires_at <= vault.now() else _opened(vault, row)


def keys_of(vault: Vault, connection: str, systems: Sequence[str]) -> list[Opened]:
    """What keys open for a connection now, the soonest over first."""
    table = pending_logins
    mine = (table.c.connection == connection, table.c.system.in_(systems), table.c.expires_at > vault.now())
    with vault.database.read() as reading:
        rows = reading.execute(select(table).where(*mine).order_by(table.c.expires_at)).all()
    return [_opened(vault, row) for row in rows]


def end_key(transaction: Connection, connection: str, mark: str) -> bool:
    """Make one key of a connection worthless, by its mark; whether there was one."""
    mine = (pending_logins.c.connection == connection, pending_logins.c.state_hash == mark)
    is_key = pending_logins.c.system.in_(_NO_LOGINS)
    return transaction.execute(delete(pending_logins).where(*mine, is_key)).rowcount > 0


def _opened(vault: Vault, row: Row[Any]) -> Opened:
    envelope = Envelope(row.key_id, row.wrapped_key, row.sealed)
    content = vault.unseal(envelope, *login_place(row.state_hash, row.connection, row.system))
    return Opened(row.connection, row.system, content, row.expires_at, row.state_hash)


def take(vault: Vault, state: str) -> TakenLogin | None:
    """The login of this `state`, once: it is gone when this returns, whatever becomes of it.

    None when it was never begun, was taken before, or expired long ago.
    Raises NeedsHuman (`vault_key_unknown`, `vault_unreadable`) when it cannot be opened.
    """
    table = pending_logins
    with vault.database.write() as transaction:
        mine = (table.c.state_hash == _hash(state), table.c.system.not_in(_NO_LOGINS))
        found = delete(table).where(*mine).returning(*table.c)
        row = transaction.execute(found).first()
        purge(transaction, vault.now())
    if row is None:
        return None
    if row.expires_at <= vault.now():
        return TakenLogin(row.connection, row.system, b"", row.expires_at - LIFETIME, late=True)
    envelope = Envelope(row.key_id, row.wrapped_key, row.sealed)
    content = vault.unseal(envelope, *login_place(row.state_hash, row.connection, row.system))
    return TakenLogin(row.connection, row.system, content, row.expires_at - LIFETIME)


def forget(connection: Connection, name: str) -> int:
    """Make the links and the begun logins of a connection worthless; how many there were."""
    return connection.execute(delete(pending_logins).where(pending_logins.c.connection == name)).rowcount


def purge(connection: Connection, now: datetime) -> int:
    """Forget logins that expired a day ago; how many there were."""
    old = pending_logins.c.expires_at <= now - _KNOWN_FOR
    return connection.execute(delete(pending_logins).where(old)).rowcount


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
