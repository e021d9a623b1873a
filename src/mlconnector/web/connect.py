"""The page of one connection for whoever may consent at DATEV: how it stands, and "Mit DATEV verbinden".

It is reached by a link with a key (`flow/connect/invitation.py`). There are no cookies, so nobody can be made
to press the button on another site; there are no scripts and no assets. DATEV's own button and logo are
DATEV's property: whoever runs the installation puts them in its place by DATEV's design guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.connect import invitation, setup
from mlconnector.flow.connect.verification import CLIENT_NAME
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import Name
from mlconnector.store import connections
from mlconnector.systems.datev import service_names
from mlconnector.texts import notation
from mlconnector.texts.catalogue import Language, explain, filled, sentence, word
from mlconnector.web.oauth import CALLBACK_PATH
from mlconnector.web.pages import STYLED_POLICY, rendered
from mlconnector.web.parts import Parts, Web

_LIGHT = {"ready": ("ready", "✓"), "needs_login": ("login", "!"), "paused": ("login", "!")}

router = APIRouter(include_in_schema=False)
Key = Annotated[str, Query(max_length=200)]


@router.get(f"{invitation.PATH}/{{name}}")
def show(name: Name, web: Web, key: Key = "") -> HTMLResponse:
    """How the connection stands, and the button."""
    if not invitation.is_invited(web.application.services, name, key):
        return _unknown(web)
    return _standing(web, name, key)


@router.post(f"{invitation.PATH}/{{name}}")
async def begin(name: Name, request: Request, web: Web) -> HTMLResponse:
    """Begin a login and lead the browser to DATEV."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    key = form.get("key", [""])[0]
    return await run_in_threadpool(_begin, web, name, key)


def _begin(web: Parts, name: str, key: str) -> HTMLResponse:
    services, language = web.application.services, web.application.settings.language
    if not invitation.is_invited(services, name, key):
        return _unknown(web)
    redirect = f"{web.application.settings.public_url.rstrip('/')}{CALLBACK_PATH}"
    try:
        address = setup.begin(services, name, "datev", redirect)
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, language)
        facts = {"what": words.what, "why": words.why, "do": words.do, "who": words.who}
        return _shown(web, "login_not_kept", facts, HTTPStatus.CONFLICT)
    except ConnectorError as error:
        reason = sentence("not_now", {"reason": str(error)}, language)
        return _shown(web, "login_failed", {}, HTTPStatus.BAD_GATEWAY, "not_begun.html", reason=reason)
    link = word("connect", "onward", language)
    return _shown(web, "to_datev", {}, template="onward.html", address=address, link=link)


@dataclass(frozen=True, slots=True)
class _Fact:
    """Something that is known of the connection; `link` is where it leads."""

    label: str
    text: str
    link: str = ""


def _standing(web: Parts, name: str, key: str) -> HTMLResponse:
    services, language = web.application.services, web.application.settings.language
    with services.database.read() as db:
        row = connections.read(db, name)
        client_name = str(connections.recall(db, name, CLIENT_NAME) or "")
    light, sign = _LIGHT.get(row.state, ("trouble", "✗"))
    return _shown(
        web,
        "connect_datev",
        {"connection": name},
        template="connection.html",
        light=light,
        sign=sign,
        state=word("connection", row.state, language),
        known=list(_facts(services, name, client_name, language)),
        action=f"{invitation.PATH}/{name}",
        invitation=key,
        button=word("connect", "button", language),
    )


def _facts(services: Services, name: str, client_name: str, language: Language) -> Iterator[_Fact]:
    """Everything that is known of the connection."""

    def fact(key: str, text: str, link: str = "") -> _Fact:
        return _Fact(word("connect", key, language), text, link)

    settings = services.connection(name).datev
    consultant, _, number = settings.client.partition("-")
    known = {"consultant": consultant, "number": number, "name": client_name}
    yield fact("client", filled(word("connect", "client_is", language), known, language))
    yield fact("services", ", ".join(service_names(settings.services)))
    login = next(one for one in setup.logins_of(services, name) if one.system == "datev")
    if login.until is not None:
        yield fact("by", login.by or "–")
        yield fact("until", notation.moment(login.until, language))
        if login.client:
            yield fact("long_term", login.client)
    yield fact("apps", login.link, login.link)
    if login.not_revoked:
        facts = {"system": "DATEV", "link": login.link}
        yield fact("left", sentence("login_left", facts, language))


def _unknown(web: Parts) -> HTMLResponse:
    return _shown(web, "link_unknown", {}, HTTPStatus.NOT_FOUND)


def _shown(
    web: Parts,
    key: str,
    facts: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
    template: str = "styled.html",
    **more: object,
) -> HTMLResponse:
    content = rendered(template, key, facts, web.application.settings.language, **more)
    return HTMLResponse(content, status, {"Content-Security-Policy": STYLED_POLICY})
