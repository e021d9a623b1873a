"""What a page of the console says instead of what was asked for: in words, as a page; all else as before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.texts.catalogue import Explanation, explain
from mlconnector.web.answers import HANDLERS, told
from mlconnector.web.console.access import Refused, session_of
from mlconnector.web.console.pages import shown
from mlconnector.web.console.place import HOME
from mlconnector.web.console.visits import frame_of, to_place, viewer_of
from mlconnector.web.parts import parts_of

Handler = Callable[[Request, Exception], Awaitable[Response]]


def handlers() -> dict[int | type[Exception], Any]:
    """How errors are answered: beneath `/console` with pages, elsewhere as all others are."""
    ours: dict[int | type[Exception], Callable[[Request, Exception], Response]] = {
        ConnectorError: _connector_error,
        HTTPException: _http_error,
        RequestValidationError: lambda request, _error: _message(
            request, HTTPStatus.BAD_REQUEST, "not_found"
        ),
    }
    wrapped = {kind: _beneath(page, HANDLERS[kind]) for kind, page in ours.items()}
    return {**HANDLERS, **wrapped, Exception: _unexpected, Refused: _refused}


def _beneath(page: Callable[[Request, Exception], Response], otherwise: Handler) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        return page(request, error) if _is_ours(request) else await otherwise(request, error)

    return handle


async def _refused(request: Request, error: Exception) -> Response:
    """Lead to the login and from there back, or say in words why not."""
    if not isinstance(error, Refused):
        raise TypeError(f"{type(error).__name__} is no Refused") from error
    if error.why != "logged_out":
        return _message(request, HTTPStatus.FORBIDDEN, error.why)
    place = frame_of(request, None, viewer_of(request, None)).place
    login = type(place)(f"{HOME}login")
    is_page = request.method == "GET" and place.path != HOME
    return to_place(login.with_(then=place.address) if is_page else login.address)


def _connector_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ConnectorError):
        raise TypeError(f"{type(error).__name__} is no ConnectorError") from error
    session = session_of(request, parts_of(request))
    viewer = viewer_of(request, session)
    details, headers = told(request, error, viewer.language)
    words = Explanation(details.title, details.detail, details.cure, details.who)
    if isinstance(error, NeedsHuman):
        words = explain(error.problem.key, error.problem.facts, viewer.language, on_page=True)
    frame = frame_of(request, session, viewer)
    page = shown("problem.html", viewer, frame, HTTPStatus(details.status), words=words)
    page.headers.update(headers)
    return page


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError(f"{type(error).__name__} is no HTTPException") from error
    key = "too_large" if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "not_found"
    page = _message(request, HTTPStatus(error.status_code), key)
    page.headers.update(error.headers or {})
    return page


async def _unexpected(request: Request, error: Exception) -> Response:
    """A bug, or a database out of reach: nobody can say who is at the browser."""
    if not _is_ours(request):
        otherwise: Handler = HANDLERS[Exception]
        return await otherwise(request, error)
    viewer = viewer_of(request, None)
    frame = frame_of(request, None, viewer)
    return shown("message.html", viewer, frame, HTTPStatus.INTERNAL_SERVER_ERROR, key="unexpected")


def _message(request: Request, status: HTTPStatus, key: str) -> Response:
    session = session_of(request, parts_of(request))
    viewer = viewer_of(request, session)
    return shown("message.html", viewer, frame_of(request, session, viewer), status, key=key)


def _is_ours(request: Request) -> bool:
    return f"{request.url.path}/".startswith(HOME)
