"""The texts as they stand in their files, and the facts that they take."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import mlconnector
from mlconnector.texts.tables import table

__all__ = [
    "LANGUAGES",
    "all_sentences",
    "files_of",
    "needed",
    "sentences",
    "slots",
    "systems",
    "table",
    "welcome",
]

LANGUAGES = ("de", "en")
SOURCE = Path(mlconnector.__file__).parent


def files_of(system: str) -> dict[str, dict[str, Any]]:
    """The tables of a system by their file; those that belong to no system for an empty name."""
    folder = SOURCE / "systems" / system / "texts" if system else SOURCE / "texts"
    return {
        str(file.relative_to(folder)): tomllib.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.toml"))
    }


def systems() -> list[str]:
    """The systems that have texts of their own."""
    return sorted(folder.parent.name for folder in (SOURCE / "systems").glob("*/texts"))


def sentences(content: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Every text in a table: its place, its language and itself."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from sentences(value, f"{place}.{name}")
        elif isinstance(value, str) and name in LANGUAGES:
            yield place, name, value
        elif isinstance(value, str) and place.rpartition(".")[2] in LANGUAGES:
            yield f"{place}.{name}", place.rpartition(".")[2], value


def all_sentences() -> Iterator[tuple[str, str, str]]:
    """Every text of every file."""
    for system in ("", *systems()):
        for name, content in files_of(system).items():
            yield from sentences(content, name.removesuffix(".toml"))


def needed(template: str) -> set[str]:
    """The facts without which a text would show a dash."""
    return {
        slot.partition(".")[0] for _, slot, around, _ in Formatter().parse(template) if slot and not around
    }


def welcome(template: str) -> set[str]:
    """The facts that a text can do without."""
    return {slot.partition(".")[0] for _, slot, around, _ in Formatter().parse(template) if slot and around}


def slots(template: str) -> set[str]:
    """The slots of a text as they are written, e.g. `region.word`."""
    return {slot for _, slot, _, _ in Formatter().parse(template) if slot}
