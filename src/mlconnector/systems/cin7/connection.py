"""The connection to Cin7 Core: the key on every call, each taken from the limit of the key."""

from __future__ import annotations

from mlconnector.systems.cin7.answers import Answers
from mlconnector.systems.cin7.client import Client
from mlconnector.systems.cin7.limits import call_limit
from mlconnector.systems.cin7.names import SYSTEM
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.source import SourceContext


def connected(context: SourceContext) -> Client:
    """A client whose calls are taken from the limit that all workers and processes of the key share."""
    settings: Settings = context.settings
    limit = call_limit(settings, context.secrets)
    answers = Answers(lambda seconds: context.budget.close(limit, seconds))
    http = context.http(
        SYSTEM,
        settings.base_url,
        explain=answers.explain,
        headers={
            "api-auth-accountid": settings.account_id,
            "api-auth-applicationkey": context.secrets["application_key"],
        },
        before_call=lambda: context.budget.take(limit),
    )
    return Client(http, answers)


def test_credentials(context: SourceContext) -> None:
    """Ask which company the key belongs to. Raises one of the four errors."""
    client = connected(context)
    try:
        client.me()
    finally:
        client.close()
