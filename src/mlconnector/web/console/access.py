"""Who is at the console: sessions by cookie, what a role may do, forms that only our own pages send."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from mlconnector.flow.people import sessions
from mlconnector.flow.people.roles import Verb, may
from mlconnector.flow.people.sessions import Session
from mlconnector.texts.language import Language
from mlconnector.web.console.pages import Viewer, shown
from mlconnector.web.parts import Web, parts_of
from mlconnector.web.speech import language_of

HOME = "/console/"
COOKIE = "ml_console"
_FIELD = "form_token"


@dataclass
class Refused(Exception):
    """A request that is not answered with what it asked for."""

    why: Literal["logged_out", "forbidden", "foreign_form"]


def session_of(request: Request, web: Web) -> Session | None:
    """The session of the browser; None where nobody is logged in."""
    return sessions.of_key(web.application.services, request.cookies.get(COOKIE, ""))


MaybeSession = Annotated[Session | None, Depends(session_of)]


def viewer_of(request: Request, session: MaybeSession) -> Viewer:
    """Who sees a page, and in which language."""
    language: Language = language_of(request)
    if session is None:
        return Viewer(language)
    user = session.user
    chosen: Language = "de" if user.language == "de" else "en" if user.language == "en" else language
    return Viewer(chosen, user.name, user.role, session.form_token)


Seen = Annotated[Viewer, Depends(viewer_of)]


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent. Raises Refused (`foreign_form`)."""
    if not is_from_here(request):
        raise Refused("foreign_form")
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


Fields = Annotated[dict[str, str], Depends(fields_of)]


def is_from_here(request: Request) -> bool:
    """Whether a browser says that a page of ours sent the form; one that says nothing is not believed."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    public = parts_of(request).application.settings.public_url or ""
    ours = {request.headers.get("host", ""), urlsplit(public).netloc}
    return urlsplit(request.headers.get("origin", "")).netloc in ours - {""}


def allowed(verb: Verb) -> Callable[[Session | None], Session]:
    """A dependency: the session of somebody whose role has the verb. Raises Refused."""

    def check(session: MaybeSession) -> Session:
        if session is None:
            raise Refused("logged_out")
        if not may(session.user.role, verb):
            raise Refused("forbidden")
        return session

    return check


def with_token(session: Session, fields: Mapping[str, str]) -> None:
    """Refuse a form without the token of its session. Raises Refused (`foreign_form`)."""
    if not hmac.compare_digest(fields.get(_FIELD, "").encode(), session.form_token.encode()):
        raise Refused("foreign_form")


def keep(answer: Response, session: Session, public_url: str) -> None:
    """Give the key of a session to the browser, out of reach of scripts."""
    answer.set_cookie(
        COOKIE,
        session.key,
        max_age=int(sessions.LIFETIME.total_seconds()),
        path="/console",
        secure=public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )


def refused(request: Request, error: Exception) -> Response:
    """Lead to the login, or say in words why not."""
    if not isinstance(error, Refused):
        raise TypeError(f"{type(error).__name__} is no Refused") from error
    if error.why == "logged_out":
        return RedirectResponse(f"{HOME}login", HTTPStatus.SEE_OTHER)
    viewer = viewer_of(request, session_of(request, parts_of(request)))
    return shown("message.html", viewer, HTTPStatus.FORBIDDEN, key=error.why)
