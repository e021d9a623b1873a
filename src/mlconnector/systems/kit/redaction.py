"""Keeps secrets out of what is written down about HTTP: addresses, headers, and answers that repeat them."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import httpx

from mlconnector.systems.kit.secrecy import IN_GENERAL, Secrecy, secrecy_in_use, secrecy_of

_FORM = "application/x-www-form-urlencoded"
_SHORTEST_SECRET = 8
_HIDDEN = "***"


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
    return f"{request.method} {without_secrets(request.url, secrecy_of(request.extensions))}"


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


def _secrets_of(request: httpx.Request) -> Iterator[str]:
    secrecy = secrecy_of(request.extensions)
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
            without_secrets(value, secrecy_in_use()) if isinstance(value, httpx.URL) else value
            for value in record.args
        )
    return True


# httpx writes every address, with its whole query, to a log of its own.
logging.getLogger("httpx").addFilter(_hide_addresses)
