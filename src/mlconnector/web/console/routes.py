"""The console as the web application takes it: routes of all screens, style sheet, answers to errors."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mlconnector.web.application import Pages
from mlconnector.web.console import errors
from mlconnector.web.console.pages import STYLE, Area
from mlconnector.web.console.place import HOME
from mlconnector.web.console.screens import every_screen
from mlconnector.web.console.visits import to_place

router = APIRouter(include_in_schema=False)


@router.get(HOME.rstrip("/"))
def to_home() -> Response:
    """Lead on to the first screen."""
    return to_place(HOME)


@router.get(f"{HOME}console.css")
def style() -> Response:
    """The style sheet of all screens."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=300"})


def console() -> Pages:
    """All of the console."""
    screens = every_screen()
    whole = APIRouter(include_in_schema=False)
    whole.include_router(router)
    for one in screens:
        whole.include_router(one.router)
    areas = tuple(Area(one.name, one.home, one.order, one.has_help, one.verb) for one in screens)
    bodies = {path: largest for one in screens for path, largest in one.bodies.items()}
    return Pages(whole, errors.handlers(), areas, bodies)
