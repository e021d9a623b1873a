"""Sessions: logging in with a password, and whose session a browser has."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2.exceptions import InvalidHashError, VerificationError

from mlconnector.flow.context.services import Services
from mlconnector.flow.people.users import HASHER, subject
from mlconnector.store import audit, people
from mlconnector.store.people import UserRow

LIFETIME = timedelta(hours=10)
"""A working day."""
PATIENCE = timedelta(minutes=15)
FAILURES_OF_A_NAME = 5
FAILURES_OF_AN_ADDRESS = 20


class TooManyFailures(Exception):
    """Too many logins with a name, or from an address, have failed: none is tried for a while."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is at the browser that has the key of a session."""

    key: str
    user: UserRow

    @property
    def form_token(self) -> str:
        """What a form has to carry, so that no other site can send it; it tells nothing of the key."""
        return hmac.new(self.key.encode(), b"form", hashlib.sha256).hexdigest()


def log_in(services: Services, name: str, password: str, address: str) -> Session | None:
    """Begin a session; None where name and password do not belong together. Raises TooManyFailures.

    Failures are counted in the database, for all servers of an installation together.
    """
    name, now = name.strip(), services.now()
    marks = {f"name {name.casefold()}": FAILURES_OF_A_NAME, f"address {address}": FAILURES_OF_AN_ADDRESS}
    with services.database.read() as db:
        if any(people.failures(db, mark, now - PATIENCE) >= most for mark, most in marks.items()):
            raise TooManyFailures
        user = people.user(db, name)
    is_right = _verifies(_nobodys_hash() if user is None else user.password_hash, password)
    if user is None or user.disabled_at is not None or not is_right:
        with services.database.write() as db:
            people.note_failure(db, list(marks), now, now - PATIENCE)
        return None
    key = secrets.token_urlsafe(32)
    with services.database.write() as db:
        if HASHER.check_needs_rehash(user.password_hash):
            people.set_password(db, name, HASHER.hash(password))
        people.begin_session(db, key, name, now, now + LIFETIME)
        audit.append(db, [audit.AuditEvent("", subject(name), "user_logged_in", {"by": name})], now)
    return Session(key, user)


def of_key(services: Services, key: str) -> Session | None:
    """The session of a key; None where there is none, or no more."""
    if not key:
        return None
    with services.database.read() as db:
        user = people.of_session(db, key, services.now())
    return None if user is None else Session(key, user)


def log_out(services: Services, session: Session) -> None:
    """End a session."""
    name = session.user.name
    with services.database.write() as db:
        people.end_session(db, session.key)
        event = audit.AuditEvent("", subject(name), "user_logged_out", {"by": name})
        audit.append(db, [event], services.now())


@cache
def _nobodys_hash() -> str:
    """With it, whoever does not exist is answered as slowly as whoever does."""
    return HASHER.hash(secrets.token_urlsafe(16))


def _verifies(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
