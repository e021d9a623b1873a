"""Silence: why no answer came, as far as this machine can tell, and which address and setting it concerns."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Literal
from urllib.request import getproxies, proxy_bypass

import httpx

from mlconnector.errors import RetryLater
from mlconnector.systems.kit.redaction import without_secrets

Kind = Literal["name", "refused", "route", "timeout", "proxy", "certificate", "encryption", "other"]
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Silence(RetryLater):
    """No answer came from `address` (scheme, host and port), whose `setting` is empty where it is not set.

    `proxy` is what stands between, empty for nothing; `answer` is what this machine says of it.
    """

    def __init__(
        self, system: str, error: httpx.RequestError, kind: Kind, proxy: str = "", setting: str = ""
    ) -> None:
        unsent = isinstance(error, _BEFORE_SENDING)
        words = "cannot be reached" if unsent else "did not answer"
        super().__init__(f"{system} {words}: {error}", outcome_unknown=not unsent)
        self.system = system
        self.kind = kind
        self.address = origin(error.request.url)
        self.proxy = proxy
        self.setting = setting
        self.answer = str(error) or type(error).__name__


def silence(system: str, error: httpx.RequestError, setting: str = "") -> Silence:
    """Why no answer came to the request of an error."""
    kind = _kind(error)
    proxy = _proxy_for(error.request.url)
    # What stands between is reached first, so that it is what nobody finds or what does not answer.
    if proxy and kind in {"name", "refused", "route"}:
        kind = "proxy"
    return Silence(system, error, kind, proxy, setting)


def origin(url: httpx.URL) -> str:
    """Scheme, host and port of an address."""
    return str(url.copy_with(username="", password="", raw_path=b"", fragment=None)).rstrip("/")


def _kind(error: httpx.RequestError) -> Kind:
    if isinstance(error, httpx.ProxyError):
        return "proxy"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return "certificate"
            case ssl.SSLError():
                return "encryption"
            case socket.gaierror():
                return "name"
            case ConnectionRefusedError():
                return "refused"
            case OSError() if cause.errno in _NO_ROUTE:
                return "route"
    return "timeout" if not isinstance(error, httpx.ConnectError) else "other"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _proxy_for(url: httpx.URL) -> str:
    """The proxy that the environment names for an address, without its password."""
    known = getproxies()
    proxy = known.get(url.scheme) or known.get("all") or ""
    return "" if not proxy or proxy_bypass(url.host) else without_secrets(proxy)
