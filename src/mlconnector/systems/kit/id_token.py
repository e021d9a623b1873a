"""The id token of a login: who issued it, for whom, in answer to which request, and whether it is good."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from mlconnector.errors import NeedsLogin

_CLOCKS_DIFFER_BY = timedelta(minutes=5)


def check_id_token(
    system: str, token: object, issuer: str, client_id: str, nonce: str, now: datetime
) -> None:
    """Check issuer, audience, nonce and age. Raises NeedsLogin.

    The signature is not needed for a token that comes straight from the token endpoint over TLS (OpenID
    Connect Core 3.1.3.7).
    """
    claims = _claims(system, token)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != issuer or client_id not in audiences:
        raise NeedsLogin(system, "the id token was issued by or for somebody else")
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NeedsLogin(system, "the id token belongs to another login (nonce differs)")
    end = claims.get("exp")
    if not isinstance(end, int | float) or end < (now - _CLOCKS_DIFFER_BY).timestamp():
        raise NeedsLogin(system, "the id token has expired")


def _claims(system: str, token: object) -> dict[str, Any]:
    try:
        payload = str(token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise NeedsLogin(system, "the answer to the login carries no readable id token") from error
    if not isinstance(claims, dict):
        raise NeedsLogin(system, "the answer to the login carries no readable id token")
    return claims
