"""What the durable steps work with: the database, the vault, the clock, and connected systems."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.context import rate_files
from mlconnector.flow.context.agreed import read_agreed, stamp
from mlconnector.flow.context.call_budget import StoredBudget
from mlconnector.flow.context.kept_sums import KeptSums
from mlconnector.flow.context.leftovers import token_name
from mlconnector.flow.context.reach import Reach
from mlconnector.flow.context.settings import ConnectionSettings, read_connection
from mlconnector.flow.context.stopping import Stopping
from mlconnector.flow.context.tokens import StoredTokens
from mlconnector.mapping.rules import Rules
from mlconnector.model.problems import Problem
from mlconnector.settings import Settings, UnreadableSettings
from mlconnector.store import connections
from mlconnector.store.database import Database
from mlconnector.store.httplog import HttpLog
from mlconnector.store.vault import Vault
from mlconnector.systems.kit.exchanges import Exchange
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel
from mlconnector.systems.kit.pacing import Patience, Waiting
from mlconnector.systems.registry import secrecies, sink_systems
from mlconnector.systems.sink import Sink, SinkContext
from mlconnector.systems.source import Source, SourceContext

if TYPE_CHECKING:
    import httpx

    from mlconnector.systems.kit.http import Http
    from mlconnector.systems.transfers import ClientFacts

# Seconds after which another process may have changed the settings or given other credentials.
STORED_SETTINGS_REFUSED = "stored_settings_refused"

_SETTINGS_ARE_GOOD_FOR = 1.0
_FACTS_ARE_GOOD_FOR = timedelta(minutes=10)
# Seconds after which no request is under way any more that began with settings which have changed since.
_STILL_IN_USE_FOR = 900.0


@dataclass
class _Open:
    """Systems that are connected at the moment, for one state of a connection's settings and credentials.

    Its two locks are held while another system is asked, so that it is asked once. They are never taken
    under the lock of the services, or a webhook would wait for another system; and they are two because
    asking for facts may renew tokens, which asks for the model.
    """

    settings: ConnectionSettings
    is_disconnected: bool
    credentials_of: datetime | None
    agreed_of: Any
    looked_at: float = 0.0
    source: Source | None = None
    sink: Sink | None = None
    facts: ClientFacts | None = None
    facts_until: datetime | None = None
    models: dict[str, OAuthModel | None] = field(default_factory=dict)
    asking_facts: threading.Lock = field(default_factory=threading.Lock)
    asking_model: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Close the systems' connections."""
        for system in (self.source, self.sink):
            if system is not None:
                system.close()


