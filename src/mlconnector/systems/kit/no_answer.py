"""No answer: what the error of a request that nobody answered says about the way there."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.request import getproxies, proxy_bypass

import httpx

from mlconnector.systems.kit.redaction import without_secrets
from mlconnector.systems.kit.silence import Kind, Silence, origin

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def silence(system: str, error: httpx.RequestError, setting: str = "") -> Silence:
    """Why no answer came to the request of an error."""
    sent = not isinstance(error, _BEFORE_SENDING)
    return silence_of(system, error, _kind(error), str(error.request.url), sent=sent, setting=setting)


def silence_of(
    system: str, error: Exception, kind: Kind, url: str, *, sent: bool, setting: str = ""
) -> Silence:
    """The same where another library has asked, and the kind is known."""
    proxy = _proxy_for(httpx.URL(url))
    # What stands between is reached first, so that it is what nobody finds or what does not answer.
    if proxy and kind in {"name", "refused", "route"}:
        kind = "proxy"
    return Silence(system, error, kind, origin(url), sent=sent, proxy=proxy, setting=setting)


def _kind(error: httpx.RequestError) -> Kind:
    if isinstance(error, httpx.ProxyError):
        return "proxy"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    return kind_of_causes(error) or ("other" if isinstance(error, httpx.ConnectError) else "timeout")


def kind_of_causes(error: Exception) -> Kind | None:
    """What this machine says of an error, or of what it comes from; None where it says nothing known."""
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
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _proxy_for(url: httpx.URL) -> str:
    """The proxy that the environment names for an address, without its password."""
    known = getproxies()
    proxy = known.get(url.scheme) or known.get("all") or ""
    return "" if not proxy or proxy_bypass(url.host) else without_secrets(proxy)
