"""Pending logins: begun here, finished by the answer to the callback, usable once and not for long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from mlconnector.store.seals import Envelope
from mlconnector.store.tables import pending_logins
from mlconnector.store.vault import Vault, login_place

LIFETIME = timedelta(minutes=10)
# For so long it is still known whose login came too late.
_KNOWN_FOR = timedelta(days=1)
INVITATION = "invitation"
"""The system of a row that is no login, but lets somebody see a connection's page and begin one."""


@dataclass(frozen=True, slots=True)
class TakenLogin:
    """A login that came back: whose it is, what was kept for it (nothing for a late one), and since when."""

    connection: str
    system: str
    content: bytes
    begun_at: datetime
    late: bool = False


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
    table = pending_logins
    query = select(table).where(table.c.state_hash == _hash(key), table.c.system == INVITATION)
    with vault.database.read() as reading:
        row = reading.execute(query).first()
    if row is None or row.expires_at <= vault.now():
        return None
    vault.unseal(
        Envelope(row.key_id, row.wrapped_key, row.sealed),
        *login_place(row.state_hash, row.connection, row.system),
    )
    return str(row.connection)


def take(vault: Vault, state: str) -> TakenLogin | None:
    """The login of this `state`, once: it is gone when this returns, whatever becomes of it.

    None when it was never begun, was taken before, or expired long ago.
    Raises NeedsHuman (`vault_key_unknown`, `vault_unreadable`) when it cannot be opened.
    """
    table = pending_logins
    with vault.database.write() as transaction:
        mine = (table.c.state_hash == _hash(state), table.c.system != INVITATION)
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
