"""Keeps secrets out of what is written down about HTTP: addresses, headers, and answers that repeat them."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import httpx

_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_PARAMETERS = frozenset(
    {"code", "code_verifier", "state", "token", "access_token", "refresh_token", "id_token", "id_token_hint"}
    | {"client_secret", "client_assertion", "assertion", "password"}
    | {"signature", "sig", "x-amz-signature", "x-amz-security-token", "x-amz-credential", "x-goog-signature"}
)
_FORM = "application/x-www-form-urlencoded"
_SHORTEST_SECRET = 8
_HIDDEN = "***"
_EXTENSION = "secrecy"


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What a system calls its secrets: names of headers and parameters, in any case.

    What is secret everywhere (logins, cookies, the parameters of OAuth, signatures of storage links) need not
    be named.
    """

    headers: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()

    @property
    def all_headers(self) -> frozenset[str]:
        """Every secret header, in lower case."""
        return _HEADERS | {name.lower() for name in self.headers}

    @property
    def all_parameters(self) -> frozenset[str]:
        """Every secret parameter of addresses and forms, in lower case."""
        return _PARAMETERS | {name.lower() for name in self.parameters}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within this block httpx's own log keeps it, too."""
        before = _in_use.set(self)
        try:
            yield
        finally:
            _in_use.reset(before)

    def extension(self) -> dict[str, object]:
        """What a request carries so that whoever reads its answer knows."""
        return {_EXTENSION: self}


IN_GENERAL = Secrecy()
_in_use: ContextVar[Secrecy] = ContextVar("secrecy", default=IN_GENERAL)


def without_secrets(url: httpx.URL | str, secrecy: Secrecy = IN_GENERAL) -> str:
    """The address without its password and fragment, and with secret query parameters replaced."""
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        return "(an address that cannot be read)"
    if address.fragment:
        address = address.copy_with(fragment=None)
    if address.password:
        address = address.copy_with(username=address.username, password=_HIDDEN)
    if not address.query:
        return str(address)
    parameters = [
        (name, _HIDDEN if name.lower() in secrecy.all_parameters else value)
        for name, value in address.params.multi_items()
    ]
    return str(address.copy_with(query=urlencode(parameters, safe="*$:/,").encode()))


def shown(request: httpx.Request) -> str:
    """Method and address of a request without its secrets."""
    return f"{request.method} {without_secrets(request.url, _secrecy_of(request))}"


def public_headers(headers: httpx.Headers, secrecy: Secrecy = IN_GENERAL) -> dict[str, str]:
    """The headers without those that are secret, and with a Location whose parameters are safe to keep."""
    shown = {name: value for name, value in headers.items() if name.lower() not in secrecy.all_headers}
    if "location" in shown:
        shown["location"] = without_secrets(shown["location"], secrecy)
    return shown


def without_echo(text: str, request: httpx.Request) -> str:
    """`text` of an answer without the secrets of its request, which some servers repeat in their errors."""
    for secret in sorted(set(_secrets_of(request)), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _HIDDEN)
    return text


def _secrecy_of(request: httpx.Request) -> Secrecy:
    found = request.extensions.get(_EXTENSION)
    return found if isinstance(found, Secrecy) else IN_GENERAL


def _secrets_of(request: httpx.Request) -> Iterator[str]:
    secrecy = _secrecy_of(request)
    for name in secrecy.all_headers & set(request.headers):
        value = request.headers[name]
        scheme, _, credentials = value.partition(" ")
        yield from (value, credentials)
        if scheme.lower() == "basic":
            yield from _password(credentials)
    pairs = request.url.params.multi_items()
    if request.headers.get("content-type", "").startswith(_FORM) and isinstance(
        request.stream, httpx.ByteStream
    ):
        pairs += parse_qsl(request.content.decode("utf-8", "replace"))
    yield from (value for name, value in pairs if name.lower() in secrecy.all_parameters)


def _password(credentials: str) -> Iterator[str]:
    try:
        yield base64.b64decode(credentials, validate=True).decode("utf-8", "replace").partition(":")[2]
    except binascii.Error:
        return


def _hide_addresses(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            without_secrets(value, _in_use.get()) if isinstance(value, httpx.URL) else value
            for value in record.args
        )
    return True


# httpx writes every address, with its whole query, to a log of its own.
logging.getLogger("httpx").addFilter(_hide_addresses)
