"""The texts as they stand in their files, and the facts that they take."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from string import Formatter
from typing import Any

LANGUAGES = ("de", "en")


def table(name: str) -> dict[str, Any]:
    """The content of a file of texts."""
    content: dict[str, Any] = tomllib.loads(
        files("mlconnector.texts").joinpath(name).read_text(encoding="utf-8")
    )
    return content


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
    for file in sorted(files("mlconnector.texts").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            yield from sentences(table(file.name), file.name.removesuffix(".toml"))


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
