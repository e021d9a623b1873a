"""Who is at the console: sessions by cookie, what a role may do, forms that only our own pages send."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from mlconnector.flow.people import logins, sessions
from mlconnector.flow.people.logins import LoggedIn
from mlconnector.flow.people.roles import Verb, may
from mlconnector.flow.people.sessions import Session
from mlconnector.web.callers import known
from mlconnector.web.parts import Web, parts_of

_SESSION, _BROWSER, _GUEST, _LOGIN = "ml_console", "ml_browser", "ml_adviser", "ml_login"
_TOKEN = "form_token"  # noqa: S105 - the name of a field
_MOST_FIELDS, _MOST_FILES = 2000, 1


@dataclass
class Refused(Exception):
    """A request that is not answered with what it asked for."""

    why: Literal["logged_out", "forbidden", "foreign_form"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What a form was filled with."""

    values: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The first value of a field without spaces around it; empty where there is none."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The first value of a field as it was typed, e.g. a password."""
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        """All values of a field, e.g. of boxes that were ticked."""
        return self.values.get(name, [])


def session_of(request: Request, web: Web) -> Session | None:
    """The session of the browser; None where nobody is logged in."""
    found = sessions.of_key(web.application.services, _cookie(request, _SESSION))
    if found is not None:
        known(request.scope)
    return found


MaybeSession = Annotated[Session | None, Depends(session_of)]


async def fields_of(request: Request) -> Form:
    """What a form of one of our own pages was filled with. Raises Refused (`foreign_form`)."""
    if not is_from_here(request):
        raise Refused("foreign_form")
    values: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    async with request.form(max_fields=_MOST_FIELDS, max_files=_MOST_FILES) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, UploadFile):
                files[name] = Upload(value.filename or "", await value.read())
            else:
                values.setdefault(name, []).append(value)
    return Form(values, files)


Fields = Annotated[Form, Depends(fields_of)]


def checked_form(session: MaybeSession, fields: Fields) -> Form:
    """A form with the token of its session. Raises Refused (`foreign_form`)."""
    if session is None:
        raise Refused("logged_out")
    if not hmac.compare_digest(fields.raw(_TOKEN).encode(), session.form_token.encode()):
        raise Refused("foreign_form")
    return fields


Checked = Annotated[Form, Depends(checked_form)]


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


def address_of(request: Request) -> str:
    """From where a request comes, as the log of logins counts it."""
    return request.client.host if request.client else ""


def browser_of(request: Request) -> str:
    """The key by which a browser is known from which somebody has logged in; empty for any other."""
    return _cookie(request, _BROWSER)


def keep(request: Request, answer: Response, begun: LoggedIn) -> None:
    """Give the keys of a session and of its browser to the browser, out of reach of scripts."""
    for name, key, lifetime in (
        (_SESSION, begun.session.key, sessions.LIFETIME),
        (_BROWSER, begun.browser, logins.BROWSER_LIFETIME),
    ):
        answer.set_cookie(
            _named(request, name),
            key,
            max_age=int(lifetime.total_seconds()),
            secure=_is_secure(request),
            httponly=True,
            samesite="lax",
        )


def guest_key(request: Request) -> str:
    """The key of a visit with an adviser link that a browser has; empty for any other."""
    return _cookie(request, _GUEST)


def keep_guest(request: Request, answer: Response, key: str, seconds: int) -> None:
    """Give the key of a visit to the browser; without one, take it back."""
    _keep_for(request, answer, _GUEST, key, seconds)


def kept_login(request: Request) -> str:
    """What a browser keeps of a login that it has begun at an issuer; empty for any other."""
    return _cookie(request, _LOGIN)


def keep_login(request: Request, answer: Response, kept: str, seconds: int = 0) -> None:
    """Let the browser keep that; nothing takes it back."""
    _keep_for(request, answer, _LOGIN, kept, seconds)


def _keep_for(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    secure, named = _is_secure(request), _named(request, name)
    if value:
        answer.set_cookie(named, value, max_age=seconds, secure=secure, httponly=True, samesite="lax")
    else:
        answer.delete_cookie(named, secure=secure, httponly=True, samesite="lax")


def forget(request: Request, answer: Response) -> None:
    """Take the key of a session back from the browser."""
    secure = _is_secure(request)
    answer.delete_cookie(_named(request, _SESSION), secure=secure, httponly=True, samesite="lax")


def _is_secure(request: Request) -> bool:
    return (parts_of(request).application.settings.public_url or "").startswith("https:")


def _named(request: Request, name: str) -> str:
    """With the prefix, no other host of the domain can set it, and browsers send it by https alone."""
    return f"__Host-{name}" if _is_secure(request) else name


def _cookie(request: Request, name: str) -> str:
    return request.cookies.get(_named(request, name), "")
