"""What an endpoint is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlconnector.standins.cin7.query import Query
from mlconnector.standins.cin7.records import File


@dataclass
class Asked:
    """One request: its parameters, its body, and how addresses of files are made for who asks."""

    query: Query
    address: Callable[[File], str]
    body: Any = None


Handler = Callable[[Asked], Any]
"""Gives the body of the answer; raises Refusal."""
