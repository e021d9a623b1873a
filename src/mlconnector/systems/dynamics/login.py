"""The login of the app at Microsoft Entra: client credentials through MSAL, sent by our own HTTP client.

Facts: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and
https://learn.microsoft.com/entra/identity-platform/reference-error-codes (the numbers behind AADSTS). There
is no refresh token: who wants another access token asks as for the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from mlconnector.errors import Broken, ConnectorError
from mlconnector.model.problems import Problem
from mlconnector.systems.dynamics.settings import SYSTEM, Settings
from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.issuer import explain_token_answer
from mlconnector.systems.kit.oauth import AppRefused
from mlconnector.systems.kit.on_demand import OnDemand
from mlconnector.systems.kit.redaction import without_echo
from mlconnector.systems.source import SourceContext

MARGIN = timedelta(minutes=5)
_UNUSABLE = "unusable"
_OF_SECRETS = frozenset(
    {"entra_secret_wrong", "entra_secret_expired", "entra_certificate_refused", "entra_certificate_unusable"}
)
_CODE = re.compile(r"AADSTS(\d+)")
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class EntraRefused(AppRefused):
    """Entra gives the app no token; `code` is the number behind AADSTS, empty where it named none.

    `unusable` is ours: a certificate with which Entra cannot even be asked.
    Nobody logs in here, so that it always takes who looks after the app, or after the settings.
    """

    def __init__(self, answer: str, code: str = "") -> None:
        problem = Problem(_meaning(code), {"system": SYSTEM, "answer": answer}, ("system",))
        super().__init__(problem, of_secret=problem.key in _OF_SECRETS)
        self.code = code


def _meaning(code: str) -> str:
    match code:
        case "7000215" | "7000216" | "7000218":
            return "entra_secret_wrong"
        case "7000222":
            return "entra_secret_expired"
        case "700016" | "7000229" | "7000112":
            return "entra_app_unknown"
        case "90002" | "900023" | "900021":
            return "entra_tenant_unknown"
        case "700027" | "700024" | "50012":
            return "entra_certificate_refused"
        case "500011" | "70011" | "1002012" | "500013":
            return "entra_environment_unknown"
        case "unusable":
            return "entra_certificate_unusable"
    return "entra_refused"


def entra_tokens(context: SourceContext) -> AppTokens:
    """The tokens of the app; getting one raises EntraRefused, RetryLater."""
    settings: Settings = context.settings
    http = OnDemand(lambda: context.http(SYSTEM, settings.authority, explain=explain_entra))

    def ask() -> dict[str, Any]:
        return _granted(settings, context.secrets, _Wire(http(), settings.authority))

    return AppTokens(ask, context.now, MARGIN, http.close)


def test_credentials(context: SourceContext) -> None:
    """Ask for a token, which proves the secret or the certificate. Raises one of the four errors."""
    tokens = entra_tokens(context)
    try:
        tokens.current()
    finally:
        tokens.close()


def explain_entra(answer: httpx.Response) -> ConnectorError | None:
    """What a failed answer of Entra means: refused credentials with their code, all else goes by HTTP."""
    if answer.status_code not in {400, 401, 403, 404}:
        return explain_token_answer(SYSTEM, answer)
    try:
        content = answer.json()
    except ValueError:
        content = None
    words = str(content.get("error_description") or "") if isinstance(content, dict) else ""
    first_line = without_echo(words, answer.request).partition("\r\n")[0].partition("\n")[0]
    code = _CODE.search(words)
    return EntraRefused(first_line or f"HTTP {answer.status_code}", code[1] if code else "")


def _granted(settings: Settings, secrets: Mapping[str, str], wire: _Wire) -> dict[str, Any]:
    """Entra's answer with the access token; from a new client, as MSAL's own cache goes by its own clock."""
    from msal import ConfidentialClientApplication  # noqa: PLC0415

    credential = _credential(settings, secrets)
    try:
        app = ConfidentialClientApplication(
            settings.client_id,
            authority=wire.shown(f"{settings.authority}/{settings.tenant}"),
            client_credential=credential,
            instance_discovery=False,
            http_client=wire,
        )
        granted = app.acquire_token_for_client(scopes=[f"{settings.environment}/.default"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if settings.auth == "certificate":
            raise EntraRefused(f"the certificate cannot be used: {error}", _UNUSABLE) from error
        raise Broken(f"{SYSTEM}: Entra answered otherwise than agreed: {error}") from error
    if not isinstance(granted, dict) or not granted.get("access_token"):
        raise Broken(f"{SYSTEM}: Entra answered without an access token")
    return granted


def _credential(settings: Settings, secrets: Mapping[str, str]) -> str | dict[str, str]:
    secret = secrets.get(settings.auth, "")
    if settings.auth == "client_secret":
        return secret
    key, certificate = _KEY.search(secret), _CERTIFICATE.search(secret)
    if key is None or certificate is None:
        raise EntraRefused("the certificate has no private key or no certificate", _UNUSABLE)
    return {"private_key": key[0], "public_certificate": certificate[0]}


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer in the form that MSAL reads."""

    status_code: int
    text: str
    headers: Mapping[str, str]


class _Wire:
    """MSAL's HTTP, sent by our own client, so that it is retried, logged and kept free of secrets like all.

    MSAL takes none but HTTPS addresses; for an own machine without encryption they are shown to it as such.
    """

    def __init__(self, http: Http, authority: str) -> None:
        self._http = http
        self._plain = authority if authority.startswith("http://") else ""
        self._shown = authority.replace("http://", "https://", 1)

    def shown(self, text: str) -> str:
        """Addresses of the authority as MSAL takes them."""
        return text.replace(self._plain, self._shown) if self._plain else text

    def get(self, url: str, params: Any = None, headers: Any = None, **_options: Any) -> _Answer:
        """MSAL's GET."""
        return self._sent("GET", url, params=params or None, headers=headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_options: Any
    ) -> _Answer:
        """MSAL's POST; asking for a token once more does no harm."""
        # An assertion comes as bytes, which would be written as Python shows them.
        form = {name: _text(value) for name, value in (data or {}).items()}
        return self._sent("POST", url, params=params or None, data=form, headers=headers)

    def close(self) -> None:
        """The client is not MSAL's to close."""

    def _sent(self, method: str, url: str, **arguments: Any) -> _Answer:
        plain = url.replace(self._shown, self._plain) if self._plain else url
        answer = self._http.request(method, plain, **arguments)
        return _Answer(answer.status_code, self.shown(answer.text), dict(answer.headers))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
