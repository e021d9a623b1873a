"""Users of the console: adding, disabling, ending their sessions; each is told to the audit trail."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.people.roles import Role
from mlconnector.model.problems import Problem
from mlconnector.store import audit, people
from mlconnector.store.people import UserRow

SHORTEST_PASSWORD = 12
LONGEST_NAME = 100
SETUP_LIFETIME = timedelta(hours=1)
HASHER = PasswordHasher()


def subject(name: str) -> str:
    """Under which a user stands in the audit trail."""
    return f"user {name}"


def new_setup_token(services: Services) -> str | None:
    """A token with which the first admin is made within an hour; None where there is a user already."""
    with services.database.write() as db:
        if people.is_anybody(db):
            return None
        token = secrets.token_urlsafe(32)
        people.replace_setup_token(db, token, services.now() + SETUP_LIFETIME)
    return token


def add_first(services: Services, token: str, name: str, password: str) -> None:
    """Make the first user, an admin, with the token that was printed.

    Raises NeedsHuman (`setup_token_unknown`, and as `add` does); then the token is as good as before.
    """
    name = _checked(name, password)
    password_hash = HASHER.hash(password)
    with services.database.write() as db:
        if people.is_anybody(db) or not people.take_setup_token(db, token, services.now()):
            raise NeedsHuman(Problem("setup_token_unknown", {}))
        _add(db, name, "admin", password_hash, by=name, now=services.now())


def add(services: Services, name: str, role: Role, password: str, by: str) -> None:
    """Add a user.

    Raises NeedsHuman (`user_exists`, `user_name_unusable`, `password_too_short`).
    """
    name = _checked(name, password)
    password_hash = HASHER.hash(password)
    with services.database.write() as db:
        if people.user(db, name) is not None:
            raise NeedsHuman(Problem("user_exists", {"user": name}))
        _add(db, name, role, password_hash, by=by, now=services.now())


def disable(services: Services, name: str, by: str) -> None:
    """Let a user log in no more, and end all sessions. Raises NeedsHuman (`user_unknown`, `last_admin`)."""
    with services.database.write() as db:
        found = _known(db, name)
        admins = [one for one in people.every(db) if one.role == "admin" and one.disabled_at is None]
        if [one.name for one in admins] == [found.name]:
            raise NeedsHuman(Problem("last_admin", {"user": name}))
        people.disable(db, name, services.now())
        ended = people.end_sessions(db, name)
        event = audit.AuditEvent("", subject(name), "user_disabled", {"by": by, "sessions": ended})
        audit.append(db, [event], services.now())


def end_sessions(services: Services, name: str, by: str) -> int:
    """End all sessions of a user; how many there were. Raises NeedsHuman (`user_unknown`)."""
    with services.database.write() as db:
        _known(db, name)
        ended = people.end_sessions(db, name)
        event = audit.AuditEvent("", subject(name), "user_sessions_ended", {"by": by, "sessions": ended})
        audit.append(db, [event], services.now())
    return ended


def _add(db: Connection, name: str, role: Role, password_hash: str, *, by: str, now: datetime) -> None:
    people.add(db, name, role, password_hash, now)
    event = audit.AuditEvent("", subject(name), "user_added", {"role": role, "by": by})
    audit.append(db, [event], now)


def _checked(name: str, password: str) -> str:
    """The name without spaces around it, where it and the password can be used."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NeedsHuman(Problem("user_name_unusable", {"limit": str(LONGEST_NAME)}))
    if len(password) < SHORTEST_PASSWORD:
        raise NeedsHuman(Problem("password_too_short", {"limit": str(SHORTEST_PASSWORD)}))
    return name


def _known(db: Connection, name: str) -> UserRow:
    found = people.user(db, name)
    if found is None:
        raise NeedsHuman(Problem("user_unknown", {"user": name}))
    return found
