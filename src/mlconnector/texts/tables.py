"""The tables of texts: those that belong to no system beside this module, those of a system in its folder.

A system's texts are `systems/<name>/texts/*.toml`; they are found as files, so that no code of it is needed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

_BY_KIND = frozenset({"words.toml"})
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
def tables_of_systems(name: str) -> dict[str, dict[str, Any]]:
    """The tables of a kind by the names of the systems that have one."""
    folders = sorted(_systems().iterdir(), key=lambda folder: folder.name)
    found = {folder.name: folder.joinpath("texts", name) for folder in folders if folder.is_dir()}
    return {system: _read(file) for system, file in found.items() if file.is_file()}


def _add(merged: dict[str, Any], texts: Mapping[str, Any], where: str) -> None:
    for key, entry in texts.items():
        if key in merged:
            raise ValueError(f"{where}{key} is there twice")
        merged[key] = entry


def _systems() -> Traversable:
    return files("mlconnector").joinpath("systems")


def _read(file: Traversable) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
