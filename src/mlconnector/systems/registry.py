"""The registry: every outside system that has a folder here, found by what its package describes.

A package `mlconnector.systems.<name>` is a source where it has `describe_source() -> SourceSystem`, and a
sink where it has `describe_sink() -> SinkSystem`. Adding either needs no change anywhere else.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from mlconnector.systems.kit.secrecy import Secrecy
from mlconnector.systems.sink import SinkSystem
from mlconnector.systems.source import SourceSystem

_PACKAGE = "mlconnector.systems"
_SOURCE, _SINK = "def describe_source(", "def describe_sink("


def source_systems() -> dict[str, SourceSystem]:
    """Every source by its name."""
    found = [_package(name).describe_source() for name in source_names()]
    return {system.name: system for system in found}


def sink_systems() -> dict[str, SinkSystem]:
    """Every sink by its name."""
    found = [_package(name).describe_sink() for name in _folders(_SINK)]
    return {system.name: system for system in found}


def source_names() -> tuple[str, ...]:
    """The names of the sources, none of which is loaded for it."""
    return _folders(_SOURCE)


def source_system(name: str) -> SourceSystem | None:
    """The source of this name, the only one that is loaded for it; None where there is none."""
    if name not in source_names():
        return None
    found: SourceSystem = _package(name).describe_source()
    return found


def secrecies() -> dict[str, Secrecy]:
    """What is secret about the requests of every system, by its name."""
    sources = {name: source.secrecy for name, source in source_systems().items()}
    return sources | {name: sink.secrecy for name, sink in sink_systems().items()}


def _package(name: str) -> Any:
    return importlib.import_module(f"{_PACKAGE}.{name}")


@cache
def _folders(describes: str) -> tuple[str, ...]:
    """The folders whose package has this function; the packages are read as texts, and not loaded."""
    path = importlib.import_module(_PACKAGE).__path__
    found = []
    for module in pkgutil.iter_modules(path):
        spec = importlib.util.find_spec(f"{_PACKAGE}.{module.name}") if module.ispkg else None
        if spec is not None and spec.origin and describes in Path(spec.origin).read_text(encoding="utf-8"):
            found.append(module.name)
    return tuple(found)
