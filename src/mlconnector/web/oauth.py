"""The OAuth callback: where a browser ends after a login at an outside system."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.connect import oauth_login
from mlconnector.flow.context.context import Context
from mlconnector.store import runs
from mlconnector.systems.kit.oauth import error_code
from mlconnector.texts.catalogue import explain, word
from mlconnector.texts.language import Language
from mlconnector.web.pages import rendered
from mlconnector.web.parts import Parts, Web
from mlconnector.web.speech import PageLanguage

CALLBACK_PATH = "/oauth/callback"
_LONGEST = 8192

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)
Parameter = Annotated[str, Query(max_length=_LONGEST)]


@router.get(CALLBACK_PATH, response_model=None)
def callback(
    web: Web,
    language: PageLanguage,
    background: BackgroundTasks,
    state: Parameter = "",
    code: Parameter = "",
    error: Parameter = "",
) -> Response:
    """Finish the login that `state` began, and let deliveries go on that waited for it.

    After a short-lived login that has reached the client the browser goes on to the long-term one.
    """
    services = web.application.services
    if error:
        log.warning("a login was refused: %s", error_code(error))
        back = ""
        with suppress(NeedsLogin):
            # Of one that was not begun here there is nothing to keep.
            name, system = oauth_login.decline(services, state, error)
            back = oauth_login.way_back(Context(services, name), system)
        return _shown("login_refused", {"error": error_code(error)}, HTTPStatus.FORBIDDEN, language, back)
    redirect = f"{web.application.settings.public_url.rstrip('/')}{CALLBACK_PATH}"
    try:
        name, system = oauth_login.finish(services, state, code)
        following = oauth_login.follow_up(Context(services, name), system, redirect)
    except ConnectorError as failure:
        return _not_finished(failure, language)
    if following is not None:
        return RedirectResponse(following, HTTPStatus.SEE_OTHER)
    _go_on(web, name, background)
    back = oauth_login.way_back(Context(services, name), system)
    return _shown("login_done", {"connection": name, "system": system}, HTTPStatus.OK, language, back)


def _not_finished(failure: ConnectorError, language: Language) -> HTMLResponse:
    if isinstance(failure, NeedsLogin) and failure.system == "login":
        return _shown("login_unknown", {}, HTTPStatus.BAD_REQUEST, language)
    log.error("a login could not be finished: %s", failure)
    if isinstance(failure, NeedsHuman):
        words = explain(failure.problem.key, failure.problem.facts, language)
        facts = {"what": words.what, "why": words.why, "do": words.do, "who": words.who}
        return _shown("login_not_kept", facts, HTTPStatus.CONFLICT, language)
    return _shown("login_failed", {}, HTTPStatus.BAD_GATEWAY, language)


def _go_on(web: Parts, name: str, background: BackgroundTasks) -> None:
    """Let deliveries go on, and begin the run anew that came to no end for want of the login."""
    if web.work is None:
        return
    background.add_task(web.work.resume, name)
    with web.application.database.read() as db:
        latest = runs.latest(db, name)
    if latest and latest[0].outcome.startswith("needs_login"):
        background.add_task(web.work.start_run, name, "login")


def _shown(
    key: str, facts: Mapping[str, str], status: HTTPStatus, language: Language, back: str = ""
) -> HTMLResponse:
    """A page at the end of a login, with the way back to the page of ours where it was begun."""
    onward = word("connect", "back", language)
    return HTMLResponse(rendered("login_end.html", key, facts, language, back=back, onward=onward), status)
