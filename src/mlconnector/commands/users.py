"""Commands for users of the console: users list, add, role, password, disable, enable and end-sessions."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    named,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.people import sessions, users
from mlconnector.flow.people.roles import Role
from mlconnector.store import people

Name = Annotated[str, typer.Argument()]


def users_list(json: AsJson = False) -> None:
    """Show who may log in to the console, and in which role."""
    with answered(), application() as app:
        with app.database.read() as db:
            everybody = people.every(db)
        counts = sessions.counts(app.services)
        if json:
            print_json(
                [
                    {
                        "name": one.name,
                        "role": one.role,
                        "created_at": one.created_at,
                        "disabled_at": one.disabled_at,
                        "sessions": counts.get(one.name, 0),
                    }
                    for one in everybody
                ]
            )
        elif not everybody:
            say("no_users")
        else:
            heads = [phrase(f"heading_{part}") for part in ("user", "role", "sessions", "disabled_at")]
            rows = [
                (one.name, named("role", one.role), counts.get(one.name, 0), one.disabled_at)
                for one in everybody
            ]
            print_table(heads, rows, right={2})


def users_add(name: Name, role: Annotated[Role, typer.Option()], json: AsJson = False) -> None:
    """Add a user of the console."""
    with answered(), application() as app:
        users.add(app.services, name, role, _password(), by=somebody())
        if json:
            print_json({"user": name.strip(), "role": role})
        else:
            say("user_added", user=name.strip(), role=named("role", role))


def users_role(name: Name, role: Annotated[Role, typer.Argument()], json: AsJson = False) -> None:
    """Give a user of the console another role."""
    with answered(), application() as app:
        users.set_role(app.services, name, role, by=somebody())
        if json:
            print_json({"user": name, "role": role})
        else:
            say("user_role", user=name, role=named("role", role))


def users_password(name: Name, json: AsJson = False) -> None:
    """Give a user of the console another password."""
    with answered(), application() as app:
        users.set_password(app.services, name, _password(), by=somebody())
        if json:
            print_json({"user": name, "password_changed": True})
        else:
            say("user_password", user=name)


def users_disable(name: Name, json: AsJson = False) -> None:
    """Let a user log in to the console no more."""
    with answered(), application() as app:
        users.disable(app.services, name, by=somebody())
        if json:
            print_json({"user": name, "disabled": True})
        else:
            say("user_disabled", user=name)


def users_enable(name: Name, json: AsJson = False) -> None:
    """Let a user log in to the console again."""
    with answered(), application() as app:
        users.enable(app.services, name, by=somebody())
        if json:
            print_json({"user": name, "disabled": False})
        else:
            say("user_enabled", user=name)


def users_end_sessions(name: Name, json: AsJson = False) -> None:
    """End all sessions of a user."""
    with answered(), application() as app:
        count = users.end_sessions(app.services, name, by=somebody())
        if json:
            print_json({"user": name, "sessions_ended": count})
        else:
            say("user_sessions_ended", user=name, count=count)


def _password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
