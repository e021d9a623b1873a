"""What the screen Buchungsvorschau says of itself, and where its pages are."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Visit

SCREEN = Screen("preview", order=45, verb="see", path="preview")


def address_of(page: str, fields: Mapping[str, str]) -> str:
    """The address of a page of the screen that is asked for with these fields."""
    return f"{SCREEN.address(page)}?{urlencode(fields)}"


def exceptions_of(at: Visit, fields: Mapping[str, str], page: str = "") -> str:
    """The address of what waits; empty where there is no such screen."""
    home = at.home_of("exceptions")
    return f"{home}{page}?{urlencode(fields)}" if home else ""