class Services:
    """Everything that flows need; made by the application, shared by all threads of a process."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        vault: Vault,
        http_log: HttpLog,
        *,
        owner: str,
        now: Callable[[], datetime],
        reached: Callable[[str], None],
    ) -> None:
        self.settings = settings
        self.database = database
        self.vault = vault
        self.http_log = http_log
        self.owner = owner
        self.now = now
        self.reached = reached
        self.stopping = Stopping()
        self.reach = Reach(now)
        self.sums = KeptSums()
        # Connections of which the sink has just refused a request.
        self.refused: set[str] = set()
        # Since when, by the monotonic clock, our own database cannot be written to, and why.
        self.trouble: tuple[float, str] | None = None
        self._open: dict[str, _Open] = {}
        self._retired: list[tuple[float, _Open]] = []
        self._lock = threading.RLock()

    def connection(self, name: str) -> ConnectionSettings:
        """A connection's settings. Raises NeedsHuman where there are none, or they are refused by now."""
        return self._entry(name).settings

    def read(self, text: str, where: str) -> ConnectionSettings:
        """A connection's text, checked with what was agreed for its client. Raises UnreadableSettings."""
        with self.database.read() as db:
            rates = rate_files.read_rate_files(self.settings)
            return read_connection(text, where, lambda client: read_agreed(db, client, rates))

    def rules(self, name: str) -> Rules:
        """The rules agreed for a connection."""
        return self.connection(name).rules

    def source(self, name: str) -> Source:
        """The connection's source account. Raises NeedsHuman for a connection that is disconnected."""
        with self._lock:
            entry = self._connected(name)
            if entry.source is None:
                entry.source = entry.settings.source_system.open(self.source_context(name))
            return entry.source

    def source_context(self, name: str) -> SourceContext:
        """What the connection's source may touch of the outside."""
        settings = self.connection(name)
        return SourceContext(
            settings=settings.source,
            secrets=self.secrets(name, settings.source_system.name),
            tokens=self.tokens(name, settings.source_system.name),
            http=self.http_factory(name),
            memory=_StoredMemory(self.database, name),
            now=self.now,
            budget=StoredBudget(self.database, self.now),
        )

    def record_address(self, name: str) -> Callable[[str], str]:
        """Says by its external id where people see a record of the connection; empty where nobody knows."""
        settings, memory = self.connection(name), _StoredMemory(self.database, name)
        address = settings.source_system.record_address
        if address is None:
            return lambda _external_id: ""
        return partial(address, settings.source, memory)

    def sink(self, name: str) -> Sink:
        """The connected client of the books. Raises NeedsHuman for a connection that is disconnected."""
        with self._lock:
            entry = self._connected(name)
            if entry.sink is None:
                settings = entry.settings
                entry.sink = settings.sink_system.open(
                    SinkContext(
                        settings=settings.sink,
                        secrets=self.secrets(name, settings.sink_system.name),
                        tokens=self.tokens(name, settings.sink_system.name),
                        http=self.http_factory(name),
                        account_length=settings.rules.books.account_length,
                        ledgers=settings.rules.mapping.ledgers,
                        today=lambda: self.now().date(),
                    )
                )
            return entry.sink

    def client_facts(self, name: str) -> ClientFacts:
        """What the sink says of the client: permission checked, read once for a run, kept for ten minutes."""
        entry = self._entry(name)
        with entry.asking_facts:
            if entry.facts is None or entry.facts_until is None or entry.facts_until < self.now():
                entry.facts = self.sink(name).client_facts()
                entry.facts_until = self.now() + _FACTS_ARE_GOOD_FOR
            return entry.facts

    def has_facts(self, name: str) -> bool:
        """Whether the sink has told what it says of the client since the run began."""
        return self._entry(name).facts is not None

    def forget_facts(self, name: str) -> None:
        """Read settings and the client's facts anew the next time: when a run begins, and after a refusal."""
        with self._lock:
            entry = self._entry(name)
            entry.facts, entry.looked_at = None, 0.0

    def tokens(self, name: str, system: str) -> StoredTokens:
        """The keeper of the OAuth tokens that a connection has for a system."""
        return StoredTokens(self, name, system)

    def oauth(self, name: str, system: str) -> OAuthModel | None:
        """How a connection logs in to a system; None when it does not need to."""
        entry = self._entry(name)
        with entry.asking_model:
            if system not in entry.models:
                settings, http = entry.settings, self.http_factory(name)
                entry.models[system] = (
                    settings.sink_system.oauth(settings.sink, http)
                    if system == settings.sink_system.name
                    else settings.source_system.oauth(settings.source, http)
                )
            return entry.models[system]

    def http_factory(self, name: str) -> HttpFactory:
        """Makes clients that are wired to the technical log under the connection's name."""
        return self.http_factory_of(self.connection(name))

    def http_factory_of(self, settings: ConnectionSettings, patience: Patience | None = None) -> HttpFactory:
        """The same for a connection that need not be stored yet."""
        return _LoggedHttp(self, settings, patience)

    def http(
        self,
        name: str,
        system: str,
        base_url: str,
        explain: Callable[[httpx.Response], ConnectorError | None],
    ) -> Http:
        """A client that is wired to the technical log."""
        return self.http_factory(name)(system, base_url, explain=explain)

    def secrets(self, name: str, system: str) -> dict[str, str]:
        """The unsealed credentials of a system, by name; those not given yet are left out."""
        wanted = self.connection(name).secrets[system]
        found = {secret: self.vault.get(name, f"{system}.{secret}") for secret in wanted}
        return {secret: value for secret, value in found.items() if value is not None}

    def _stored(self, name: str, text: str) -> ConnectionSettings:
        """Settings that were taken once: another version, or another chart, may refuse them."""
        try:
            return self.read(text, f"settings of {name}")
        except UnreadableSettings as error:
            raise NeedsHuman(
                Problem(STORED_SETTINGS_REFUSED, {"name": name, "reason": str(error)})
            ) from error

    def forget(self, name: str) -> None:
        """Let go of a connection's systems, so that new settings or credentials take effect.

        Other threads may be in the middle of a request, so what was let go of is closed a while later.
        """
        now = time.monotonic()
        with self._lock:
            entry = self._open.pop(name, None)
            if entry is not None:
                self._retired.append((now, entry))
            worn_out = [one for since, one in self._retired if now - since > _STILL_IN_USE_FOR]
            self._retired = [(since, one) for since, one in self._retired if now - since <= _STILL_IN_USE_FOR]
        for one in worn_out:
            one.close()

    def forget_client(self, client: str) -> None:
        """Let go of the systems of all connections of a client, whose agreements have changed."""
        with self.database.read() as db:
            names = [row.name for row in connections.every(db) if row.client == client]
        for name in names:
            self.forget(name)

    def close(self) -> None:
        """Close everything that is open."""
        with self._lock:
            entries = [*self._open.values(), *(entry for _, entry in self._retired)]
            self._open, self._retired = {}, []
        for entry in entries:
            entry.close()
        try:
            self.http_log.flush()
            for name in self.reach.names():
                self.reach.store(self.database, name, waits=False)
        finally:
            self.database.close()

    def refuse_while_disconnected(self, name: str) -> None:
        """Raise NeedsHuman (`disconnected`) for a connection that is disconnected."""
        with self.database.read() as db:
            if connections.read(db, name).is_disconnected:
                raise NeedsHuman(disconnected(name))

    def disconnected_in_use(self) -> list[str]:
        """The disconnected ones among the connections that this process has just asked for, by name."""
        with self._lock:
            return sorted(name for name, entry in self._open.items() if entry.is_disconnected)

    def _connected(self, name: str) -> _Open:
        entry = self._entry(name)
        if entry.is_disconnected:
            raise NeedsHuman(disconnected(name))
        return entry

    def _entry(self, name: str) -> _Open:
        with self._lock:
            entry = self._open.get(name)
            if entry is not None and time.monotonic() - entry.looked_at < _SETTINGS_ARE_GOOD_FOR:
                return entry
            with self.database.read() as db:
                row = connections.read(db, name)
                agreed_of = stamp(db, row.client), rate_files.stamp(self.settings)
            keys = [token_name(system) for system in (row.source, *sink_systems())]
            credentials_of = self.vault.changed(name, keys)
            known = None if entry is None else (entry.settings.text, entry.credentials_of, entry.agreed_of)
            if entry is None or known != (row.settings, credentials_of, agreed_of):
                self.forget(name)
                settings = self._stored(name, row.settings)
                entry = _Open(settings, row.is_disconnected, credentials_of, agreed_of)
                self._open[name] = entry
            entry.is_disconnected = row.is_disconnected
            entry.looked_at = time.monotonic()
            return entry


