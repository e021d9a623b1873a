"""The screens, one module each, which describes itself as `SCREEN`; and the console that is made of them.

Adding a screen needs no change elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import APIRouter
from starlette.responses import Response

from mlconnector.web.application import Pages
from mlconnector.web.console import errors
from mlconnector.web.console.pages import HTMX, ICON, STYLE, Area
from mlconnector.web.console.place import HOME
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import to_place

router = APIRouter(include_in_schema=False)
_KEPT = {"Cache-Control": "max-age=300"}


@router.get(HOME.rstrip("/"))
def to_home() -> Response:
    """Lead on to the first screen."""
    return to_place(HOME)


@router.get(f"{HOME}console.css")
def style() -> Response:
    """The style sheet of all screens."""
    return Response(STYLE, media_type="text/css", headers=_KEPT)


@router.get(f"{HOME}htmx.min.js")
def htmx() -> Response:
    """The only script: it lets a page that is watched renew itself."""
    return Response(HTMX, media_type="text/javascript", headers=_KEPT)


@router.get(f"{HOME}icon.svg")
def icon() -> Response:
    """The sign of the console."""
    return Response(ICON, media_type="image/svg+xml", headers=_KEPT)


def every_screen() -> list[Screen]:
    """All screens, in the order of the areas."""
    names = [one.name for one in pkgutil.iter_modules(__path__)]
    found: list[Screen] = [importlib.import_module(f"{__name__}.{name}").SCREEN for name in names]
    return sorted(found, key=lambda one: (one.order or 1000, one.name))


def console() -> Pages:
    """All of the console."""
    screens = every_screen()
    routes = [route for each in (router, *(one.router for one in screens)) for route in each.routes]
    areas = tuple(Area(one.name, one.home, one.order, one.has_help, one.verb) for one in screens)
    bodies = {path: largest for one in screens for path, largest in one.bodies.items()}
    return Pages(routes, errors.handlers(), areas, bodies)
