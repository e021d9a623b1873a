"""What an endpoint is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mlconnector.standins.databricks.answers import Row, invalid


@dataclass
class Asked:
    """One request: who asks, its path, query and body; `base_url` is our own address for who asks."""

    principal: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Row
    content: bytes
    base_url: str

    def required(self, name: str) -> Any:
        """A value of the body; raises Refusal where it is not there."""
        if self.body.get(name) in (None, ""):
            raise invalid(f"Missing required field: {name}")
        return self.body[name]

    def number(self, name: str) -> int:
        """A number of the query or body; raises Refusal where it is none."""
        given = self.query.get(name, self.body.get(name))
        if given is None:
            raise invalid(f"Missing required field: {name}")
        try:
            return int(given)
        except (TypeError, ValueError):
            raise invalid(f"{name} is no number: {given}") from None


class Api(NamedTuple):
    """A row of a route table; the handler gives the body or an answer, and raises Refusal or SqlError."""

    method: str
    path: str
    handler: Callable[[Asked], Any]
