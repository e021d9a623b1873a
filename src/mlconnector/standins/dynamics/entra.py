"""Microsoft Entra ID, as far as an app with its own credentials meets it: discovery and the token endpoint.

Errors: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import base64
import secrets
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from hmac import compare_digest
from importlib import resources
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from mlconnector.standins.dynamics.answers import Refusal
from mlconnector.standins.dynamics.assertions import Certificate, check_assertion
from mlconnector.standins.dynamics.identities import CLIENT_ID, TENANT_ID

CLIENT_SECRET = "standin~8Q.secret-of-the-app-registration"
ACCESS_LIFE = 3599
TENANT_NAME = "beispielbau.onmicrosoft.com"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Grant(msgspec.Struct):
    """An access token that was given out: for which resource, until when."""

    audience: str
    expires: float


class Entra:
    """The tenant with its one app registration."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.tokens: dict[str, Grant] = {}
        self.secret = CLIENT_SECRET
        self.secret_expired = False
        self.certificates: list[Certificate] = []

    def register(self, certificate_pem: str) -> Certificate:
        """Upload a certificate to the app registration, so that it may sign assertions."""
        certificate = Certificate(certificate_pem)
        self.certificates.append(certificate)
        return certificate

    def forget_tokens(self) -> None:
        """Make every access token worthless."""
        self.tokens.clear()

    def discovery(self, tenant: str, host: str) -> dict[str, Any]:
        """The OpenID configuration of a tenant."""
        self._check_tenant(tenant)
        base = f"http://{host}/{TENANT_ID}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/v2.0",
            "request_uri_parameter_supported": False,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
        }

    def instances(self, authorization_endpoint: str, host: str) -> dict[str, Any]:
        """The answer of instance discovery; `host` is the only instance it knows."""
        parts = urlsplit(authorization_endpoint)
        if parts.hostname != urlsplit(f"//{host}").hostname or not parts.path.strip("/"):
            raise self._refusal(50049)
        # MSAL asks for the host without its port.
        tenant = parts.path.split("/")[1]
        return {
            "tenant_discovery_endpoint": f"{parts.scheme}://{host}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    def token(self, tenant: str, form: Mapping[str, str], host: str) -> dict[str, Any]:
        """The answer of the token endpoint; raises Refusal."""
        self._check_tenant(tenant)
        if form.get("grant_type") != "client_credentials":
            raise self._refusal(70003, grant_type=form.get("grant_type", ""))
        self._check_client(form, host)
        audience = self._audience(form.get("scope", ""), host)
        return self._given(audience)

    def check(self, authorization: str, host: str) -> bool:
        """Whether a call to the Web API at `host` has a good token for it."""
        kind, _, token = authorization.partition(" ")
        grant = self.tokens.get(token.strip())
        if kind.lower() != "bearer" or grant is None or grant.expires <= self.clock():
            return False
        return urlsplit(grant.audience).netloc == host and not grant.audience.endswith("/")

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in (TENANT_ID, TENANT_NAME):
            raise self._refusal(90002, tenant=tenant)

    def _check_client(self, form: Mapping[str, str], host: str) -> None:
        client_id = form.get("client_id", "")
        if client_id.lower() != CLIENT_ID:
            raise self._refusal(700016, client_id=client_id)
        if "client_assertion" in form:
            if form.get("client_assertion_type") != _ASSERTION_TYPE:
                raise self._refusal(900144, parameter="client_assertion_type")
            self._check_assertion(form["client_assertion"], host)
        elif "client_secret" in form:
            self._check_secret(form["client_secret"])
        else:
            raise self._refusal(7000218)

    def _check_secret(self, given: str) -> None:
        if not compare_digest(given.encode(), self.secret.encode()):
            raise self._refusal(7000215, client_id=CLIENT_ID)
        if self.secret_expired:
            raise self._refusal(7000222, client_id=CLIENT_ID)

    def _check_assertion(self, assertion: str, host: str) -> None:
        audience = (host, TENANT_ID)
        problem = check_assertion(assertion, CLIENT_ID, audience, self.certificates, self.clock())
        if problem is not None:
            raise self._refusal(problem[0], client_id=CLIENT_ID, reason=problem[1])

    def _audience(self, scope: str, host: str) -> str:
        resource, separator, _ = scope.partition("/.default")
        if not scope:
            raise self._refusal(900144, parameter="scope")
        if not separator or " " in scope.strip():
            raise self._refusal(1002012, scope=scope)
        if urlsplit(resource).netloc != host or urlsplit(resource).path not in ("", "/"):
            raise self._refusal(500011, resource=resource)
        return resource

    def _given(self, audience: str) -> dict[str, Any]:
        # As long as a real one, a JWT of some 1600 characters.
        parts = [
            base64.urlsafe_b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (90, 800)
        ]
        token = f"eyJ0eXAi.{parts[0]}.{parts[1]}"
        self.tokens[token] = Grant(audience, self.clock() + ACCESS_LIFE)
        return {
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFE,
            "ext_expires_in": ACCESS_LIFE,
            "access_token": token,
        }

    def _refusal(self, code: int, **details: str) -> Refusal:
        known = _errors()[str(code)]
        now = f"{datetime.fromtimestamp(self.clock(), UTC):%Y-%m-%d %H:%M:%SZ}"
        trace, correlation = str(uuid4()), str(uuid4())
        description = (
            f"AADSTS{code}: {known.text.format(**details)} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {now}"
        )
        body = {
            "error": known.error,
            "error_description": description,
            "error_codes": [code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={code}",
        }
        return Refusal(known.status, body)


class _Error(msgspec.Struct, frozen=True):
    status: int
    error: str
    text: str


@cache
def _errors() -> dict[str, _Error]:
    text = resources.files(__package__).joinpath("entra_errors.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, _Error])
