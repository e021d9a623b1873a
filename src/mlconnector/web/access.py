"""Who may use the API: whoever has the token of the settings."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import HTTPException, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mlconnector.web.parts import Web

_HOW_TO = (
    "This installation has no API token. Set the environment variable MLCONNECTOR_API_TOKEN, "
    "or api_token in ml-connector.toml, to a long random text and start `ml-connector serve` again."
)
_bearer = HTTPBearer(scheme_name="token", description="The api_token of the settings.", auto_error=False)


async def with_token(
    web: Web, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> None:
    """Let a request pass that carries the token: 401 for others, 403 where there is no token to carry."""
    setting = web.application.settings.api_token
    token = setting.get_secret_value() if setting is not None else ""
    if not token:
        raise HTTPException(HTTPStatus.FORBIDDEN, _HOW_TO)
    offered = given.credentials if given is not None else ""
    if not hmac.compare_digest(offered.encode(), token.encode()):
        headers = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Send Authorization: Bearer <api_token>.", headers)
