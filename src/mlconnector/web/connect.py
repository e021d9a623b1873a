"""The page of one connection for whoever may consent at its sink: how it stands, and the button to log in.

It is reached by a link with a key (`flow/connect/invitation.py`). There are no cookies, so nobody can be made
to press the button on another site; there are no scripts and no assets. A sink's own button and logo are
its property: whoever runs the installation puts them in place by its design guide.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.connect import invitation, oauth_login
from mlconnector.flow.connect.verification import client_name
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import Name
from mlconnector.store import connections
from mlconnector.texts.catalogue import Language, explain, filled, page, sentence, word
from mlconnector.web.oauth import CALLBACK_PATH
from mlconnector.web.parts import Parts, Web

_STYLE = """\
body{font:1.05rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem}
body{color:#1a1a1a;background:#fff}
dt{font-weight:600;margin-top:.8rem}dd{margin:0}
.state{border-left:.5rem solid;padding:.4rem .8rem}.ready{border-color:#1b6b2f}.login{border-color:#8a5a00}
.trouble{border-color:#a11616}
button{font:inherit;font-weight:600;padding:.7rem 1.4rem;margin-top:1.5rem;cursor:pointer}
button{border:2px solid #174a17;border-radius:.3rem;background:#1b6b2f;color:#fff}
button:focus-visible,a:focus-visible{outline:3px solid #0b57d0;outline-offset:3px}
a{color:#0b4fb3}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CSP = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">{head}<title>{title}</title>
<style>{style}</style></head>
<body><main><h1>{title}</h1>
{content}
</main></body>
</html>
"""
_LIGHT = {"ready": ("ready", "✓"), "needs_login": ("login", "!"), "paused": ("login", "!")}

router = APIRouter(include_in_schema=False)
Key = Annotated[str, Query(max_length=200)]


@router.get(f"{invitation.PATH}/{{system}}/{{name}}")
def show(system: Name, name: Name, web: Web, key: Key = "") -> HTMLResponse:
    """How the connection stands, and the button."""
    context = web.application.context(name)
    if not invitation.is_invited(context, key) or system != context.settings.sink_system.name:
        return _unknown(web)
    facts = {"connection": name, "system": context.settings.sink_system.title}
    return _shown(web, "connect_sink", facts, _standing(web, context, key))


@router.post(f"{invitation.PATH}/{{system}}/{{name}}")
async def begin(system: Name, name: Name, request: Request, web: Web) -> HTMLResponse:
    """Begin a login and lead the browser to the sink."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    key = form.get("key", [""])[0]
    return await run_in_threadpool(_begin, web, system, name, key)


def _begin(web: Parts, system: str, name: str, key: str) -> HTMLResponse:
    context, language = web.application.context(name), web.application.settings.language
    if not invitation.is_invited(context, key) or system != context.settings.sink_system.name:
        return _unknown(web)
    redirect = f"{web.application.settings.public_url.rstrip('/')}{CALLBACK_PATH}"
    try:
        address = oauth_login.begin(context, system, redirect)
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, language)
        facts = {"what": words.what, "why": words.why, "do": words.do, "who": words.who}
        return _shown(web, "login_not_kept", facts, "", HTTPStatus.CONFLICT)
    except ConnectorError as error:
        reason = sentence("not_now", {"reason": str(error)}, language)
        return _shown(web, "login_failed", {}, _paragraph(reason), HTTPStatus.BAD_GATEWAY)
    # Browsers hold a form to its page's policy through every redirect, and an issuer forwards to other hosts.
    onward = f'<meta http-equiv="refresh" content="0; url={escape(address)}">'
    link = f'<p><a href="{escape(address)}">{escape(word("connect", "onward", language))}</a></p>'
    return _shown(web, "to_sink", {"system": context.settings.sink_system.title}, link, head=onward)


def _standing(web: Parts, context: Context, key: str) -> str:
    language = web.application.settings.language
    with context.read() as db:
        row = connections.read(db, context.name)
    kind, sign = _LIGHT.get(row.state, ("trouble", "✗"))
    state = (
        f'<p class="state {kind}" role="status">{sign} {escape(word("connection", row.state, language))}</p>'
    )
    facts = "".join(
        f"<dt>{escape(word('connect', label, language))}</dt><dd>{value}</dd>"
        for label, value in _facts(context, client_name(context), language)
    )
    button = escape(word("connect", "button", language))
    form = (
        f'<form method="post" action="{escape(invitation.path_of(context))}">'
        f'<input type="hidden" name="key" value="{escape(key)}">'
        f'<button type="submit">{button}</button></form>'
    )
    return f"{state}\n<dl>{facts}</dl>\n{form}"


def _facts(context: Context, called: str, language: Language) -> Iterator[tuple[str, str]]:
    """Label and HTML of everything that is known of the connection; `called` is the client's name."""
    settings = context.settings
    consultant, _, number = settings.client.partition("-")
    known = {"consultant": consultant, "number": number, "name": called}
    yield "client", escape(filled(word("connect", "client_is", language), known, language))
    yield "services", escape(", ".join(settings.sink_system.services(settings.sink)))
    login = next(one for one in oauth_login.logins_of(context) if one.system == settings.sink_system.name)
    if login.until is not None:
        yield "by", escape(login.by or "–")
        until = {"until": login.until.isoformat()}
        yield "until", escape(filled("{until.moment}", until, language))
        if login.client:
            yield "long_term", escape(login.client)
    yield "apps", f'<a href="{escape(login.link)}" rel="noreferrer">{escape(login.link)}</a>'
    if login.not_revoked:
        facts = {"system": settings.sink_system.title, "link": login.link}
        yield "left", escape(sentence("login_left", facts, language))


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _unknown(web: Parts) -> HTMLResponse:
    return _shown(web, "link_unknown", {}, "", HTTPStatus.NOT_FOUND)


def _shown(
    web: Parts,
    key: str,
    facts: dict[str, str],
    more: str,
    status: HTTPStatus = HTTPStatus.OK,
    head: str = "",
) -> HTMLResponse:
    language = web.application.settings.language
    title, text = page(key, facts, language)
    content = _PAGE.format(
        language=language, head=head, title=escape(title), style=_STYLE, content=f"{_paragraph(text)}\n{more}"
    )
    return HTMLResponse(content, status, {"Content-Security-Policy": _CSP})
