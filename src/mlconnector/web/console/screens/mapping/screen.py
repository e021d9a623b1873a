"""What the pages of the screen Zuordnung have in common: whose mapping it is, and the kinds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from mlconnector.flow.context.context import Context
from mlconnector.mapping.list_entries import Fault
from mlconnector.texts.catalogue import fault
from mlconnector.texts.named import for_connection
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Visit

SCREEN = Screen("mapping", order=40, verb="see", path="mapping")
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of mapping."""

    title: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ShownFault:
    """What is wrong with a line of a file."""

    line: int
    words: str


def place(page: str, name: str, **more: str) -> str:
    """The address of a page about the mapping of a connection."""
    return f"{SCREEN.address(page)}?{urlencode({'connection': name, **more})}"


def tabs(at: Visit, context: Context, current: str) -> Sequence[Tab]:
    """The kinds of mapping that a connection has."""
    has_words = context.settings.source_system.own_words is not None
    kinds = ["", "rows", *(["words"] if has_words else []), "chart", "numbers"]
    return [Tab(at.say(f"tab_{one or 'confirm'}"), place(one, context.name), one == current) for one in kinds]


def faults_in_words(at: Visit, name: str, faults: Sequence[Fault]) -> list[ShownFault]:
    """The first faults of a file."""
    return [
        ShownFault(one.line, for_connection(fault(one.key, one.facts, at.language), name))
        for one in faults[:_SHOWN]
    ]
