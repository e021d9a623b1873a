"""Ping: every step between the source account and the client is tried, and says who can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.agree.confirmation import confirmed_step
from mlconnector.flow.agree.own_words import own_words_steps
from mlconnector.flow.connect import login_failures
from mlconnector.flow.connect.setup import missing_secrets
from mlconnector.flow.connect.standing import systems_with_login
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.documents.einvoices import rules_steps
from mlconnector.flow.intake import reread
from mlconnector.store import connections
from mlconnector.systems.kit.check_steps import CheckStep, failed_step, login_needed
from mlconnector.systems.sink import Sink, SinkSystem
from mlconnector.systems.source import Source, SourceSystem

CURSOR = "connection.cursor"


def check(context: Context) -> Iterator[CheckStep]:
    """Ping: every step between the source account and the client, one after the other."""
    settings = context.settings
    with context.read() as db:
        row = connections.read(db, context.name)
    if row.is_disconnected:
        yield CheckStep("connection.secrets", "failed", "disconnected", {"name": context.name})
        return
    missing = missing_secrets(context.services, settings)
    if missing:
        yield CheckStep("connection.secrets", "failed", "missing", {"names": ", ".join(missing)})
        return
    yield CheckStep("connection.secrets", "ok")
    yield from _failed_logins(context)
    yield confirmed_step(context)
    yield from rules_steps(settings.documents)
    works = True
    for step in _checked(settings.source_system, lambda: context.source):
        works = works and step.outcome != "failed"
        yield step
    yield from own_words_steps(context, answers=works)
    yield _cursor_step(context) if works else CheckStep(CURSOR, "skipped")
    yield from _checked(settings.sink_system, lambda: context.sink)
    context.http_log.flush()


def _cursor_step(context: Context) -> CheckStep:
    """Whether the next run goes on where the last one stopped reading, or reads again and why."""
    asked = reread.asked_for(context)
    if asked is not None and asked.since is not None:
        return CheckStep(CURSOR, "ok", "reread_since", {"since": asked.since.isoformat()})
    if asked is not None:
        return CheckStep(CURSOR, "ok", "reread_everything")
    with context.read() as db:
        cursor, moved = connections.cursor(db, context.name), connections.moved_at(db, context.name)
    try:
        goes_on = cursor is None or context.source.goes_on(cursor)
    except ConnectorError as error:
        return failed_step(CURSOR, context.settings.source_system.title, error, human="it")
    if not goes_on:
        return CheckStep(CURSOR, "warning", "cursor_unfit")
    return CheckStep(CURSOR, "ok", facts={"moved": moved.isoformat()} if moved else {})


def _failed_logins(context: Context) -> Iterator[CheckStep]:
    """Why the latest login to a system came to nothing, where it did."""
    for system in systems_with_login(context):
        failure = login_failures.latest(context, system)
        if failure is not None:
            yield failure.step()


def _checked(
    system: SourceSystem | SinkSystem, connected: Callable[[], Source | Sink]
) -> Iterator[CheckStep]:
    """The steps of one system; an error on the way is a failed step of its own."""
    try:
        yield from connected().check()
    except NeedsLogin as error:
        yield login_needed(f"{system.name}.login", system.title, error)
    except NeedsHuman as error:
        yield failed_step(f"{system.name}.right", system.title, error)
    except ConnectorError as error:
        yield failed_step(f"{system.name}.reach", system.title, error)
