"""The tables of texts: those that belong to no system beside this module, those of a system in its folder.

A system's texts are `systems/<name>/texts/*.toml`; they are found as files, so that no code of it is needed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

_BY_KIND = frozenset({"words.toml", "fields.toml"})
"""Tables whose texts stand one level deeper: by their kind, then by their key."""


@cache
def table(name: str) -> dict[str, Any]:
    """All texts of a kind, e.g. `problems.toml`: the general ones, and those of every system.

    Raises ValueError when two tables have the same key, for one of them would never be seen.
    """
    merged: dict[str, Any] = {}
    general = files(__package__).joinpath(name)
    for each in ([_read(general)] if general.is_file() else []) + list(tables_of_systems(name).values()):
        if name in _BY_KIND:
            for kind, words in each.items():
                _add(merged.setdefault(kind, {}), words, f"{name}: {kind}.")
        else:
            _add(merged, each, f"{name}: ")
    return merged


@cache
def entry(name: str, key: str) -> dict[str, Any] | None:
    """One entry of a table by its first name, without reading all the others; None where there is none.

    A command says a few sentences, and would wait longer for the rest than for anything else that it does.
    """
    start = re.compile(rf"^\[{re.escape(key)}[.\]]", re.MULTILINE)
    found: dict[str, Any] = {}
    for text in _texts(name):
        parts = [text[at.start() : _end(text, at.end())] for at in start.finditer(text)]
        try:
            found |= tomllib.loads("".join(parts)).get(key, {})
        except tomllib.TOMLDecodeError:
            # A line within a text that looks like a heading: then all of it has to be read.
            return table(name).get(key)
    return found or table(name).get(key)


def _end(text: str, start: int) -> int:
    """Where the next heading begins."""
    heading = text.find("\n[", start)
    return len(text) if heading < 0 else heading + 1


@cache
def _texts(name: str) -> tuple[str, ...]:
    """The files of a kind as they stand, the general one first."""
    folders = sorted(_systems().iterdir(), key=lambda folder: folder.name)
    places = [files(__package__).joinpath(name), *(folder.joinpath("texts", name) for folder in folders)]
    return tuple(file.read_text(encoding="utf-8") for file in places if file.is_file())


@cache
def tables_of_systems(name: str) -> dict[str, dict[str, Any]]:
    """The tables of a kind by the names of the systems that have one."""
    folders = sorted(_systems().iterdir(), key=lambda folder: folder.name)
    found = {folder.name: folder.joinpath("texts", name) for folder in folders if folder.is_dir()}
    return {system: _read(file) for system, file in found.items() if file.is_file()}


@cache
def case_titles() -> dict[str, dict[str, str]]:
    """What tax cases are called, by their names, from their own table."""
    cases = _read(files("mlconnector").joinpath("mapping", "tax_cases.toml"))
    return {name: case["title"] for name, case in cases.items()}


def _add(merged: dict[str, Any], texts: Mapping[str, Any], where: str) -> None:
    for key, entry in texts.items():
        if key in merged:
            raise ValueError(f"{where}{key} is there twice")
        merged[key] = entry


def _systems() -> Traversable:
    return files("mlconnector").joinpath("systems")


def _read(file: Traversable) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
