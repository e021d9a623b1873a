"""The credential vault: secrets of connections, sealed, so that the database alone gives nothing away."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from mlconnector.store import audit
from mlconnector.store.database import Database
from mlconnector.store.seals import Envelope, MasterKeys, derived, rewrap, seal, unseal
from mlconnector.store.tables import credentials, pending_logins
from mlconnector.store.upsert import put_row

_TOKEN_DIGITS = 32


class Vault:
    """Keeps the credentials of connections; safe between threads and processes."""

    def __init__(self, database: Database, keys: MasterKeys, now: Callable[[], datetime]) -> None:
        self.database = database
        self.keys = keys
        self.now = now

    def tokens(self, purpose: str) -> tuple[str, ...]:
        """What nobody guesses and only the master keys make, for one purpose: of the current key first."""
        ids = [self.keys.current, *(one for one in self.keys.keys if one != self.keys.current)]
        return tuple(derived(self.keys, key_id, purpose).hex()[:_TOKEN_DIGITS] for key_id in ids)

    def put(self, connection: str, name: str, secret: str, expires_at: datetime | None = None) -> None:
        """Seal a secret and commit it; an older one of this name is gone afterwards."""
        with self.database.write() as transaction:
            self.put_within(transaction, connection, name, secret, expires_at)

    def put_within(
        self,
        transaction: Connection,
        connection: str,
        name: str,
        secret: str,
        expires_at: datetime | None = None,
    ) -> None:
        """As `put`, but together with what else the caller's transaction does."""
        length = audit.length(transaction)
        envelope = self.seal(secret.encode(), *_credential_place(connection, name, length))
        row = {
            "connection": connection,
            "name": name,
            "key_id": envelope.key_id,
            "wrapped_key": envelope.wrapped_key,
            "sealed": envelope.sealed,
            "expires_at": expires_at,
            "updated_at": self.now(),
            "trail_sequence": length,
        }
        put_row(transaction, credentials, row)

    def get(self, connection: str, name: str) -> str | None:
        """The secret, or None when there is none of this name.

        Raises NeedsHuman (`vault_key_unknown`, `vault_unreadable`) when it cannot be opened.
        """
        with self.database.read() as reading:
            return self.get_within(reading, connection, name)

    def get_within(self, reading: Connection, connection: str, name: str) -> str | None:
        """As `get`, but within the caller's transaction."""
        query = select(credentials).where(credentials.c.connection == connection, credentials.c.name == name)
        row = reading.execute(query).first()
        if row is None:
            return None
        envelope = Envelope(row.key_id, row.wrapped_key, row.sealed)
        return self.unseal(envelope, *_credential_place(connection, name, row.trail_sequence)).decode()

    def names(self, connection: str) -> list[str]:
        """The names of a connection's secrets, sorted."""
        with self.database.read() as reading:
            return self.names_within(reading, connection)

    def names_within(self, reading: Connection, connection: str) -> list[str]:
        """As `names`, but within the caller's transaction."""
        query = select(credentials.c.name).where(credentials.c.connection == connection)
        return sorted(reading.execute(query).scalars())

    def changed(self, connection: str, besides: Collection[str]) -> datetime | None:
        """When one of a connection's secrets was given last, those named `besides` left out."""
        query = select(func.max(credentials.c.updated_at)).where(
            credentials.c.connection == connection, credentials.c.name.not_in(besides)
        )
        with self.database.read() as reading:
            return reading.execute(query).scalar()

    def expires(self, connection: str, name: str) -> datetime | None:
        """When a secret ends; None when it does not, or when there is none of this name."""
        query = select(credentials.c.expires_at).where(
            credentials.c.connection == connection, credentials.c.name == name
        )
        with self.database.read() as reading:
            return reading.execute(query).scalar()

    def delete(self, connection: str, name: str) -> bool:
        """Forget a secret; whether there was one."""
        with self.database.write() as transaction:
            return self.delete_within(transaction, connection, name)

    def delete_within(self, transaction: Connection, connection: str, name: str) -> bool:
        """As `delete`, but together with what else the caller's transaction does."""
        gone = delete(credentials).where(credentials.c.connection == connection, credentials.c.name == name)
        return transaction.execute(gone).rowcount == 1

    def seal(self, content: bytes, *context: str) -> Envelope:
        """Seal bytes for the place that `context` names, for callers that keep the envelope themselves."""
        return seal(self.keys, content, *context)

    def unseal(self, envelope: Envelope, *context: str) -> bytes:
        """Open an envelope of `seal`; raises NeedsHuman as `get` does."""
        return unseal(self.keys, envelope, *context)

    def rotate(self) -> int:
        """Wrap everything under the current master key, all or nothing; how many envelopes changed.

        The head of the audit trail is sealed anew with it. Afterwards the older keys are not needed any more,
        once no process runs that still uses them.
        """
        with self.database.write() as transaction:
            count = self._rotate_credentials(transaction) + self._rotate_logins(transaction)
            audit.renew_seal(transaction)
            return count

    def _rotate_credentials(self, transaction: Connection) -> int:
        table = credentials.c
        older = select(credentials).where(table.key_id != self.keys.current).with_for_update()
        rows = transaction.execute(older).all()
        for row in rows:
            place = _credential_place(row.connection, row.name, row.trail_sequence)
            envelope = rewrap(self.keys, Envelope(row.key_id, row.wrapped_key, row.sealed), *place)
            transaction.execute(
                update(credentials)
                .where(table.connection == row.connection, table.name == row.name)
                .values(key_id=envelope.key_id, wrapped_key=envelope.wrapped_key)
            )
        return len(rows)

    def _rotate_logins(self, transaction: Connection) -> int:
        table = pending_logins.c
        older = select(pending_logins).where(table.key_id != self.keys.current).with_for_update()
        rows = transaction.execute(older).all()
        for row in rows:
            place = login_place(row.state_hash, row.connection, row.system)
            envelope = rewrap(self.keys, Envelope(row.key_id, row.wrapped_key, row.sealed), *place)
            transaction.execute(
                update(pending_logins)
                .where(table.state_hash == row.state_hash)
                .values(key_id=envelope.key_id, wrapped_key=envelope.wrapped_key)
            )
        return len(rows)


def _credential_place(connection: str, name: str, trail_length: int | None) -> tuple[str, ...]:
    """What the envelope of a credential is bound to; how long the trail was only since that is noted.

    Whoever sets the audit trail back cannot set this back with it, and the credential still be opened.
    """
    noted = () if trail_length is None else (f"trail {trail_length}",)
    return ("credential", connection, name, *noted)


def login_place(state_hash: str, connection: str, system: str) -> tuple[str, str, str, str]:
    """What the envelope of a pending login is bound to."""
    return ("login", state_hash, connection, system)
