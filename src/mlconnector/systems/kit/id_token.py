"""The id token of a login: who issued it, for whom, in answer to which request, and whether it is good."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from mlconnector.errors import Broken, NeedsLogin

_CLOCKS_DIFFER_BY = timedelta(minutes=5)
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the holder of a private key can make."""


def check_id_token(
    system: str,
    token: object,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
    keys: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The claims of an id token whose signature, issuer, audience, nonce and age are right.

    `keys` is the JSON Web Key Set of the issuer. Without one the signature is not needed for a token that
    comes straight from the token endpoint over TLS (OpenID Connect Core 3.1.3.7). Raises NeedsLogin,
    and Broken when the issuer publishes no key that could be used.
    """
    claims = _claims(system, str(token), issuer, client_id, keys)
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NeedsLogin(system, "the id token belongs to another login (nonce differs)")
    # PyJWT would go by the clock of the machine.
    end = claims.get("exp")
    if not isinstance(end, int | float) or end < (now - _CLOCKS_DIFFER_BY).timestamp():
        raise NeedsLogin(system, "the id token has expired")
    return claims


def _claims(
    system: str, token: str, issuer: str, client_id: str, keys: Mapping[str, Any] | None
) -> dict[str, Any]:
    signed = keys is not None
    options: Options = {
        "verify_signature": signed,
        "verify_iss": True,
        "verify_aud": True,
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "require": ["iss", "aud"],
    }
    try:
        key = None if keys is None else _key(system, token, keys)
        return jwt.decode(token, key or "", _ALGORITHMS, options, audience=client_id, issuer=issuer)
    except (jwt.InvalidIssuerError, jwt.InvalidAudienceError, jwt.MissingRequiredClaimError) as error:
        raise NeedsLogin(system, "the id token was issued by or for somebody else") from error
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError) as error:
        raise NeedsLogin(system, f"the id token is not signed by its issuer: {error}") from error
    except jwt.InvalidTokenError as error:
        raise NeedsLogin(system, "the answer to the login carries no readable id token") from error


def _key(system: str, token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that the token says it is signed with; the only one where it does not say."""
    try:
        known = jwt.PyJWKSet.from_dict(dict(keys)).keys
    except (jwt.PyJWTError, TypeError, AttributeError) as error:
        raise Broken(f"{system} publishes no keys for its id tokens: {error}") from error
    name = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in known if name in {None, key.key_id}]
    if len(fitting) != 1:
        raise jwt.InvalidKeyError(f"{len(fitting)} published keys fit")
    return fitting[0]
