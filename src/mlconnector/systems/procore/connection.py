"""The connection to Procore: a token on every call, each taken from the limit that all share."""

from __future__ import annotations

from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.procore.answers import Answers
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.limits import call_limit
from mlconnector.systems.procore.login import service_tokens
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.source import SourceContext


def connected(context: SourceContext, tokens: AppTokens | None = None) -> Client:
    """A client of all companies; closing it lets go of its tokens too."""
    settings: Settings = context.settings
    tokens = tokens or service_tokens(context)
    limit = call_limit(settings, context.secrets)
    answers = Answers(context.now, lambda seconds: context.budget.close(limit, seconds))
    http = context.http(
        SYSTEM,
        settings.api_url,
        explain=answers.explain,
        auth=BearerAuth(tokens),
        before_call=lambda: context.budget.take(limit),
        after_answer=answers.pause,
    )
    return Client(http, settings, tokens)
