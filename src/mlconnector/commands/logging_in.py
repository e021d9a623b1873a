"""The command login: from the address for the browser to sealed tokens."""

from __future__ import annotations

import sys
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from mlconnector.app import Application
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    console,
    named,
    paragraph,
    phrase,
    print_json,
    say,
)
from mlconnector.flow import connecting
from mlconnector.flow.connecting import Login
from mlconnector.settings import UnreadableSettings


def login(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    system: Annotated[
        str | None, typer.Option(help="The system to log in to; without it all that need a login.")
    ] = None,
    answer: Annotated[
        bool, typer.Option("--paste", help="Paste the address that the browser ended at, instead of `serve`.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Log in: print the address for the browser.

    The person who may consent opens it. `ml-connector serve` takes the answer; with --paste you paste the
    address at which the browser ended.

    Example: ml-connector login my-pipedrive
    """
    with answered(), application() as app:
        logins = connecting.logins_of(app.services, name)
        wanted = _wanted(logins, system)
        redirect = f"{app.settings.public_url.rstrip('/')}/oauth/callback"
        if json:
            begun = {one: connecting.begin(app.services, name, one, redirect) for one in wanted}
            print_json({"connection": name, "addresses": begun})
            return
        if not wanted:
            _all_stand(name, logins)
        for one in wanted:
            _log_in(app, name, one, redirect, paste=answer)


def _wanted(logins: list[Login], system: str | None) -> list[str]:
    known = [one.system for one in logins]
    if system is None:
        return [one.system for one in logins if one.needed]
    if system not in known:
        expected = phrase("login_system_unknown", system=named("system", system), known=", ".join(known))
        raise UnreadableSettings("--system", None, expected)
    return [system]


def _all_stand(name: str, logins: list[Login]) -> None:
    for one in logins:
        say("logged_in", name=name, system=named("system", one.system), until=one.until, by=one.by)
        paragraph(phrase("login_stands", name=name, system=one.system))


def _log_in(app: Application, name: str, system: str, redirect: str, *, paste: bool) -> None:
    address = connecting.begin(app.services, name, system, redirect)
    paragraph(phrase("open_address", name=name, system=named("system", system)))
    console.print(address, markup=False)
    if not paste:
        paragraph(phrase("answer_by_serve", address=redirect, name=name))
        return
    paragraph(phrase("paste_here", address=redirect))
    ended = parse_qs(urlsplit(_pasted()).query)
    if "error" in ended:
        refused = phrase("login_was_refused", system=named("system", system), reason=ended["error"][0])
        paragraph(refused, to=complaints)
        raise typer.Exit(Exit.LOGIN_NEEDED)
    if "state" not in ended or "code" not in ended:
        raise UnreadableSettings("--paste", None, phrase("not_the_address"))
    connecting.finish(app.services, ended["state"][0], ended["code"][0])
    done = next(one for one in connecting.logins_of(app.services, name) if one.system == system)
    say("logged_in", name=name, system=named("system", system), until=done.until, by=done.by)


def _pasted() -> str:
    return sys.stdin.readline().strip()
