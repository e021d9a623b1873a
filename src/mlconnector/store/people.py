"""Users of the console, their sessions, their failed logins, and the token for the first of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from mlconnector.store.tables import login_attempts, sessions, setup_tokens, users


@dataclass(frozen=True, slots=True)
class UserRow:
    """Somebody who may log in, until `disabled_at`; `language` is empty for that of the browser."""

    name: str
    role: str
    password_hash: str
    language: str
    created_at: datetime
    disabled_at: datetime | None


def user(connection: Connection, name: str) -> UserRow | None:
    """One user; None where there is none of this name."""
    row = connection.execute(select(users).where(users.c.name == name)).first()
    return None if row is None else UserRow(*row)


def every(connection: Connection) -> list[UserRow]:
    """All users by name, those that were disabled too."""
    return [UserRow(*row) for row in connection.execute(select(users).order_by(users.c.name))]


def is_anybody(connection: Connection) -> bool:
    """Whether there is any user."""
    return connection.execute(select(users.c.name).limit(1)).first() is not None


def add(connection: Connection, name: str, role: str, password_hash: str, now: datetime) -> None:
    """Add a user."""
    row = {"name": name, "role": role, "password_hash": password_hash, "created_at": now}
    connection.execute(insert(users).values(row))


def disable(connection: Connection, name: str, now: datetime) -> None:
    """Let a user log in no more."""
    connection.execute(update(users).where(users.c.name == name).values(disabled_at=now))


def set_language(connection: Connection, name: str, language: str) -> None:
    """Keep the language that a user has chosen."""
    connection.execute(update(users).where(users.c.name == name).values(language=language))


def set_password(connection: Connection, name: str, password_hash: str) -> None:
    """Keep another hash of a user's password."""
    connection.execute(update(users).where(users.c.name == name).values(password_hash=password_hash))


def begin_session(connection: Connection, key: str, name: str, now: datetime, until: datetime) -> None:
    """Begin a session, of which the hash of its key is kept; those that have expired are forgotten."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    row = {"id_hash": hashed(key), "user": name, "begun_at": now, "expires_at": until}
    connection.execute(insert(sessions).values(row))


def of_session(connection: Connection, key: str, now: datetime) -> UserRow | None:
    """Whose session a key belongs to; None where it has ended, or its user was disabled."""
    query = (
        select(users)
        .join(sessions, sessions.c.user == users.c.name)
        .where(sessions.c.id_hash == hashed(key), sessions.c.expires_at > now, users.c.disabled_at.is_(None))
    )
    row = connection.execute(query).first()
    return None if row is None else UserRow(*row)


def end_session(connection: Connection, key: str) -> int:
    """End one session; how many there were."""
    return connection.execute(delete(sessions).where(sessions.c.id_hash == hashed(key))).rowcount


def end_sessions(connection: Connection, name: str) -> int:
    """End all sessions of a user; how many there were."""
    return connection.execute(delete(sessions).where(sessions.c.user == name)).rowcount


def session_counts(connection: Connection, now: datetime) -> dict[str, int]:
    """How many sessions each user has that have not expired."""
    query = select(sessions.c.user, func.count()).where(sessions.c.expires_at > now).group_by(sessions.c.user)
    return {row[0]: row[1] for row in connection.execute(query)}


def note_failure(connection: Connection, who: Collection[str], now: datetime, since: datetime) -> None:
    """Note that a login failed, for each of its marks (name, address); forget what is older than `since`."""
    connection.execute(delete(login_attempts).where(login_attempts.c.at < since))
    connection.execute(insert(login_attempts), [{"who_hash": hashed(one), "at": now} for one in who])


def failures(connection: Connection, who: str, since: datetime) -> int:
    """How many logins with a mark have failed since a moment."""
    mine = (login_attempts.c.who_hash == hashed(who), login_attempts.c.at >= since)
    return connection.execute(select(func.count()).select_from(login_attempts).where(*mine)).scalar_one()


def replace_setup_token(connection: Connection, token: str, until: datetime) -> None:
    """Keep the hash of a token with which the first user is made; one that was there before is worthless."""
    connection.execute(delete(setup_tokens))
    connection.execute(insert(setup_tokens).values(token_hash=hashed(token), expires_at=until))


def take_setup_token(connection: Connection, token: str, now: datetime) -> bool:
    """Use a token up; whether it was good."""
    mine = (setup_tokens.c.token_hash == hashed(token), setup_tokens.c.expires_at > now)
    return connection.execute(delete(setup_tokens).where(*mine)).rowcount == 1


def hashed(text: str) -> str:
    """What is kept of a random key, or of what somebody typed."""
    return hashlib.sha256(text.encode()).hexdigest()
