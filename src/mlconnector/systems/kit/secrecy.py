"""Secrecy: what of a system's requests is secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_PARAMETERS = frozenset(
    {"code", "code_verifier", "state", "token", "access_token", "refresh_token", "id_token", "id_token_hint"}
    | {"client_secret", "client_assertion", "assertion", "password"}
    | {"signature", "sig", "x-amz-signature", "x-amz-security-token", "x-amz-credential", "x-goog-signature"}
)
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
"""Where a system names no secrets of its own."""
_in_use: ContextVar[Secrecy] = ContextVar("secrecy", default=IN_GENERAL)


def secrecy_in_use() -> Secrecy:
    """The secrecy of the request that is being sent."""
    return _in_use.get()


def secrecy_of(extensions: Mapping[str, object]) -> Secrecy:
    """The secrecy that a request carries in its extensions."""
    found = extensions.get(_EXTENSION)
    return found if isinstance(found, Secrecy) else IN_GENERAL
