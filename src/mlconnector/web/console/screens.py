"""The routes of the console."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.people import sessions, users
from mlconnector.flow.people.sessions import Session, TooManyFailures
from mlconnector.store import people
from mlconnector.texts.catalogue import explain
from mlconnector.web.application import Pages
from mlconnector.web.console import access, overview
from mlconnector.web.console.access import HOME, Fields, MaybeSession, Refused, Seen
from mlconnector.web.console.pages import STYLE, Viewer, shown
from mlconnector.web.parts import Parts, Web

router = APIRouter(prefix="/console", include_in_schema=False)
PAGES = Pages(router, {Refused: access.refused})
See = Annotated[Session, Depends(access.allowed("see"))]
OfPeople = Annotated[Session, Depends(access.allowed("people"))]


@router.get("")
def to_home() -> Response:
    """Lead on to the first screen."""
    return _to(HOME)


@router.get("/console.css")
def style() -> Response:
    """The style sheet of all screens."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=300"})


@router.get("/")
def home(web: Web, _session: See, viewer: Seen) -> Response:
    """What to do, how the connections stand, and what became of everything."""
    return shown("overview.html", viewer, **overview.screen(web.application, viewer.language))


@router.get("/login")
def login_page(web: Web, viewer: Seen, session: MaybeSession) -> Response:
    """The form to log in."""
    if session is not None:
        return _to(HOME)
    with web.application.database.read() as db:
        anybody = people.is_anybody(db)
    return shown("login.html", viewer, error="", name="", anybody=anybody)


@router.post("/login")
def log_in(request: Request, web: Web, viewer: Seen, fields: Fields) -> Response:
    """Begin a session."""
    name, address = fields.get("name", ""), request.client.host if request.client else ""
    try:
        session = sessions.log_in(web.application.services, name, fields.get("password", ""), address)
    except TooManyFailures:
        status = HTTPStatus.TOO_MANY_REQUESTS
        return shown("login.html", viewer, status, error="login_too_often", name=name, anybody=True)
    if session is None:
        status = HTTPStatus.FORBIDDEN
        return shown("login.html", viewer, status, error="login_wrong", name=name, anybody=True)
    return _begun(web, session)


@router.post("/logout")
def log_out(web: Web, session: See, fields: Fields) -> Response:
    """End the session."""
    access.with_token(session, fields)
    sessions.log_out(web.application.services, session)
    answer = _to(f"{HOME}login")
    answer.delete_cookie(access.COOKIE, path="/console")
    return answer


@router.post("/language")
def choose_language(web: Web, session: See, fields: Fields) -> Response:
    """Keep the language that somebody wants to read."""
    access.with_token(session, fields)
    language = "de" if fields.get("language") == "de" else "en"
    with web.application.database.write() as db:
        people.set_language(db, session.user.name, language)
    return _to(HOME)


@router.get("/setup")
def setup_page(viewer: Seen, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The form in which the first administrator is made."""
    return shown("setup.html", viewer, token=token, name="", words=None)


@router.post("/setup")
def set_up(request: Request, web: Web, viewer: Seen, fields: Fields) -> Response:
    """Make the first administrator, and log in."""
    services = web.application.services
    token, name, password = (fields.get(field, "") for field in ("token", "name", "password"))
    try:
        users.add_first(services, token, name, password)
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, viewer.language)
        return shown("setup.html", viewer, HTTPStatus.CONFLICT, token=token, name=name, words=words)
    address = request.client.host if request.client else ""
    session = sessions.log_in(services, name, password, address)
    return _to(f"{HOME}login") if session is None else _begun(web, session)


@router.get("/people")
def show_people(web: Web, _session: OfPeople, viewer: Seen) -> Response:
    """Everybody who may log in, and how many sessions they have."""
    return _people(web, viewer)


@router.post("/people")
def change_people(web: Web, session: OfPeople, viewer: Seen, fields: Fields) -> Response:
    """End the sessions of a user, or let the user log in no more."""
    access.with_token(session, fields)
    services, name, by = web.application.services, fields.get("user", ""), session.user.name
    try:
        if fields.get("action") == "disable":
            users.disable(services, name, by)
        else:
            users.end_sessions(services, name, by)
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, viewer.language)
        return _people(web, viewer, HTTPStatus.CONFLICT, words)
    return _to(f"{HOME}people")


def _people(web: Parts, viewer: Viewer, status: HTTPStatus = HTTPStatus.OK, words: object = None) -> Response:
    with web.application.database.read() as db:
        everybody = people.every(db)
        counts = people.session_counts(db, web.application.services.now())
    return shown("people.html", viewer, status, everybody=everybody, counts=counts, words=words)


def _begun(web: Parts, session: Session) -> Response:
    answer = _to(HOME)
    access.keep(answer, session, web.application.settings.public_url or "")
    return answer


def _to(place: str) -> Response:
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)
