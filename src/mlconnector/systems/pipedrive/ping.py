"""The ping of a Pipedrive connection: each step with its cause, and who can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.pipedrive.answers import Forbidden, TooMany
from mlconnector.systems.pipedrive.catalogue import Catalogue, configured, entity_of
from mlconnector.systems.pipedrive.client import Client
from mlconnector.systems.pipedrive.fields import key_of
from mlconnector.systems.pipedrive.settings import Settings, secret_names
from mlconnector.systems.pipedrive.shapes import Me
from mlconnector.systems.source import SourceContext

REACH = "pipedrive.reach"
LOGIN = "pipedrive.token"
DEALS = "pipedrive.deals"
FIELDS = "pipedrive.fields"
WEBHOOK = "pipedrive.webhook"


def steps(client: Callable[[], Client], catalogue: Catalogue, context: SourceContext) -> Iterator[CheckStep]:
    """All steps in order; what needs a step that failed is skipped."""
    settings: Settings = context.settings
    works = True
    for attempt in (_login, _deals, _fields):
        if works:
            found = attempt(client, catalogue, context)
            yield from found
            works = all(step.outcome in {"ok", "warning"} for step in found)
        else:
            yield CheckStep(DEALS if attempt is _deals else FIELDS, "skipped")
    yield _webhook(settings, context)


def _login(client: Callable[[], Client], _catalogue: Catalogue, context: SourceContext) -> list[CheckStep]:
    """Two steps from one question: any answer shows that Pipedrive is reached."""
    settings: Settings = context.settings
    if settings.auth == "oauth":
        try:
            context.tokens.current()
        except NeedsLogin as error:
            return [
                CheckStep(REACH, "skipped"),
                CheckStep(LOGIN, "failed", "login_needed", {"answer": error.reason}),
            ]
        except ConnectorError as error:
            return [_failed(REACH, error), CheckStep(LOGIN, "skipped")]
    try:
        me = client().me()
    except (NeedsLogin, NeedsHuman) as error:
        return [CheckStep(REACH, "ok"), _failed(LOGIN, error)]
    except ConnectorError as error:
        return [_failed(REACH, error), CheckStep(LOGIN, "skipped")]
    return [CheckStep(REACH, "ok"), _user(me)]


def _user(me: Me) -> CheckStep:
    facts = {"user": me.name, "company": me.company_name or me.company_domain or ""}
    if me.is_admin:
        return CheckStep(LOGIN, "ok", facts=facts)
    return CheckStep(LOGIN, "warning", "not_admin", facts)


def _deals(client: Callable[[], Client], _catalogue: Catalogue, _context: SourceContext) -> list[CheckStep]:
    try:
        found = client().any_deal()
        client().instalments(deal["id"] for deal in found)
    except Forbidden as error:
        if "installments" in error.problem.facts["path"]:
            return [CheckStep(DEALS, "warning", "instalments_not_readable")]
        return [_failed(DEALS, error)]
    except ConnectorError as error:
        return [_failed(DEALS, error)]
    return [CheckStep(DEALS, "ok")]


def _fields(_client: Callable[[], Client], catalogue: Catalogue, context: SourceContext) -> list[CheckStep]:
    wanted = configured(context.settings.fields)
    try:
        known = catalogue.refresh()
    except ConnectorError as error:
        return [_failed(FIELDS, error)]
    missing = [name for purpose, name in wanted.items() if key_of(known, entity_of(purpose), name) is None]
    if missing:
        return [CheckStep(FIELDS, "failed", "field_missing", {"fields": ", ".join(missing)})]
    return [CheckStep(FIELDS, "ok", facts={"fields": ", ".join(wanted.values())})]


def _webhook(settings: Settings, context: SourceContext) -> CheckStep:
    if settings.webhook is None:
        return CheckStep(WEBHOOK, "skipped", "not_configured")
    needed = [name for name in secret_names(settings) if name.startswith("webhook_")]
    missing = [name for name in needed if not context.secrets.get(name)]
    if missing:
        return CheckStep(WEBHOOK, "failed", "secret_missing", {"secrets": ", ".join(missing)})
    return CheckStep(WEBHOOK, "ok", facts={"mode": settings.webhook.mode})


def _failed(key: str, error: ConnectorError) -> CheckStep:
    if isinstance(error, NeedsLogin):
        return CheckStep(key, "failed", "token_refused", {"answer": error.reason})
    if isinstance(error, NeedsHuman):
        return CheckStep(key, "failed", error.problem.key, error.problem.facts)
    if isinstance(error, TooMany):
        return CheckStep(key, "failed", "too_many_requests", {"after": f"{error.after or 0:.0f}"}, "vendor")
    if isinstance(error, RetryLater):
        return CheckStep(key, "failed", "unreachable", {"answer": error.reason}, "it")
    return CheckStep(key, "failed", "unexpected_answer", {"answer": str(error)})
