"""OAuth tokens of a connection: renewed in time, by one at a time, the new ones committed first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec
from sqlalchemy import Connection

from mlconnector.errors import Broken, ConnectorError, NeedsLogin, RetryLater
from mlconnector.flow.context.leftovers import (
    Leftover,
    current_tokens,
    put_aside,
    put_login_aside,
    token_name,
    with_secrets,
)
from mlconnector.learnt_shapes import learnt
from mlconnector.store import connections, leases
from mlconnector.store.database import Database
from mlconnector.store.vault import Vault
from mlconnector.systems.kit.oauth import OAuthModel, Tokens

if TYPE_CHECKING:
    import httpx

    from mlconnector.systems.kit.http import Http

# Longer than two refreshes that both run into their timeouts: nobody else may use the same token meanwhile.
_LEASE_SECONDS = 120.0
_LONGEST_WAIT = 45.0
_local_locks: dict[tuple[str, str], threading.Lock] = {}
_registry_lock = threading.Lock()


class Means(Protocol):
    """What tokens are kept and renewed with, for any connection and system."""

    database: Database
    vault: Vault
    owner: str
    now: Callable[[], datetime]
    reached: Callable[[str], None]

    def refuse_while_disconnected(self, name: str) -> None:
        """Raise NeedsHuman for a connection that is disconnected."""

    def oauth(self, name: str, system: str) -> OAuthModel | None:
        """How a connection logs in to a system."""

    def secrets(self, name: str, system: str) -> dict[str, str]:
        """The unsealed credentials of a connection for a system."""

    def http(
        self,
        name: str,
        system: str,
        base_url: str,
        explain: Callable[[httpx.Response], ConnectorError | None],
    ) -> Http:
        """A client that is wired to the technical log."""


class StoredTokens:
    """Keeps the tokens of one connection and one system in the vault.

    A refresh token may be good for one use only, so refreshing takes a lock within the process and a
    lease in the database, reads again, and commits the new tokens before anybody uses them.
    """

    def __init__(self, means: Means, connection: str, system: str) -> None:
        self._means = means
        self._connection = connection
        self._system = system
        self._seen: Tokens | None = None
        with _registry_lock:
            self._local = _local_locks.setdefault((connection, system), threading.Lock())

    def current(self) -> Tokens:
        """Tokens that are good for a while, refreshed if need be; raises NeedsLogin."""
        tokens = self._seen or self._read()
        if self._is_fresh(tokens):
            self._seen = tokens
            return tokens
        return self._renew(tokens.access_token)

    def renewed(self, rejected: str) -> Tokens:
        """Other tokens than those with the access token `rejected`; raises NeedsLogin."""
        return self._renew(rejected)

    def take_over(self, db: Connection, tokens: Tokens) -> None:
        """Keep the tokens of a new login; those of another one that is still kept are put aside.

        Within the caller's transaction, which holds the connection.
        """
        put_login_aside(self._means.vault, db, self._connection, self._system)
        self._put(db, tokens)

    def amend(self, tokens: Tokens) -> None:
        """Keep more facts about the tokens of the present login; nothing where it is another by now."""
        self._exchange(tokens, tokens)

    def _exchange(self, old: Tokens, new: Tokens) -> bool:
        """Put new tokens in the place of old ones; False, and nothing changed, where others stand there."""
        with self._means.database.write() as db:
            connections.hold(db, self._connection)
            there = current_tokens(self._means.vault, db, self._connection, self._system)
            is_there = there is not None and there.refresh_token == old.refresh_token
            if is_there:
                self._put(db, new)
        if is_there:
            self._seen = new
        return is_there

    def _put(self, db: Connection, tokens: Tokens) -> None:
        text, name = msgspec.json.encode(tokens).decode(), token_name(self._system)
        self._means.vault.put_within(db, self._connection, name, text, tokens.refresh_expires_at)

    def _renew(self, outworn: str) -> Tokens:
        with self._local:
            lease = f"tokens:{self._connection}:{self._system}"
            self._acquire(lease)
            try:
                self._means.refuse_while_disconnected(self._connection)
                tokens = self._read()
                if tokens.access_token != outworn and self._is_fresh(tokens):
                    self._seen = tokens
                    return tokens
                secrets = self._secrets(tokens)
                renewed = self._refresh(tokens, secrets.secret)
                self._means.reached("refresh_answered")
                if self._exchange(tokens, renewed):
                    return renewed
                self._put_renewed_aside(secrets, renewed)
            finally:
                leases.release(self._means.database, lease, self._means.owner)
        # Meanwhile the login was ended, or another one took its place.
        return self.current()

    def _secrets(self, tokens: Tokens) -> Leftover:
        with self._means.database.read() as db:
            return with_secrets(self._means.vault, db, self._connection, self._system, tokens)

    def _put_renewed_aside(self, secrets: Leftover, renewed: Tokens) -> None:
        self._seen = None
        with self._means.database.write() as db:
            connections.hold(db, self._connection)
            left = msgspec.structs.replace(secrets, tokens=renewed)
            put_aside(self._means.vault, db, self._connection, self._system, left)

    def _refresh(self, tokens: Tokens, secret: str) -> Tokens:
        # Who renews no tokens need not wait for what speaks HTTP.
        from mlconnector.systems.kit.issuer import explain_token_answer, refresh  # noqa: PLC0415

        model = self._model()
        http = self._means.http(
            self._connection,
            self._system,
            model.token_url,
            lambda answer: explain_token_answer(self._system, answer),
        )
        try:
            return refresh(model, http, secret, tokens, self._means.now())
        except RetryLater as error:
            if not error.outcome_unknown:
                raise
            # Nobody knows whether the token was used up; asking once more either works or says so.
            return refresh(model, http, secret, tokens, self._means.now())
        finally:
            http.close()

    def _model(self) -> OAuthModel:
        model = self._means.oauth(self._connection, self._system)
        if model is None:
            raise Broken(f"{self._system} has no login, yet tokens were asked for")
        return model

    def _read(self) -> Tokens:
        text = self._means.vault.get(self._connection, token_name(self._system))
        if text is None:
            raise NeedsLogin(self._system, "nobody has logged in yet")
        return msgspec.json.decode(text, type=learnt(Tokens))

    def _is_fresh(self, tokens: Tokens) -> bool:
        margin = timedelta(seconds=self._model().margin)
        return tokens.expires_at - margin > self._means.now()

    def _acquire(self, lease: str) -> None:
        give_up = time.monotonic() + _LONGEST_WAIT
        while not leases.acquire(
            self._means.database, lease, self._means.owner, _LEASE_SECONDS, self._means.now()
        ):
            if time.monotonic() > give_up:
                raise RetryLater(f"another process renews the login to {self._system}", after=5.0)
            time.sleep(0.2)
