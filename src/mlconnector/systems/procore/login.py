"""The login of the service account: client credentials for a token of ninety minutes.

Facts: https://developers.procore.com/documentation/oauth-client-credentials. There is no refresh token, and a
token is good in one environment alone.
"""

from __future__ import annotations

from datetime import timedelta

from mlconnector.errors import Broken
from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.kit.issuer import explain_token_answer
from mlconnector.systems.kit.json_answers import object_in
from mlconnector.systems.kit.on_demand import OnDemand
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.source import SourceContext

MARGIN = timedelta(minutes=18)
_PATH = "/oauth/token"


def service_tokens(context: SourceContext) -> AppTokens:
    """The tokens of the service account; getting one raises one of the four errors."""
    settings: Settings = context.settings
    http = OnDemand(
        lambda: context.http(
            SYSTEM, settings.login_url, explain=lambda answer: explain_token_answer(SYSTEM, answer)
        )
    )

    def ask() -> dict[str, object]:
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": context.secrets["client_secret"],
        }
        granted = object_in(http().request("POST", _PATH, data=form).content, SYSTEM, _PATH)
        if not granted.get("access_token"):
            raise Broken(f"{SYSTEM} answered {_PATH} without an access token")
        return granted

    return AppTokens(ask, context.now, MARGIN, http.close)


def test_credentials(context: SourceContext) -> None:
    """Ask for a token, which proves the secret. Raises one of the four errors."""
    tokens = service_tokens(context)
    try:
        tokens.current()
    finally:
        tokens.close()
