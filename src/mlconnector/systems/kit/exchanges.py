"""Exchanges with outside systems, as they are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mlconnector.systems.kit.silence import Kind


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer as the technical log keeps them.

    Where no answer came `status` is None, and `silence` says why.
    """

    system: str
    at: datetime
    method: str
    url: str
    status: int | None
    seconds: float
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    body: str
    error: str
    silence: Kind | None = None


class ExchangeLog(Protocol):
    """Where exchanges are written down."""

    def write(self, exchange: Exchange) -> None:
        """Keep one exchange; it may be stored together with others a little later."""
