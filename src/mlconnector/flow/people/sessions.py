"""Sessions: whose session a browser has, until it is idle for too long, its day is over, or it is ended."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from mlconnector.flow.context.services import Services
from mlconnector.flow.people.users import subject
from mlconnector.store import audit, people
from mlconnector.store.people import UserRow

LIFETIME = timedelta(hours=10)
"""A working day."""
IDLE = timedelta(hours=2)
"""A session of which nothing was heard for so long has ended."""
_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is at the browser that has the key of a session; `notice` is what its next page says once."""

    key: str
    user: UserRow
    notice: str = ""

    @property
    def form_token(self) -> str:
        """What a form has to carry, so that no other site can send it; it tells nothing of the key."""
        return hmac.new(self.key.encode(), b"form", hashlib.sha256).hexdigest()


def of_key(services: Services, key: str) -> Session | None:
    """The session of a key; None where there is none, or no more."""
    if not key:
        return None
    now = services.now()
    with services.database.read() as db:
        found = people.of_session(db, key, now, now - IDLE)
    if found is None:
        return None
    if now - found.seen_at >= _NOTED_EVERY:
        with services.database.write() as db:
            people.see_session(db, key, now)
    return Session(key, found.user, found.notice)


def counts(services: Services) -> dict[str, int]:
    """How many sessions each user has that go on."""
    now = services.now()
    with services.database.read() as db:
        return people.session_counts(db, now, now - IDLE)


def leave_notice(services: Services, session: Session, notice: str) -> None:
    """Keep what the next page says; an empty one is said already."""
    with services.database.write() as db:
        people.set_notice(db, session.key, notice)


def log_out(services: Services, session: Session) -> None:
    """End a session."""
    name = session.user.name
    with services.database.write() as db:
        people.end_session(db, session.key)
        event = audit.AuditEvent("", subject(name), "user_logged_out", {"by": name})
        audit.append(db, [event], services.now())
