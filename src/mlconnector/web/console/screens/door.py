"""The door: logging in and out, and making the first administrator."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.people import logins, sessions, users
from mlconnector.flow.people.logins import LoggedIn, TooManyFailures
from mlconnector.store import people
from mlconnector.texts.catalogue import explain
from mlconnector.web.console import access
from mlconnector.web.console.access import Fields, Form, MaybeSession
from mlconnector.web.console.pages import shown
from mlconnector.web.console.place import HOME, within
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, frame_of, to_place, viewer_of
from mlconnector.web.parts import Web, parts_of

SCREEN = Screen("door", order=0, verb=None, path="", has_help=False)


@SCREEN.page("login")
def login_page(
    request: Request, session: MaybeSession, then: Annotated[str, Query(max_length=2000)] = ""
) -> Response:
    """The form to log in."""
    return to_place(within(then)) if session is not None else _login(request, then=then)


@SCREEN.open_action("login")
def log_in(request: Request, web: Web, form: Fields) -> Response:
    """Begin a session."""
    name, then = form.get("name"), form.get("then")
    try:
        begun = _begin(request, web.application.services, name, form)
    except TooManyFailures:
        status = HTTPStatus.TOO_MANY_REQUESTS
        return _login(request, status, error="login_too_often", name=name, then=then)
    if begun is None:
        return _login(request, HTTPStatus.FORBIDDEN, error="login_wrong", name=name, then=then)
    answer = to_place(within(then))
    access.keep(request, answer, begun)
    return answer


@SCREEN.action("logout", "see")
def log_out(request: Request, at: Acting) -> Response:
    """End the session."""
    sessions.log_out(at.app.services, at.session)
    answer = to_place(f"{HOME}login")
    access.forget(request, answer)
    return answer


@SCREEN.page("setup")
def setup_page(
    request: Request, session: MaybeSession, token: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The form in which the first administrator is made."""
    return to_place(HOME) if session is not None else _setup(request, token=token)


@SCREEN.open_action("setup")
def set_up(request: Request, web: Web, form: Fields) -> Response:
    """Make the first administrator, and log in."""
    services, name, token = web.application.services, form.get("name"), form.get("token")
    try:
        users.add_first(services, token, name, form.raw("password"))
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, viewer_of(request, None).language)
        return _setup(request, HTTPStatus.CONFLICT, token=token, name=name, words=words)
    begun = _begin(request, services, name, form)
    answer = to_place(HOME if begun else f"{HOME}login")
    if begun is not None:
        access.keep(request, answer, begun)
    return answer


def _begin(request: Request, services: Services, name: str, form: Form) -> LoggedIn | None:
    address, browser = access.address_of(request), access.browser_of(request)
    return logins.log_in(services, name, form.raw("password"), address, browser)


def _login(
    request: Request, status: HTTPStatus = HTTPStatus.OK, *, error: str = "", name: str = "", then: str = ""
) -> Response:
    with parts_of(request).application.database.read() as db:
        anybody = people.is_anybody(db)
    return _page(request, "door/login.html", status, error=error, name=name, then=then, anybody=anybody)


def _setup(
    request: Request,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    token: str = "",
    name: str = "",
    words: object = None,
) -> Response:
    return _page(request, "door/setup.html", status, token=token, name=name, words=words)


def _page(request: Request, template: str, status: HTTPStatus, /, **more: object) -> Response:
    viewer = viewer_of(request, None)
    return shown(template, viewer, frame_of(request, None, viewer), status, **more)
