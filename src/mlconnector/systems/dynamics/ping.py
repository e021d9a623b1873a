"""The ping of a Dynamics connection: each step with its cause, and who can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mlconnector.errors import Broken, ConnectorError
from mlconnector.systems.dynamics.answers import (
    Forbidden,
    LinkElsewhere,
    NoDeltaLink,
    NotFound,
    NoTracking,
    TokenRefused,
)
from mlconnector.systems.dynamics.changes import INVOICES, LINES
from mlconnector.systems.dynamics.client import BASE, Client, definition, set_of, shaped
from mlconnector.systems.dynamics.login import EntraRefused
from mlconnector.systems.dynamics.settings import CUSTOMERS, TABLES, TITLE, Settings
from mlconnector.systems.dynamics.shapes import Organization
from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.kit.check_steps import (
    Attempt,
    CheckStep,
    failed_step,
    in_order,
    webhook_step,
)
from mlconnector.systems.kit.shapes import shared_by_all
from mlconnector.systems.source import SourceContext

LOGIN = "dynamics.login"
REACH = "dynamics.reach"
RIGHT = "dynamics.right"
TRACKING = "dynamics.tracking"
LINKS = "dynamics.links"
COLUMNS = "dynamics.columns"
DAYS = "dynamics.days"
ORGANIZATION = "dynamics.organization"
WEBHOOK = "dynamics.webhook"

WITHOUT_LINK = "without_link"
_FEWEST_DAYS = 3
_MOST_ROWS = 5000
_EURO = "EUR"
_SETTINGS = frozenset({"entra_tenant_unknown", "entra_environment_unknown"})
Select = Callable[[str], tuple[str, ...]]


def steps(
    client: Callable[[], Client], tokens: AppTokens, context: SourceContext, select: Select
) -> Iterator[CheckStep]:
    """All steps in order; what needs a step that failed is skipped."""
    settings: Settings = context.settings
    yield from in_order(
        [
            Attempt((LOGIN,), lambda: [_login(tokens)]),
            Attempt((REACH,), lambda: [_reach(client(), settings)]),
            Attempt((RIGHT,), lambda: [_rights(client(), settings)]),
            Attempt((TRACKING,), lambda: [_tracking(client(), settings)]),
            Attempt((LINKS,), lambda: [_links(client(), context)]),
            Attempt((COLUMNS,), lambda: [_columns(client(), settings, select)]),
            Attempt((DAYS,), lambda: [_days(client(), settings)]),
            Attempt((ORGANIZATION,), lambda: [_organization(client(), select)]),
        ]
    )
    webhook = settings.webhook
    header = {"header": webhook.header} if webhook else {}
    yield webhook_step(WEBHOOK, TITLE, ("webhook_key",) if webhook else None, context.secrets, header)


@shared_by_all()
def own_organization(client: Client, columns: Sequence[str]) -> Organization:
    """The organisation behind the environment."""
    rows = list(client.rows("organization", columns))
    if len(rows) != 1:
        raise Broken(f"dynamics knows {len(rows)} organisations instead of one")
    return shaped(rows[0], Organization)


def _login(tokens: AppTokens) -> CheckStep:
    try:
        tokens.current()
    except EntraRefused as error:
        # What was mistyped is put right here; secrets and certificates are made by who looks after Entra.
        return failed_step(LOGIN, TITLE, error, human="you" if error.problem.key in _SETTINGS else "it")
    except ConnectorError as error:
        return _failed(LOGIN, error)
    return CheckStep(LOGIN, "ok")


def _reach(client: Client, settings: Settings) -> CheckStep:
    try:
        client.get(f"{BASE}/WhoAmI")
    except TokenRefused as error:
        return failed_step(REACH, TITLE, error)
    except Forbidden as error:
        return CheckStep(REACH, "failed", "dynamics_access_denied", {"answer": error.problem.facts["answer"]})
    except NotFound as error:
        return CheckStep(REACH, "failed", "dynamics_not_there", {"answer": str(error)})
    except ConnectorError as error:
        return _failed(REACH, error)
    return CheckStep(REACH, "ok", facts={"environment": settings.environment})


def _rights(client: Client, settings: Settings) -> CheckStep:
    """Every table is asked for one row; change tracking, where it is used, needs the right for all rows."""
    missing = []
    for table in _tables(settings):
        try:
            if table in _tracked(settings):
                client.changes(table, (f"{table}id",), None, 1)
            else:
                client.get(f"{BASE}/{set_of(table)}?$select={table}id&$top=1")
        except Forbidden as error:
            missing.append(error.problem.facts["privilege"] or table)
        except (NoTracking, NoDeltaLink, LinkElsewhere):
            continue
        except ConnectorError as error:
            return _failed(RIGHT, error)
    if missing:
        named = ", ".join(dict.fromkeys(missing))
        return CheckStep(RIGHT, "failed", "dynamics_rights_missing", {"privileges": named}, "it")
    return CheckStep(RIGHT, "ok")


def _tracking(client: Client, settings: Settings) -> CheckStep:
    off = []
    for table in _tracked(settings):
        try:
            if not client.tracks(table):
                off.append(table)
        except ConnectorError as error:
            return _failed(TRACKING, error)
    if off:
        facts = {"tables": ", ".join(off)}
        return CheckStep(TRACKING, "failed", "dynamics_tracking_missing", facts, "it")
    return CheckStep(TRACKING, "ok")


def _links(client: Client, context: SourceContext) -> CheckStep:
    """Whether changes lead on to later ones, in the order in which a run reads them.

    Of a table with more rows than a page only its end shows that, so the latest run has to be believed.
    """
    settings: Settings = context.settings
    missed = context.memory.recall(WITHOUT_LINK)
    for table in (LINES, INVOICES, *settings.followed_customers):
        try:
            page = client.changes(table, (f"{table}id",), None, _MOST_ROWS)
        except ConnectorError as error:
            return _failed(LINKS, error)
        if page.following is not None and missed == table:
            return _failed(LINKS, client.no_delta_link(table))
    return CheckStep(LINKS, "ok")


def _columns(client: Client, settings: Settings, select: Select) -> CheckStep:
    missing: list[str] = []
    for table in TABLES:
        wanted = [name for name in select(table) if name in settings.columns.of(table)]
        if table == INVOICES and "file" in settings.documents.sources and settings.documents.file_column:
            wanted.append(settings.documents.file_column)
        if not wanted:
            continue
        try:
            rows = client.get(f"{definition(table)}/Attributes?$select=LogicalName").get("value")
        except ConnectorError as error:
            return _failed(COLUMNS, error)
        known = {str(row.get("LogicalName")) for row in rows} if isinstance(rows, list) else set()
        missing += [f"{table}.{name}" for name in wanted if _logical(name) not in known]
    if missing:
        return CheckStep(COLUMNS, "failed", "dynamics_columns_missing", {"columns": ", ".join(missing)})
    return CheckStep(COLUMNS, "ok")


def _days(client: Client, settings: Settings) -> CheckStep:
    """How each column with a day is read; where that may not be known, only some days are certain."""
    columns = [column.split(".") for column in settings.columns.days]
    behaviours: dict[str, dict[str, str]] = {}
    for table in dict.fromkeys(table for table, _ in columns):
        try:
            behaviours[table] = client.date_behaviours(table)
        except Forbidden as error:
            facts = {"table": table, "answer": error.problem.facts["answer"]}
            return CheckStep(DAYS, "warning", "dynamics_days_unknown", facts, "it")
        except ConnectorError as error:
            return _failed(DAYS, error)
    found = [f"{table}.{name} ({behaviours[table].get(name, 'Text')})" for table, name in columns]
    return CheckStep(DAYS, "ok", facts={"columns": ", ".join(found), "zone": settings.timezone})


def _organization(client: Client, select: Select) -> CheckStep:
    try:
        organization = own_organization(client, select("organization"))
        rows = client.by_ids(
            "transactioncurrency",
            "transactioncurrencyid",
            [organization.base_currency or ""],
            select("transactioncurrency"),
        )
    except ConnectorError as error:
        return _failed(ORGANIZATION, error)
    days = organization.days or 0
    base = str(rows[0]["isocurrencycode"]) if rows else ""
    facts = {"name": organization.name or "", "days": str(days), "currency": base}
    if base != _EURO:
        return CheckStep(ORGANIZATION, "warning", "dynamics_base_not_euro", facts)
    if days < _FEWEST_DAYS:
        return CheckStep(ORGANIZATION, "warning", "dynamics_few_days", facts, "it")
    return CheckStep(ORGANIZATION, "ok", facts=facts)


def _tracked(settings: Settings) -> tuple[str, ...]:
    """The tables that have to be tracked."""
    return (INVOICES, LINES, *settings.followed_customers)


def _tables(settings: Settings) -> tuple[str, ...]:
    """The tables that are read."""
    always = (
        INVOICES,
        LINES,
        *CUSTOMERS,
        "product",
        "salesorder",
        "transactioncurrency",
        "organization",
    )
    behind = {"note": "annotation", "export": "documenttemplate"}
    return (*always, *(behind[each] for each in settings.documents.sources if each in behind))


def _logical(column: str) -> str:
    """A lookup is called otherwise among the columns than in rows."""
    return column[1 : -len("_value")] if column.startswith("_") else column


def _failed(key: str, error: ConnectorError) -> CheckStep:
    """What an environment lacks is mostly put right by who looks after it."""
    return failed_step(key, TITLE, error, human="it")
