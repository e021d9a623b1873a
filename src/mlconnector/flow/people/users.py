"""Users of the console: who there is, in which role, who may log in; the audit trail is told of changes."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.people import passwords
from mlconnector.flow.people.roles import Role
from mlconnector.model.problems import Problem
from mlconnector.store import audit, people
from mlconnector.store.people import UserRow

LONGEST_NAME = 100
SETUP_LIFETIME = timedelta(hours=1)


def subject(name: str) -> str:
    """Under which a user stands in the audit trail."""
    return f"user {name}"


def new_setup_token(services: Services) -> str | None:
    """A token with which the first admin is made within an hour.

    None where there is a user already, and where nobody logs in with a password.
    """
    if not services.settings.console.passwords:
        return None
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
    name = _usable(name)
    passwords.refuse_weak(password, name)
    # Whoever only guesses tokens must not have passwords hashed.
    with services.database.read() as db:
        if not people.is_setup_token(db, token, services.now()):
            raise NeedsHuman(Problem("setup_token_unknown", {}))
    password_hash = passwords.hash_of(password)
    with services.database.write() as db:
        is_taken = people.take_setup_token(db, token, services.now())
        if not is_taken or people.is_anybody(db):
            raise NeedsHuman(Problem("setup_token_unknown", {}))
        _add(db, name, "admin", password_hash, by=name, now=services.now())


def add(services: Services, name: str, role: Role, password: str, by: str) -> None:
    """Add a user. Raises NeedsHuman (`user_exists`, `user_name_unusable`, or for a weak password)."""
    name = _usable(name)
    passwords.refuse_weak(password, name)
    password_hash = passwords.hash_of(password)
    with services.database.write() as db:
        if (found := people.user(db, name)) is not None:
            raise NeedsHuman(Problem("user_exists", {"user": found.name}))
        _add(db, name, role, password_hash, by=by, now=services.now())


def set_role(services: Services, name: str, role: Role, by: str) -> None:
    """Give a user another role, and end all sessions. Raises NeedsHuman (`user_unknown`, `last_admin`)."""
    with services.database.write() as db:
        found = _known(db, name)
        if role != "admin":
            _refuse_last_admin(db, found)
        people.set_role(db, found.name, role)
        _note(services, db, found, "user_role_changed", by, role=role, before=found.role)


def change_password(services: Services, name: str, old: str, password: str) -> None:
    """Let a user choose another password, and end all sessions.

    Raises NeedsHuman (`password_wrong`, or for a weak password).
    """
    with services.database.read() as db:
        found = _known(db, name)
    if not passwords.verifies(found.password_hash, old):
        raise NeedsHuman(Problem("password_wrong", {}))
    set_password(services, name, password, by=found.name)


def set_password(services: Services, name: str, password: str, by: str) -> None:
    """Give a user another password, and end all sessions.

    Raises NeedsHuman (`user_unknown`, or for a weak password).
    """
    with services.database.read() as db:
        found = _known(db, name)
    passwords.refuse_weak(password, found.name)
    password_hash = passwords.hash_of(password)
    with services.database.write() as db:
        people.set_password(db, found.name, password_hash)
        people.forget_browsers(db, found.name)
        _note(services, db, found, "user_password_changed", by)


def disable(services: Services, name: str, by: str) -> None:
    """Let a user log in no more, and end all sessions. Raises NeedsHuman (`user_unknown`, `last_admin`)."""
    with services.database.write() as db:
        found = _known(db, name)
        _refuse_last_admin(db, found)
        people.disable(db, found.name, services.now())
        people.forget_browsers(db, found.name)
        _note(services, db, found, "user_disabled", by)


def enable(services: Services, name: str, by: str) -> None:
    """Let a user who was disabled log in again, with the role and password of before.

    Raises NeedsHuman (`user_unknown`, `user_not_disabled`).
    """
    with services.database.write() as db:
        found = _known(db, name)
        if found.disabled_at is None:
            raise NeedsHuman(Problem("user_not_disabled", {"user": found.name}))
        people.enable(db, found.name)
        _note(services, db, found, "user_enabled", by)


def end_sessions(services: Services, name: str, by: str) -> int:
    """End all sessions of a user; how many there were. Raises NeedsHuman (`user_unknown`)."""
    with services.database.write() as db:
        return _note(services, db, _known(db, name), "user_sessions_ended", by)


def _note(services: Services, db: Connection, user: UserRow, event: str, by: str, **detail: Any) -> int:
    """End the sessions of a user and tell the audit trail; how many there were."""
    ended = people.end_sessions(db, user.name)
    told = {"by": by, "sessions": ended, **detail}
    audit.append(db, [audit.AuditEvent("", subject(user.name), event, told)], services.now())
    return ended


def add_without_password(db: Connection, name: str, role: Role, *, by: str, now: datetime) -> str:
    """Add a user whom somebody else answers for; the name as it is kept. Raises NeedsHuman."""
    name = _usable(name)
    _add(db, name, role, "", by=by, now=now)
    return name


def follow_role(services: Services, db: Connection, user: UserRow, role: Role, by: str) -> UserRow:
    """The user in the role that an issuer gives; sessions in another one end, and the audit trail tells."""
    if user.role == role:
        return user
    people.set_role(db, user.name, role)
    _note(services, db, user, "user_role_changed", by, role=role, before=user.role)
    return replace(user, role=role)


def _add(db: Connection, name: str, role: Role, password_hash: str, *, by: str, now: datetime) -> None:
    people.add(db, name, role, password_hash, now)
    event = audit.AuditEvent("", subject(name), "user_added", {"role": role, "by": by})
    audit.append(db, [event], now)


def _usable(name: str) -> str:
    """The name as it is kept. Raises NeedsHuman (`user_name_unusable`)."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NeedsHuman(Problem("user_name_unusable", {"limit": str(LONGEST_NAME)}))
    return name


def _refuse_last_admin(db: Connection, user: UserRow) -> None:
    admins = [one.name for one in people.every(db) if one.role == "admin" and one.disabled_at is None]
    if admins == [user.name]:
        raise NeedsHuman(Problem("last_admin", {"user": user.name}))


def _known(db: Connection, name: str) -> UserRow:
    found = people.user(db, name)
    if found is None:
        raise NeedsHuman(Problem("user_unknown", {"user": name}))
    return found
