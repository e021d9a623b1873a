"""The screen Benutzer: who may log in, in which role, and what an administrator changes about that."""

from __future__ import annotations

from typing import get_args

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.people import sessions, users
from mlconnector.flow.people.roles import Role
from mlconnector.model.problems import Problem
from mlconnector.store import people
from mlconnector.store.people import UserRow
from mlconnector.texts.catalogue import word
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, At, Visit

SCREEN = Screen("people", order=90, verb="people", path="people")
ROLES: tuple[Role, ...] = get_args(Role)


@SCREEN.page()
def listing(at: At) -> Response:
    """Everybody who may log in, and how many sessions they have."""
    role, wanted = at.asked("role"), at.asked("name").casefold()
    counts = sessions.counts(at.app.services)
    with at.app.database.read() as db:
        found = [
            one
            for one in people.every(db)
            if (not role or one.role == role) and wanted in one.name.casefold()
        ]
    if at.asked("as") in FORMS:
        heads = [at.say(f"label_{part}") for part in ("name", "role", "state", "sessions")]
        rows = [
            (one.name, word("role", one.role, at.language), _state(at, one), counts.get(one.name, 0))
            for one in found
        ]
        return downloaded(at.asked("as"), at.say("title"), heads, rows, at.language)
    paging = at.paging(len(found))
    rows_shown = found[max(paging.first - 1, 0) : paging.last]
    return at.shown("list.html", users=rows_shown, counts=counts, paging=paging, roles=ROLES)


@SCREEN.page("new")
def new(at: At) -> Response:
    """The form that adds a user."""
    return at.shown("new.html", roles=ROLES)


@SCREEN.action("new", "people")
def add(at: Acting) -> Response:
    """Add a user."""
    name = at.form.get("name")
    users.add(at.app.services, name, _role(at), at.form.raw("password"), at.by)
    return at.done("added", user=name)


@SCREEN.page("user")
def show(at: At) -> Response:
    """One user, and what can be changed."""
    user = _user(at, at.asked("name"))
    facts = [
        Fact(at.say("label_role"), word("role", user.role, at.language)),
        Fact(at.say("label_state"), _state(at, user)),
        Fact(at.say("label_created"), at.written.moment(user.created_at)),
        Fact(at.say("label_sessions"), at.written.count(sessions.counts(at.app.services).get(user.name, 0))),
    ]
    if user.disabled_at is not None:
        facts.append(Fact(at.say("label_disabled"), at.written.moment(user.disabled_at)))
    return at.shown("user.html", user=user, facts=facts, roles=ROLES)


@SCREEN.action("role", "people")
def change_role(at: Acting) -> Response:
    """Give a user another role."""
    user, role = _user(at, at.form.get("user")), _role(at)
    users.set_role(at.app.services, user.name, role, at.by)
    return at.done("role_changed", user=user.name, role=role)


@SCREEN.action("password", "people")
def set_password(at: Acting) -> Response:
    """Give a user another password."""
    user = _user(at, at.form.get("user"))
    users.set_password(at.app.services, user.name, at.form.raw("password"), at.by)
    return at.done("password_set", user=user.name)


@SCREEN.action("end-sessions", "people")
def end_sessions(at: Acting) -> Response:
    """End the sessions of a user."""
    user = _user(at, at.form.get("user"))
    count = users.end_sessions(at.app.services, user.name, at.by)
    return at.done("sessions_ended", user=user.name, count=count)


@SCREEN.page("disable")
def ask_to_disable(at: At) -> Response:
    """Ask before a user is disabled."""
    user = _user(at, at.asked("name"))
    return at.confirmation("disable", "disable", {"user": user.name}, user=user.name)


@SCREEN.action("disable", "people")
def disable(at: Acting) -> Response:
    """Let a user log in no more."""
    user = _user(at, at.form.get("user"))
    users.disable(at.app.services, user.name, at.by)
    return at.done("disabled", user=user.name)


@SCREEN.action("enable", "people")
def enable(at: Acting) -> Response:
    """Let a user who was disabled log in again."""
    user = _user(at, at.form.get("user"))
    users.enable(at.app.services, user.name, at.by)
    return at.done("enabled", user=user.name)


def _user(at: Visit, name: str) -> UserRow:
    with at.app.database.read() as db:
        found = people.user(db, name)
    if found is None:
        raise NeedsHuman(Problem("user_unknown", {"user": name}))
    return found


def _role(at: Visit) -> Role:
    given = at.form.get("role")
    found = next((role for role in ROLES if role == given), None)
    if found is None:
        raise NeedsHuman(Problem("role_unknown", {"role": given}))
    return found


def _state(at: Visit, user: UserRow) -> str:
    return at.say("user_disabled" if user.disabled_at else "user_enabled")
