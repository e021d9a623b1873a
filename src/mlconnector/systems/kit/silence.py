"""Silence: no answer came from an outside system, and why, as far as this machine can tell."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from mlconnector.errors import RetryLater

Kind = Literal["name", "refused", "route", "timeout", "proxy", "certificate", "encryption", "other"]


class Silence(RetryLater):
    """No answer came from `address` (scheme, host and port), whose `setting` is empty where it is not set.

    `sent` is False where the request did not get there. `proxy` is what stands between, empty for nothing;
    `answer` is what this machine says of it.
    """

    def __init__(
        self,
        system: str,
        error: Exception,
        kind: Kind,
        address: str,
        *,
        sent: bool,
        proxy: str = "",
        setting: str = "",
    ) -> None:
        words = "did not answer" if sent else "cannot be reached"
        super().__init__(f"{system} {words}: {error}", outcome_unknown=sent)
        self.system = system
        self.kind = kind
        self.address = address
        self.proxy = proxy
        self.setting = setting
        self.answer = str(error) or type(error).__name__


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path="", query="", fragment="").geturl()
