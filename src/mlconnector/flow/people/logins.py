"""Logging in with a password: who is let in, who is made to wait, and what of it the audit trail is told.

Failures are counted in the database, for all servers of an installation together. Whoever has logged in
from a browser before is counted by that browser: nobody else can lock it out. All others are counted by name
and address together, by name, and by address, with limits that an office behind one address does not reach.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.people import passwords
from mlconnector.flow.people.sessions import LIFETIME, Session
from mlconnector.flow.people.users import subject
from mlconnector.store import audit, people
from mlconnector.store.people import UserRow

PATIENCE = timedelta(minutes=15)
FAILURES_OF_A_BROWSER = 10
FAILURES_OF_A_PAIR = 5
FAILURES_OF_A_NAME = 30
FAILURES_OF_AN_ADDRESS = 100
BROWSER_LIFETIME = timedelta(days=180)
_NOTHING: Mapping[str, str] = {}


class TooManyFailures(Exception):
    """Too many logins have failed: none is tried for a while."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session that has begun, and the key by which its browser is known from now on."""

    session: Session
    browser: str


def log_in(services: Services, name: str, password: str, address: str, browser: str = "") -> LoggedIn | None:
    """Begin a session; None where name and password do not belong together. Raises TooManyFailures."""
    name, now = name.strip(), services.now()
    with services.database.read() as db:
        user = people.user(db, name)
        is_known = user is not None and people.knows_browser(db, user.name, browser, now)
        marks = _marks(name, address, browser if is_known else "")
        if any(people.failures(db, mark, now - PATIENCE) >= most for mark, most in marks.items()):
            raise TooManyFailures
    is_right = passwords.verifies(None if user is None else user.password_hash, password)
    if user is None or user.disabled_at is not None or not is_right:
        with services.database.write() as db:
            tell_of_failure(db, user, address, now)
            people.note_failure(db, list(marks), now, now - PATIENCE)
        return None
    with services.database.write() as db:
        if passwords.is_outdated(user.password_hash):
            people.set_password(db, user.name, passwords.hash_of(password))
        return let_in(db, user, address, now, browser if is_known else "")


def let_in(
    db: Connection, user: UserRow, address: str, now: datetime, browser: str = "", **told: str
) -> LoggedIn:
    """Begin a session of a user who has proven to be it; `browser` is known by its key already."""
    key, browser = secrets.token_urlsafe(32), browser or secrets.token_urlsafe(32)
    people.begin_session(db, key, user.name, now, now + LIFETIME)
    people.note_browser(db, user.name, browser, now, now + BROWSER_LIFETIME)
    detail = {"by": user.name, "address": address, **told}
    audit.append(db, [audit.AuditEvent("", subject(user.name), "user_logged_in", detail)], now)
    return LoggedIn(Session(key, user), browser)


def _marks(name: str, address: str, browser: str) -> Mapping[str, int]:
    """By what failures are counted, and how many of each are put up with."""
    if browser:
        return {f"browser {browser}": FAILURES_OF_A_BROWSER}
    who = name.casefold()
    return {
        f"pair {address} {who}": FAILURES_OF_A_PAIR,
        f"name {who}": FAILURES_OF_A_NAME,
        f"address {address}": FAILURES_OF_AN_ADDRESS,
    }


def tell_of_failure(
    db: Connection,
    user: UserRow | None,
    address: str,
    now: datetime,
    kind: str = "",
    told: Mapping[str, str] = _NOTHING,
) -> None:
    """Tell the audit trail of the first failure of a while: of each user, and of all names that are none.

    Where there is a `kind`, of the first of each. Who tries on and on must not fill it; and a name that is
    none may be a password in the wrong field.
    """
    mark = f"told {user.name} {kind}" if user is not None else f"told of nobody {kind}"
    if people.failures(db, mark, now - PATIENCE):
        return
    people.note_failure(db, [mark], now, now - PATIENCE)
    note_failure(db, user, address, now, told)


def note_failure(
    db: Connection, user: UserRow | None, address: str, now: datetime, told: Mapping[str, str] = _NOTHING
) -> None:
    """Tell the audit trail that a login failed, and what is `told` of it."""
    about = subject(user.name) if user is not None else subject("?")
    detail = {"by": "", "address": address, **told}
    audit.append(db, [audit.AuditEvent("", about, "user_login_failed", detail)], now)
