"""Ping: every step between the source account and the client is tried, and says who can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.agree.confirmation import confirmed_step
from mlconnector.flow.connect import login_failures
from mlconnector.flow.connect.oauth_login import systems_with_login
from mlconnector.flow.connect.setup import missing_secrets
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.documents.einvoices import rules_steps
from mlconnector.systems.kit.check_steps import CheckStep, failed_step, login_needed
from mlconnector.systems.sink import Sink, SinkSystem
from mlconnector.systems.source import Source, SourceSystem


def check(context: Context) -> Iterator[CheckStep]:
    """Ping: every step between the source account and the client, one after the other."""
    settings = context.settings
    missing = missing_secrets(context.services, settings)
    if missing:
        yield CheckStep("connection.secrets", "failed", "missing", {"names": ", ".join(missing)})
        return
    yield CheckStep("connection.secrets", "ok")
    yield from _failed_logins(context)
    yield confirmed_step(context)
    yield from rules_steps(settings.documents)
    yield from _checked(settings.source_system, lambda: context.source)
    yield from _checked(settings.sink_system, lambda: context.sink)
    context.http_log.flush()


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