def disconnected(name: str) -> Problem:
    """Why nothing is asked for a connection that is disconnected, and what to do."""
    return Problem("disconnected", {"name": name})


class _StoredMemory:
    """A source's memory in the database."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def recall(self, key: str) -> Any:
        with self._database.read() as db:
            return connections.recall(db, self._name, key)

    def remember(self, key: str, value: Any) -> None:
        with self._database.write() as db:
            connections.remember(db, self._name, key, value)


class _LoggedHttp:
    """Makes HTTP clients whose exchanges go to the technical log under the connection's name."""

    def __init__(self, services: Services, settings: ConnectionSettings, patience: Patience | None) -> None:
        self._services = services
        self._patience = patience
        self._settings = settings
        self._name = settings.name
        self._sink = settings.sink_system.name

    def write(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self._services.http_log.write(self._name, exchange)
        self._services.reach.note(self._name, exchange)
        if exchange.system == self._sink and exchange.status is not None and 400 <= exchange.status < 500:
            self._services.refused.add(self._name)

    def __call__(
        self,
        system: str,
        base_url: str,
        *,
        explain: Callable[[httpx.Response], ConnectorError | None],
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        before_call: Callable[[], float] | None = None,
        after_answer: Callable[[httpx.Response], float] | None = None,
    ) -> Http:
        """A client of `system` at `base_url`."""
        # Who asks no system anything need not wait for what speaks HTTP.
        from mlconnector.systems.kit.http import Http  # noqa: PLC0415

        stopping = self._services.stopping
        return Http(
            system,
            base_url,
            log=self,
            explain=explain,
            auth=auth,
            headers=headers,
            timeout=timeout,
            before_call=before_call,
            after_answer=after_answer,
            patience=self._patience,
            waiting=Waiting(sleep=stopping.doze, over=lambda: stopping.over),
            secrecy=secrecies()[system],
            setting_of=self._settings.setting_of,
        )
