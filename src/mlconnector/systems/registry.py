"""The registry: every outside system that has a folder here, found by what its package describes.

A package `mlconnector.systems.<name>` is a source where it has `describe_source() -> SourceSystem`, and a
sink where it has `describe_sink() -> SinkSystem`. Adding either needs no change anywhere else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from mlconnector.systems.kit.redaction import Secrecy
from mlconnector.systems.sink import SinkSystem
from mlconnector.systems.source import SourceSystem

_PACKAGE = "mlconnector.systems"


def source_systems() -> dict[str, SourceSystem]:
    """Every source by its name."""
    found = [package.describe_source() for package in _packages() if hasattr(package, "describe_source")]
    return {system.name: system for system in found}


def sink_systems() -> dict[str, SinkSystem]:
    """Every sink by its name."""
    found = [package.describe_sink() for package in _packages() if hasattr(package, "describe_sink")]
    return {system.name: system for system in found}


def secrecies() -> dict[str, Secrecy]:
    """What is secret about the requests of every system, by its name."""
    sources = {name: source.secrecy for name, source in source_systems().items()}
    return sources | {name: sink.secrecy for name, sink in sink_systems().items()}


def _packages() -> Iterator[ModuleType]:
    for name in _names():
        yield importlib.import_module(f"{_PACKAGE}.{name}")


@cache
def _names() -> tuple[str, ...]:
    path = importlib.import_module(_PACKAGE).__path__
    return tuple(module.name for module in pkgutil.iter_modules(path) if module.ispkg)
