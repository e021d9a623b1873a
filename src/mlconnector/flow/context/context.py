"""The context of a connection at work: what every step of its way needs, under the connection's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from mlconnector.errors import ConnectorError
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.flow.context.tokens import StoredTokens
from mlconnector.mapping.rules import Rules
from mlconnector.model.problems import Problem
from mlconnector.store.audit import AuditEvent
from mlconnector.store.database import Database
from mlconnector.store.httplog import HttpLog
from mlconnector.store.vault import Vault
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel
from mlconnector.systems.sink import Sink
from mlconnector.systems.source import Source, SourceContext

if TYPE_CHECKING:
    import httpx

    from mlconnector.systems.kit.http import Http
    from mlconnector.systems.transfers import ClientFacts


@dataclass(frozen=True, slots=True)
class Context:
    """A connection by its name, with its settings, rules, source, sink and clock.

    Nothing is read before it is asked for, and everything as it is at that moment; for a name that no
    connection has, asking raises NeedsHuman.
    """

    services: Services
    name: str

    @property
    def settings(self) -> ConnectionSettings:
        """The connection's settings."""
        return self.services.connection(self.name)

    @property
    def rules(self) -> Rules:
        """The rules agreed for the connection."""
        return self.services.rules(self.name)

    @property
    def client(self) -> str:
        """The client (Mandant) whose books the connection serves."""
        return self.settings.client

    @property
    def source(self) -> Source:
        """The connected source account."""
        return self.services.source(self.name)

    @property
    def sink(self) -> Sink:
        """The connected client of the books."""
        return self.services.sink(self.name)

    @property
    def facts(self) -> ClientFacts:
        """What the sink says of the client; it is asked once for each run. Raises one of the four errors."""
        return self.services.client_facts(self.name)

    @property
    def has_facts(self) -> bool:
        """Whether the sink has told what it says of the client since the run began."""
        return self.services.has_facts(self.name)

    @property
    def database(self) -> Database:
        """The installation's database."""
        return self.services.database

    @property
    def vault(self) -> Vault:
        """The installation's sealed credentials."""
        return self.services.vault

    @property
    def http_log(self) -> HttpLog:
        """The installation's technical log."""
        return self.services.http_log

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads."""
        return self.services.database.read()

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes, all or nothing."""
        return self.services.database.write()

    def now(self) -> datetime:
        """This moment."""
        return self.services.now()

    def reached(self, point: str) -> None:
        """Say that a named point of the way was reached."""
        self.services.reached(point)

    def event(self, subject: str, event: str, detail: Mapping[str, Any]) -> AuditEvent:
        """Something that happened to a subject of the connection, for the audit trail."""
        return AuditEvent(self.name, subject, event, detail)

    def held(self, voucher: str, problems: Sequence[Problem], run: str) -> AuditEvent:
        """That a voucher waits, and for what, with the facts of this very voucher."""
        told = [{"key": problem.key, "facts": dict(problem.facts)} for problem in problems]
        causes = [problem.cause for problem in problems]
        return self.event(voucher, "held", {"causes": causes, "problems": told, "run": run})

    def tokens(self, system: str) -> StoredTokens:
        """The keeper of the OAuth tokens for a system."""
        return self.services.tokens(self.name, system)

    def oauth(self, system: str) -> OAuthModel | None:
        """How to log in to a system; None when that is not needed."""
        return self.services.oauth(self.name, system)

    def secrets(self, system: str) -> dict[str, str]:
        """The unsealed credentials for a system by name; those not given yet are left out."""
        return self.services.secrets(self.name, system)

    def source_context(self) -> SourceContext:
        """What the source may touch of the outside."""
        return self.services.source_context(self.name)

    def http_factory(self) -> HttpFactory:
        """Makes clients that are wired to the technical log."""
        return self.services.http_factory(self.name)

    def http(
        self, system: str, base_url: str, explain: Callable[[httpx.Response], ConnectorError | None]
    ) -> Http:
        """A client that is wired to the technical log; it is the caller's to close."""
        return self.services.http(self.name, system, base_url, explain)

    def forget(self) -> None:
        """Let go of the connected systems, so that new settings or credentials take effect."""
        self.services.forget(self.name)

    def forget_facts(self) -> None:
        """Read settings and the client's facts anew the next time."""
        self.services.forget_facts(self.name)
