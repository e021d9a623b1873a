"""What the screen Ausnahmen says of itself, and where its pages are."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mlconnector.web.console.screen import Screen

SCREEN = Screen("exceptions", order=50, verb="see", path="exceptions")


def address_of(page: str, fields: Mapping[str, str]) -> str:
    """The address of a page of the screen that is asked for with these fields."""
    return f"{SCREEN.address(page)}?{urlencode(fields)}" if fields else SCREEN.address(page)
