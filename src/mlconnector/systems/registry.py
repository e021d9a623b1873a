"""The registry: every outside system that has a folder here, found by what its package describes.

A package `mlconnector.systems.<name>` is a source where it has `describe_source() -> SourceSystem`, a sink
where it has `describe_sink() -> SinkSystem`, and a warehouse where it has `describe_warehouse() ->
WarehouseSystem`. Adding one needs no change anywhere else.
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mlconnector.systems.kit.secrecy import Secrecy
from mlconnector.systems.sink import SinkSystem
from mlconnector.systems.source import SourceSystem

if TYPE_CHECKING:
    from mlconnector.systems.warehouse import WarehouseSystem

_PACKAGE = "mlconnector.systems"
_SOURCE, _SINK, _WAREHOUSE = "describe_source", "describe_sink", "describe_warehouse"


def source_systems() -> dict[str, SourceSystem]:
    """Every source by its name."""
    return _all_described(_SOURCE)


def sink_systems() -> dict[str, SinkSystem]:
    """Every sink by its name."""
    return _all_described(_SINK)


def source_names() -> tuple[str, ...]:
    """The names of the sources, none of which is loaded for it."""
    return _folders(_SOURCE)


def source_system(name: str) -> SourceSystem | None:
    """The source of this name, the only one that is loaded for it; None where there is none."""
    found: SourceSystem | None = _described(name, _SOURCE)
    return found


def warehouse_names() -> tuple[str, ...]:
    """The names of the warehouses, none of which is loaded for it."""
    return _folders(_WAREHOUSE)


def warehouse_system(name: str) -> WarehouseSystem | None:
    """The warehouse of this name; None where there is none."""
    found: WarehouseSystem | None = _described(name, _WAREHOUSE)
    return found


def secrecies() -> dict[str, Secrecy]:
    """What is secret about the requests of every system, by its name."""
    sources = {name: source.secrecy for name, source in source_systems().items()}
    return sources | {name: sink.secrecy for name, sink in sink_systems().items()}


def _all_described(describe: str) -> dict[str, Any]:
    found = [_described(name, describe) for name in _folders(describe)]
    return {system.name: system for system in found}


def _described(name: str, describe: str) -> Any:
    """What a package says of itself by this function; None where it has none."""
    if name not in _folders(describe):
        return None
    return getattr(importlib.import_module(f"{_PACKAGE}.{name}"), describe)()


@cache
def _folders(describe: str) -> tuple[str, ...]:
    """The folders whose package has this function; the packages are read as texts, and not loaded."""
    packages = {folder.name: folder.joinpath("__init__.py") for folder in files(_PACKAGE).iterdir()}
    return tuple(
        name
        for name, file in sorted(packages.items())
        if file.is_file() and f"def {describe}(" in file.read_text(encoding="utf-8")
    )
