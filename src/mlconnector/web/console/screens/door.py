"""The door: logging in and out, and making the first administrator."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from mlconnector.console_settings import OidcSettings
from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.people import logins, oidc, sessions, users
from mlconnector.flow.people.logins import LoggedIn, TooManyFailures
from mlconnector.store import people
from mlconnector.texts.catalogue import Explanation, explain
from mlconnector.web.console import access
from mlconnector.web.console.access import Fields, Form, MaybeSession
from mlconnector.web.console.pages import shown
from mlconnector.web.console.place import HOME, within
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, frame_of, to_place, viewer_of
from mlconnector.web.parts import Parts, Web, parts_of

_LOGIN = f"{HOME}login"
# What a browser keeps is a cookie, and those have 4,096 bytes at most.
_LONGEST_WAY_BACK = 1000
Brought = Annotated[str, Query(max_length=8192)]

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
    if not web.application.settings.console.passwords:
        return _login(request, HTTPStatus.FORBIDDEN, error="passwords_off", then=then)
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


@SCREEN.page("login/oidc")
def to_issuer(
    request: Request, web: Web, session: MaybeSession, then: Annotated[str, Query(max_length=2000)] = ""
) -> Response:
    """Lead to the issuer that the settings name."""
    if session is not None or _oidc(web) is None:
        return to_place(within(then) if session is not None else _LOGIN)
    onward = within(then) if len(then) <= _LONGEST_WAY_BACK else HOME
    try:
        address, kept = oidc.begin(web.application.services, _back(web), onward)
    except NeedsHuman as failure:
        return _refused(request, failure)
    answer = to_place(address)
    access.keep_login(request, answer, kept, int(oidc.LIFETIME.total_seconds()))
    return answer


@SCREEN.page("login/oidc/back")
def from_issuer(
    request: Request,
    web: Web,
    state: Brought = "",
    code: Brought = "",
    iss: Brought = "",
    error: Brought = "",
) -> Response:
    """Begin the session of whoever comes back from the issuer."""
    if _oidc(web) is None:
        return to_place(_LOGIN)
    brought = oidc.Answer(access.kept_login(request), state, code, iss, error)
    try:
        begun, then = oidc.finish(web.application.services, brought, access.address_of(request))
    except NeedsHuman as failure:
        answer = _refused(request, failure)
    else:
        answer = to_place(within(then))
        access.keep(request, answer, begun)
    access.keep_login(request, answer, "")
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
    if session is not None or not parts_of(request).application.settings.console.passwords:
        return to_place(HOME)
    return _setup(request, token=token)


@SCREEN.open_action("setup")
def set_up(request: Request, web: Web, form: Fields) -> Response:
    """Make the first administrator, and log in."""
    services, name, token = web.application.services, form.get("name"), form.get("token")
    if not services.settings.console.passwords:
        return to_place(_LOGIN)
    try:
        users.add_first(services, token, name, form.raw("password"))
    except NeedsHuman as error:
        words = explain(
            error.problem.key, error.problem.facts, viewer_of(request, None).language, on_page=True
        )
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
    request: Request,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    error: str = "",
    words: Explanation | None = None,
    name: str = "",
    then: str = "",
) -> Response:
    app = parts_of(request).application
    with app.database.read() as db:
        anybody = people.is_anybody(db)
    told = {"error": error, "words": words, "name": name, "then": then}
    return _page(request, "door/login.html", status, console=app.settings.console, anybody=anybody, **told)


def _refused(request: Request, failure: NeedsHuman) -> Response:
    """The login page with why nobody was let in."""
    problem = failure.problem
    words = explain(problem.key, problem.facts, viewer_of(request, None).language, on_page=True)
    return _login(request, HTTPStatus.FORBIDDEN, words=words)


def _oidc(web: Parts) -> OidcSettings | None:
    return web.application.settings.console.oidc


def _back(web: Parts) -> str:
    """Where the issuer leads back to."""
    return f"{web.application.settings.public_url.rstrip('/')}{HOME}login/oidc/back"


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
