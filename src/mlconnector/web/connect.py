"""The page of one connection for whoever may consent at its sink: how it stands, and the button to log in.

It is reached by a link with a key (`flow/connect/invitation.py`). There are no cookies, so nobody can be made
to press the button on another site; there are no scripts and no assets. A sink's own button and logo are
its property: whoever runs the installation puts them in place by its design guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from mlconnector.errors import ConnectorError, NeedsHuman, RetryLater
from mlconnector.flow.agree.released import released
from mlconnector.flow.connect import invitation, oauth_login
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import Name
from mlconnector.flow.report.delays import why_later
from mlconnector.store import connections
from mlconnector.texts.catalogue import explain, sentence, word
from mlconnector.texts.language import Language
from mlconnector.web.login_facts import Known, sink_facts
from mlconnector.web.oauth import CALLBACK_PATH
from mlconnector.web.pages import STYLED_POLICY, rendered
from mlconnector.web.parts import Parts, Web
from mlconnector.web.speech import PageLanguage

_LIGHT = {"ready": ("ready", "✓"), "needs_login": ("login", "!"), "paused": ("login", "!")}

router = APIRouter(include_in_schema=False)
Key = Annotated[str, Query(max_length=200)]


@router.get(f"{invitation.PATH}/{{system}}/{{name}}")
def show(system: Name, name: Name, web: Web, language: PageLanguage, key: Key = "") -> HTMLResponse:
    """How the connection stands, and the button."""
    context = web.application.context(name)
    if not invitation.is_invited(context, key) or system != context.settings.sink_system.name:
        return _unknown(language)
    return _standing(context, key, language)


@router.post(f"{invitation.PATH}/{{system}}/{{name}}")
async def begin(system: Name, name: Name, request: Request, web: Web, language: PageLanguage) -> HTMLResponse:
    """Begin a login and lead the browser to the sink."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    key = form.get("key", [""])[0]
    return await run_in_threadpool(_begin, web, system, name, key, language)


def _begin(web: Parts, system: str, name: str, key: str, language: Language) -> HTMLResponse:
    context = web.application.context(name)
    if not invitation.is_invited(context, key) or system != context.settings.sink_system.name:
        return _unknown(language)
    redirect = f"{web.application.settings.public_url.rstrip('/')}{CALLBACK_PATH}"
    try:
        address = oauth_login.begin(context, system, redirect)
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, language)
        facts = {"what": words.what, "why": words.why, "do": words.do, "who": words.who}
        return _shown(language, "login_not_kept", facts, HTTPStatus.CONFLICT)
    except ConnectorError as error:
        why = why_later(error, language) if isinstance(error, RetryLater) else error.said
        reason = sentence("not_now", {"reason": why}, language)
        return _shown(language, "login_failed", {}, HTTPStatus.BAD_GATEWAY, "not_begun.html", reason=reason)
    link = word("connect", "onward", language)
    facts = {"system": context.settings.sink_system.title}
    return _shown(language, "to_sink", facts, template="onward.html", address=address, link=link)


def _standing(context: Context, key: str, language: Language) -> HTMLResponse:
    with context.read() as db:
        row = connections.read(db, context.name)
    light, sign = _LIGHT.get(row.state, ("trouble", "✗"))
    return _shown(
        language,
        "connect_sink",
        {"connection": context.name, "system": context.settings.sink_system.title},
        template="connection.html",
        light=light,
        sign=sign,
        state=word("connection", row.state, language),
        known=[*sink_facts(context, language), _release(context, language)],
        action=invitation.path_of(context),
        invitation=key,
        button=word("connect", "button", language),
    )


def _release(context: Context, language: Language) -> Known:
    """Who has released the connection, or that this is missing, and which commands come next."""
    with context.read() as db:
        given = released(connections.read(db, context.name))
    if given is None:
        told = sentence("then_release", {"name": context.name}, language)
    else:
        told = sentence("released_line", {"at": given.at.isoformat(), "by": given.by}, language)
    return Known(word("connect", "release", language), told)


def _unknown(language: Language) -> HTMLResponse:
    return _shown(language, "link_unknown", {}, HTTPStatus.NOT_FOUND)


def _shown(
    language: Language,
    key: str,
    facts: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
    template: str = "styled.html",
    **more: object,
) -> HTMLResponse:
    content = rendered(template, key, facts, language, **more)
    return HTMLResponse(content, status, {"Content-Security-Policy": STYLED_POLICY})
