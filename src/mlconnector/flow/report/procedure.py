"""The Verfahrensdokumentation as plain data: how this installation is set up, by its settings and tables.

Nothing is said here of what the company does outside the product.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import mlconnector
from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.rulebook import rulebook
from mlconnector.flow.connect.standing import Login, logins_of
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.settings import UnreadableSettings
from mlconnector.store import audit, connections, documents, migrate, open_days, people, vouchers
from mlconnector.store.audit import AuditRow
from mlconnector.store.connections import ConnectionRow
from mlconnector.store.open_days import OpenDay
from mlconnector.store.people import UserRow
from mlconnector.texts.language import Language

SET_UP = frozenset(
    {
        *("connected", "settings_changed", "disconnected", "released", "release_withdrawn", "confirmed"),
        *(
            "chart_imported",
            "numbers_imported",
            "open_day_named",
            "webhook_registered",
            "webhook_unregistered",
        ),
    }
)
"""Events that change how a connection is set up."""
_CHANGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Documented:
    """One connection as it is set up; `settings` and `rules` are None where its settings cannot be read."""

    row: ConnectionRow
    settings: ConnectionSettings | None
    rules: dict[str, Any] | None
    logins: Sequence[Login]
    open_day: OpenDay | None
    states: dict[str, int]
    changes: Sequence[AuditRow]


@dataclass(frozen=True, slots=True)
class Installation:
    """What holds for all connections: versions, database, keys, how long what is kept.

    `database` is the kind of database with its place, without a password; `heads` are the places where heads
    of the audit trail are written down, an address without its path.
    """

    version: str
    python: str
    schema: str
    database: str
    is_file: bool
    database_place: str
    data_folder: str
    key_place: str
    public_url: str
    has_api: bool
    http_log_days: int
    heads: Sequence[str]
    trail_rows: int
    trail_head: str
    sealed: Sequence[AuditRow]
    documents: dict[str, int]
    warehouses: Sequence[str]


@dataclass(frozen=True, slots=True)
class Procedure:
    """Everything, as of a moment."""

    at: datetime
    installation: Installation
    connections: Sequence[Documented]
    users: Sequence[UserRow]


def procedure_of(services: Services, language: Language | None = None) -> Procedure:
    """How this installation is set up, as of now."""
    with services.database.read() as db:
        rows = connections.every(db)
        states = vouchers.states(db)
        users = people.every(db)
        installation = _installation(services, documents.counts(db), _trail(db))
    told = [_documented(Context(services, row.name), row, states.get(row.name, {}), language) for row in rows]
    return Procedure(services.now(), installation, told, users)


def _documented(
    context: Context, row: ConnectionRow, states: dict[str, int], language: Language | None
) -> Documented:
    with context.read() as db:
        day = open_days.read(db, row.client)
        events = audit.story(db, [row.name])
    changes = [one for one in events if one.event in SET_UP][-_CHANGES_SHOWN:]
    try:
        settings = context.settings
        rules = rulebook(context, spoken=language)
        logins = logins_of(context)
    except (NeedsHuman, UnreadableSettings):
        # The page says so in its place; all other connections are documented.
        return Documented(row, None, None, (), day, states, changes)
    return Documented(row, settings, rules, logins, day, states, changes)


def _trail(db: Any) -> tuple[int, str, list[AuditRow]]:
    sealed = [row for row in audit.story(db, [audit.TRAIL]) if row.event == audit.SEALED]
    return audit.length(db), audit.last_hash(db), sealed


def _installation(
    services: Services, filed: dict[str, int], trail: tuple[int, str, list[AuditRow]]
) -> Installation:
    settings = services.settings
    database = urlsplit(settings.database)
    is_file = database.scheme.startswith("sqlite")
    with services.database.read() as db:
        schema = ", ".join(sorted(migrate.revisions(db)))
    rows, head, sealed = trail
    return Installation(
        version=mlconnector.__version__,
        python=platform.python_version(),
        schema=schema,
        database="SQLite" if is_file else "PostgreSQL",
        is_file=is_file,
        database_place=f"/{database.path.lstrip('/')}"
        if is_file
        else f"{database.hostname or ''}{database.path}",
        data_folder=str(settings.data_dir.absolute()),
        key_place=settings.master_key_place,
        public_url=settings.public_url,
        has_api=settings.api_token is not None,
        http_log_days=settings.http_log_days,
        heads=list(_heads(services)),
        trail_rows=rows,
        trail_head=head,
        sealed=sealed,
        documents=filed,
        warehouses=sorted(settings.warehouses),
    )


def _heads(services: Services) -> Iterable[str]:
    """Where heads are written down; an address may carry a secret, so that only its host is told."""
    settings = services.settings
    if settings.audit_heads_file is not None:
        yield str(settings.audit_heads_file)
    if settings.audit_heads_url is not None:
        yield urlsplit(settings.audit_heads_url.get_secret_value()).hostname or ""
