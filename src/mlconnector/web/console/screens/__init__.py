"""The screens: one module each, which describes itself as `SCREEN`; adding one needs no change elsewhere."""

from __future__ import annotations

import importlib
import pkgutil

from mlconnector.web.console.screen import Screen


def every_screen() -> list[Screen]:
    """All screens, in the order of the areas."""
    names = [one.name for one in pkgutil.iter_modules(__path__)]
    found: list[Screen] = [importlib.import_module(f"{__name__}.{name}").SCREEN for name in names]
    return sorted(found, key=lambda one: (one.order or 1000, one.name))
