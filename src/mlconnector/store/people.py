"""Users of the console, their sessions, their failed logins, and the token for the first of them."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, text, update

from mlconnector.store.tables import (
    finished_logins,
    known_browsers,
    login_attempts,
    sessions,
    setup_tokens,
    users,
)
from mlconnector.store.upsert import add_row


@dataclass(frozen=True, slots=True)
class UserRow:
    """Somebody who may log in, until `disabled_at`; `language` is empty for that of the browser.

    `subject` is who an issuer says it is; without a password, `password_hash` is empty.
    """

    name: str
    role: str
    password_hash: str
    language: str
    created_at: datetime
    disabled_at: datetime | None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that goes on: whose it is, when it was last heard of, what its next page says once."""

    user: UserRow
    seen_at: datetime
    notice: str


def user(connection: Connection, name: str) -> UserRow | None:
    """One user; None where there is none of this name. Capital letters make no other name."""
    wanted = unicodedata.normalize("NFC", name.strip()).casefold()
    return next((one for one in every(connection) if one.name.casefold() == wanted), None)


def of_subject(connection: Connection, subject: str) -> UserRow | None:
    """The user whom an issuer knows by this; None where there is none."""
    row = connection.execute(select(users).where(users.c.subject == subject)).first()
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


def enable(connection: Connection, name: str) -> None:
    """Let a user log in again."""
    connection.execute(update(users).where(users.c.name == name).values(disabled_at=None))


def set_subject(connection: Connection, name: str, subject: str) -> None:
    """Keep whom an issuer knows a user as."""
    connection.execute(update(users).where(users.c.name == name).values(subject=subject))


def finish_login(connection: Connection, state: str, now: datetime, since: datetime) -> bool:
    """Note that a login came back; whether it is the first time. What is older than `since` is forgotten."""
    connection.execute(delete(finished_logins).where(finished_logins.c.at < since))
    row = {"state_hash": hashed(state), "at": now}
    return add_row(connection, finished_logins, row)


def set_role(connection: Connection, name: str, role: str) -> None:
    """Give a user another role."""
    connection.execute(update(users).where(users.c.name == name).values(role=role))


def set_language(connection: Connection, name: str, language: str) -> None:
    """Keep the language that a user has chosen."""
    connection.execute(update(users).where(users.c.name == name).values(language=language))


def set_password(connection: Connection, name: str, password_hash: str) -> None:
    """Keep another hash of a user's password."""
    connection.execute(update(users).where(users.c.name == name).values(password_hash=password_hash))


def begin_session(connection: Connection, key: str, name: str, now: datetime, until: datetime) -> None:
    """Begin a session, of which the hash of its key is kept; those that have expired are forgotten."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    row = {"id_hash": hashed(key), "user": name, "begun_at": now, "seen_at": now, "expires_at": until}
    connection.execute(insert(sessions).values(row))


def of_session(connection: Connection, key: str, now: datetime, idle_since: datetime) -> SessionRow | None:
    """The session of a key; None where it has ended, was idle since a moment, or its user was disabled."""
    query = (
        select(users, sessions.c.seen_at, sessions.c.notice)
        .join(sessions, sessions.c.user == users.c.name)
        .where(
            sessions.c.id_hash == hashed(key),
            sessions.c.expires_at > now,
            sessions.c.seen_at > idle_since,
            users.c.disabled_at.is_(None),
        )
    )
    row = connection.execute(query).first()
    return None if row is None else SessionRow(UserRow(*row[:-2]), row.seen_at, row.notice)


def see_session(connection: Connection, key: str, now: datetime) -> None:
    """Note that a session was heard of."""
    connection.execute(update(sessions).where(sessions.c.id_hash == hashed(key)).values(seen_at=now))


def set_notice(connection: Connection, key: str, notice: str) -> None:
    """Keep what the next page of a session says once."""
    connection.execute(update(sessions).where(sessions.c.id_hash == hashed(key)).values(notice=notice))


def end_session(connection: Connection, key: str) -> int:
    """End one session; how many there were."""
    return connection.execute(delete(sessions).where(sessions.c.id_hash == hashed(key))).rowcount


def end_sessions(connection: Connection, name: str) -> int:
    """End all sessions of a user; how many there were."""
    return connection.execute(delete(sessions).where(sessions.c.user == name)).rowcount


def session_counts(connection: Connection, now: datetime, idle_since: datetime) -> dict[str, int]:
    """How many sessions each user has that go on."""
    goes_on = (sessions.c.expires_at > now, sessions.c.seen_at > idle_since)
    query = select(sessions.c.user, func.count()).where(*goes_on).group_by(sessions.c.user)
    return {row[0]: row[1] for row in connection.execute(query)}


def note_failure(connection: Connection, who: Collection[str], now: datetime, since: datetime) -> None:
    """Note that a login failed, for each of its marks (name, address); forget what is older than `since`."""
    connection.execute(delete(login_attempts).where(login_attempts.c.at < since))
    connection.execute(insert(login_attempts), [{"who_hash": hashed(one), "at": now} for one in who])


def failures(connection: Connection, who: str, since: datetime) -> int:
    """How many logins with a mark have failed since a moment."""
    mine = (login_attempts.c.who_hash == hashed(who), login_attempts.c.at >= since)
    return connection.execute(select(func.count()).select_from(login_attempts).where(*mine)).scalar_one()


def knows_browser(connection: Connection, name: str, browser: str, now: datetime) -> bool:
    """Whether a user has logged in from the browser with this key."""
    mine = (known_browsers.c.id_hash == hashed(browser), known_browsers.c.user == name)
    query = select(known_browsers.c.user).where(*mine, known_browsers.c.expires_at > now)
    return bool(browser) and connection.execute(query).first() is not None


def note_browser(connection: Connection, name: str, browser: str, now: datetime, until: datetime) -> None:
    """Know a browser of a user until a moment; forget those whose moment has come."""
    key = hashed(browser)
    gone = or_(known_browsers.c.expires_at <= now, known_browsers.c.id_hash == key)
    connection.execute(delete(known_browsers).where(gone))
    connection.execute(insert(known_browsers).values(id_hash=key, user=name, expires_at=until))


def forget_browsers(connection: Connection, name: str) -> None:
    """Know no browser of a user any more."""
    connection.execute(delete(known_browsers).where(known_browsers.c.user == name))


def replace_setup_token(connection: Connection, token: str, until: datetime) -> None:
    """Keep the hash of a token with which the first user is made; one that was there before is worthless."""
    if connection.dialect.name == "postgresql":
        # Of two that begin at once neither would see what the other one has put there.
        connection.execute(text("LOCK TABLE setup_tokens IN EXCLUSIVE MODE"))
    connection.execute(delete(setup_tokens))
    connection.execute(insert(setup_tokens).values(token_hash=hashed(token), expires_at=until))


def is_setup_token(connection: Connection, token: str, now: datetime) -> bool:
    """Whether a token is good."""
    mine = (setup_tokens.c.token_hash == hashed(token), setup_tokens.c.expires_at > now)
    return connection.execute(select(setup_tokens.c.token_hash).where(*mine)).first() is not None


def take_setup_token(connection: Connection, token: str, now: datetime) -> bool:
    """Use a token up; whether it was good."""
    mine = (setup_tokens.c.token_hash == hashed(token), setup_tokens.c.expires_at > now)
    return connection.execute(delete(setup_tokens).where(*mine)).rowcount == 1


def hashed(given: str) -> str:
    """What is kept of a random key, or of what somebody typed."""
    return hashlib.sha256(given.encode()).hexdigest()
