"""The command login: from the address for the browser to sealed tokens."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from mlconnector.app import Application
from mlconnector.commands.login_facts import show_login_facts
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    named,
    paragraph,
    phrase,
    print_json,
    print_line,
    say,
)
from mlconnector.errors import Broken, NeedsHuman, NeedsLogin
from mlconnector.flow.connect import invitation, oauth_login, standing
from mlconnector.flow.connect.standing import Login
from mlconnector.flow.report import overview
from mlconnector.settings import UnreadableSettings
from mlconnector.systems.kit.oauth import AppRefused


def login(
    name: Annotated[str, typer.Argument()],
    system: Annotated[str | None, typer.Option()] = None,
    answer: Annotated[bool, typer.Option("--paste")] = False,
    link: Annotated[bool, typer.Option("--link")] = False,
    ended_there: Annotated[bool, typer.Option("--ended-there")] = False,
    json: AsJson = False,
) -> None:
    """Log in: print the address for the browser.

    The person who may consent opens it. `ml-connector serve` takes the answer; with --paste you paste the
    address at which the browser ended. With --link you get an address to pass on, for example to the tax
    adviser: its page shows how the connection stands, and has the button "Mit DATEV verbinden".

    Example: ml-connector login my-pipedrive
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        logins = standing.logins_of(app.context(name))
        wanted = _wanted(logins, system)
        public = app.settings.public_url.rstrip("/")
        redirect = f"{public}/oauth/callback"
        if link:
            _invite(app, name, public, json=json)
            return
        if json:
            context = app.context(name)
            begun = {
                one: oauth_login.begin(context, one, redirect, ended_there=ended_there) for one in wanted
            }
            print_json(
                {
                    "connection": name,
                    "addresses": begun,
                    "logins": [overview.login(app.services, one) for one in logins],
                }
            )
            return
        if not wanted:
            _all_stand(app, name, logins)
        for one in wanted:
            address = oauth_login.begin(app.context(name), one, redirect, ended_there=ended_there)
            _log_in(app, name, one, redirect, address, paste=answer)


def _wanted(logins: list[Login], system: str | None) -> list[str]:
    known = [one.system for one in logins]
    if system is None:
        return [one.system for one in logins if one.needed]
    if system not in known:
        expected = phrase("login_system_unknown", system=named("system", system), known=", ".join(known))
        raise UnreadableSettings("--system", None, expected)
    return [system]


def _all_stand(app: Application, name: str, logins: list[Login]) -> None:
    for one in logins:
        _show(app, name, one)
        paragraph(phrase("login_stands", name=name, system=one.system))


def _show(app: Application, name: str, one: Login) -> None:
    """Say until when a login is good, whose it is, for which client, and where it can be ended."""
    say("logged_in", name=name, system=named("system", one.system), until=one.until, by=one.by)
    show_login_facts(name, overview.login(app.services, one))


def _invite(app: Application, name: str, public: str, *, json: bool) -> None:
    key, until = invitation.invite(app.context(name))
    address = f"{public}{invitation.path_of(app.context(name))}?key={key}"
    if json:
        print_json({"connection": name, "link": address, "valid_until": until})
        return
    paragraph(phrase("pass_link_on", name=name, until=until))
    print_line(address)


def _log_in(app: Application, name: str, system: str, redirect: str, address: str, *, paste: bool) -> None:
    settings = app.context(name).settings
    if system == settings.sink_system.name:
        asked = settings.sink_system.services(settings.sink)
        paragraph(phrase("login_asks_for", services=", ".join(asked)))
    paragraph(phrase("open_address", name=name, system=named("system", system)))
    print_line(address)
    if not paste:
        paragraph(phrase("answer_by_serve", address=redirect, name=name))
        return
    paragraph(phrase("paste_here", address=redirect))
    ended = parse_qs(urlsplit(_pasted()).query)
    if "error" in ended:
        with suppress(NeedsLogin):
            # Of one that was not begun here there is nothing to keep.
            oauth_login.decline(app.services, ended.get("state", [""])[0], ended["error"][0])
        refused = phrase("login_was_refused", system=named("system", system), reason=ended["error"][0])
        paragraph(refused, to=complaints)
        raise typer.Exit(Exit.LOGIN_NEEDED)
    if "state" not in ended or "code" not in ended:
        raise UnreadableSettings("--paste", None, phrase("not_the_address"))
    try:
        oauth_login.finish(app.services, ended["state"][0], ended["code"][0])
    except AppRefused:
        # It gave nothing that could have been kept.
        raise
    except (NeedsHuman, Broken):
        paragraph(phrase("login_not_kept", system=named("system", system)), to=complaints)
        raise
    following = oauth_login.follow_up(app.context(name), system, redirect)
    if following is not None:
        paragraph(phrase("client_reached", client=app.services.connection(name).client))
        _log_in(app, name, system, redirect, following, paste=True)
        return
    done = next(one for one in standing.logins_of(app.context(name)) if one.system == system)
    _show(app, name, done)


def _pasted() -> str:
    return sys.stdin.readline().strip()
