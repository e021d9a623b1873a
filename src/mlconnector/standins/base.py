"""What every stand-in offers to the demo, the tests and the bench; a stand-in is one folder with a `create`.

A stand-in package `mlconnector.standins.<name>` has a function `create(options: Options) -> StandIn`.
Stand-ins import nothing of the product: they are its opposite side, and must not share its mistakes.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mlconnector.standins.faults import Faults

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Clock:
    """Wall-clock seconds that a test can move forward, so that no test waits for a token to expire."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        """Seconds since the epoch, as the stand-in sees them."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the stand-in's time forward."""
        self.offset += seconds


@dataclass
class Options:
    """How a stand-in is started.

    `records` is the number of records a source holds, made from `seed`. `received` is where a sink
    writes what it accepted. `delay` is the number of seconds an asynchronous job takes.
    `state_file` lets it continue where it was stopped.
    """

    records: int = 25
    seed: int = 1
    received: Path | None = None
    delay: float = 0.0
    state_file: Path | None = None
    clock: Clock = field(default_factory=Clock)
    extra: Mapping[str, str] = field(default_factory=dict)


class StandIn(Protocol):
    """A running imitation of an outside system."""

    name: str
    faults: Faults

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""

    def save(self) -> None:
        """Write the state to `Options.state_file`, when one was given."""


def create(name: str, options: Options) -> StandIn:
    """Build the stand-in of the system `name`."""
    module = importlib.import_module(f"mlconnector.standins.{name}")
    standin: StandIn = module.create(options)
    return standin


def names() -> list[str]:
    """The systems that have a stand-in: the sub-packages of this folder."""
    package = importlib.import_module("mlconnector.standins")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)
