"""The page of the adviser link: logging in and confirming for one connection, without an account here."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect import adviser_link, oauth_login, standing
from mlconnector.flow.connect.adviser_link import Guest, TooManyFailures
from mlconnector.flow.context.context import Context
from mlconnector.store import connections
from mlconnector.texts.catalogue import explain, word
from mlconnector.web.callers import known
from mlconnector.web.console import access
from mlconnector.web.console.access import Fields, Form, Refused
from mlconnector.web.console.pages import Viewer, shown
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.seeds import chosen, seed_rows
from mlconnector.web.console.visits import frame_of, to_place, viewer_of
from mlconnector.web.login_facts import sink_facts
from mlconnector.web.oauth import CALLBACK_PATH
from mlconnector.web.parts import Web, parts_of

SCREEN = Screen("adviser", order=0, verb=None, path="adviser", has_help=False)
_DONE = ("confirmed", "nothing_ticked")


def guest_of(request: Request, web: Web) -> Guest | None:
    """Whose visit the browser is at; None where there is none, or no more."""
    found = adviser_link.guest(web.application.services, access.guest_key(request))
    if found is not None:
        known(request.scope)
    return found


MaybeGuest = Annotated[Guest | None, Depends(guest_of)]


@SCREEN.page()
def show(
    request: Request,
    web: Web,
    guest: MaybeGuest,
    key: Annotated[str, Query(max_length=200)] = "",
    done: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The connection of a visit; or with a link, what it is for and the question for a name."""
    if key:
        return _door(request, key)
    if guest is None:
        return _page(request, "gone.html", HTTPStatus.NOT_FOUND)
    return _connection(request, web.application.context(guest.connection), guest, done)


@SCREEN.open_action("open")
def begin(request: Request, web: Web, form: Fields) -> Response:
    """Open a link, which it can be once, and begin the visit."""
    key, name, address = form.get("key"), form.get("name"), access.address_of(request)
    try:
        guest = adviser_link.visit(web.application.services, key, name, address)
    except TooManyFailures:
        return _page(request, "gone.html", HTTPStatus.TOO_MANY_REQUESTS)
    except NeedsHuman as error:
        words = explain(
            error.problem.key, error.problem.facts, viewer_of(request, None).language, on_page=True
        )
        return _page(request, "door.html", HTTPStatus.CONFLICT, key=key, name=name, words=words)
    if guest is None:
        return _page(request, "gone.html", HTTPStatus.NOT_FOUND)
    answer = to_place(SCREEN.home)
    access.keep_guest(request, answer, guest.key, int(adviser_link.VISIT.total_seconds()))
    return answer


@SCREEN.open_action("login")
def log_in(request: Request, web: Web, guest: MaybeGuest, form: Fields) -> Response:
    """Begin the login at the sink, and lead the browser on to it."""
    visitor = _checked(guest, form)
    context = web.application.context(visitor.connection)
    system = context.settings.sink_system
    redirect = f"{web.application.settings.public_url.rstrip('/')}{CALLBACK_PATH}"
    left = bool(form.get("ended_there"))
    address = oauth_login.begin(
        context, system.name, redirect, ended_there=left, by=visitor.by, back=SCREEN.home
    )
    title = word("system", system.name, viewer_of(request, None).language)
    return _page(request, "onward.html", guest=visitor, address=address, system=title, back=SCREEN.home)


@SCREEN.open_action("confirm")
def confirm(web: Web, guest: MaybeGuest, form: Fields) -> Response:
    """Note what the visitor has confirmed."""
    visitor = _checked(guest, form)
    context = web.application.context(visitor.connection)
    wanted = chosen(form.all("seed"), seed_rows(context, web.application.settings.language))
    if wanted:
        adviser_link.confirm(web.application.services, visitor, wanted)
    return to_place(f"{SCREEN.home}?done={'confirmed' if wanted else 'nothing_ticked'}")


@SCREEN.open_action("leave")
def leave(request: Request, web: Web, guest: MaybeGuest, form: Fields) -> Response:
    """End the visit."""
    adviser_link.leave(web.application.services, _checked(guest, form))
    answer = _page(request, "left.html")
    access.keep_guest(request, answer, "", 0)
    return answer


def _checked(guest: Guest | None, form: Form) -> Guest:
    """The visitor, where the form is of this visit. Raises Refused (`foreign_form`)."""
    given = form.raw("form_token").encode()
    if guest is None or not hmac.compare_digest(given, guest.form_token.encode()):
        raise Refused("foreign_form")
    return guest


def _door(request: Request, key: str) -> Response:
    services = parts_of(request).application.services
    try:
        is_good = adviser_link.is_good(services, key, access.address_of(request))
    except TooManyFailures:
        return _page(request, "gone.html", HTTPStatus.TOO_MANY_REQUESTS)
    if not is_good:
        return _page(request, "gone.html", HTTPStatus.NOT_FOUND)
    return _page(request, "door.html", key=key, name="", words=None)


def _connection(request: Request, context: Context, guest: Guest, done: str) -> Response:
    language = viewer_of(request, None).language
    sink = context.settings.sink_system.name
    login = next(one for one in standing.logins_of(context) if one.system == sink)
    with context.read() as db:
        row = connections.read(db, context.name)
    failure = login.failure.cause if login.failure is not None else ""
    rows = seed_rows(context, language)
    return _page(
        request,
        "connection.html",
        guest=guest,
        state=row.state,
        facts=list(sink_facts(context, language)),
        button=word("connect", "button", language),
        needed=login.needed,
        may_have_ended=login.not_revoked or failure == "login_not_revoked",
        rows=rows,
        open=sum(not one.is_confirmed for one in rows),
        done=done if done in _DONE else "",
    )


def _page(
    request: Request,
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    /,
    *,
    guest: Guest | None = None,
    **more: object,
) -> Response:
    language = viewer_of(request, None).language
    viewer = Viewer(language, form_token=guest.form_token if guest is not None else "")
    return shown(f"adviser/{template}", viewer, frame_of(request, None, viewer), status, guest=guest, **more)
