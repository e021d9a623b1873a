"""Sessions and their tokens: what a login is worth, for how long, and what ends it.

Refresh tokens are single use. A refresh invalidates both tokens it replaces, and a refresh token that
comes a second time ends the whole session. A normal session ends 11 hours after the login whatever is
refreshed; a long-term session (`offline_access`) belongs to one client and lasts two years from its
last refresh.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

ACCESS_SECONDS = 900
REFRESH_SECONDS = 11 * 3600
LONG_TERM_SECONDS = 2 * 365 * 86400
LONG_TERM_SCOPE = "datev:iam:client:"


class InvalidGrantError(Exception):
    """A code or refresh token that is unknown, used, expired or of another app."""


@dataclass(slots=True)
class Session:
    """One login; it has one valid access token and one valid refresh token at any time."""

    app_id: str
    scopes: tuple[str, ...]
    access_token: str
    access_expires_at: float
    refresh_token: str
    refresh_expires_at: float

    @property
    def client_id(self) -> str | None:
        """The only client a long-term session may be used for, None for a normal session."""
        if "offline_access" not in self.scopes:
            return None
        return next(
            scope.removeprefix(LONG_TERM_SCOPE) for scope in self.scopes if scope.startswith(LONG_TERM_SCOPE)
        )


class Tokens:
    """All sessions, by their tokens."""

    def __init__(self) -> None:
        self.refreshes = 0
        self.replays = 0
        self._by_access: dict[str, Session] = {}
        self._by_refresh: dict[str, Session] = {}
        self._spent: dict[str, Session] = {}

    @property
    def sessions(self) -> list[Session]:
        """Sessions that still have a valid refresh token, the oldest first."""
        return list(self._by_refresh.values())

    def open(self, app_id: str, scopes: Sequence[str], now: float) -> Session:
        """Begin a session."""
        lifetime = LONG_TERM_SECONDS if "offline_access" in scopes else REFRESH_SECONDS
        session = Session(
            app_id, tuple(scopes), _new_token(), now + ACCESS_SECONDS, _new_token(), now + lifetime
        )
        self._by_access[session.access_token] = session
        self._by_refresh[session.refresh_token] = session
        return session

    def refresh(self, refresh_token: str, app_id: str, now: float) -> Session:
        """Replace both tokens of a session; InvalidGrantError when the refresh token is worth nothing."""
        spent = self._spent.get(refresh_token)
        if spent is not None:
            self.replays += 1
            self.end(spent)
            raise InvalidGrantError("refresh token was already used, the session has been ended")
        session = self._by_refresh.get(refresh_token)
        if session is None or session.app_id != app_id:
            raise InvalidGrantError("refresh token is unknown")
        if session.refresh_expires_at <= now:
            raise InvalidGrantError("refresh token has expired")
        self.refreshes += 1
        self._by_access.pop(session.access_token, None)
        self._spent[refresh_token] = self._by_refresh.pop(refresh_token)
        session.access_token, session.access_expires_at = _new_token(), now + ACCESS_SECONDS
        session.refresh_token = _new_token()
        if session.client_id is not None:
            session.refresh_expires_at = now + LONG_TERM_SECONDS
        self._by_access[session.access_token] = session
        self._by_refresh[session.refresh_token] = session
        return session

    def session_of(self, access_token: str, now: float) -> Session | None:
        """The session a valid access token belongs to."""
        session = self._by_access.get(access_token)
        return session if session is not None and session.access_expires_at > now else None

    def owner_of(self, token: str) -> Session | None:
        """The session of any token that has not been replaced or revoked yet."""
        return self._by_access.get(token) or self._by_refresh.get(token)

    def end(self, session: Session) -> None:
        """End a session: none of its tokens is valid any more."""
        self._by_access.pop(session.access_token, None)
        self._by_refresh.pop(session.refresh_token, None)

    def revoke(self, token: str) -> None:
        """Make one token invalid; the other one of its session lives on."""
        self._by_access.pop(token, None)
        self._by_refresh.pop(token, None)

    def expire_access_tokens(self) -> None:
        """Let every access token be expired at once."""
        self._by_access.clear()

    def dump(self) -> dict[str, Any]:
        """All sessions with their tokens, current and spent."""
        current = (*self._by_access.values(), *self._by_refresh.values())
        sessions = {id(session): session for session in (*current, *self._spent.values())}
        spent: dict[int, list[str]] = {key: [] for key in sessions}
        for token, session in self._spent.items():
            spent[id(session)].append(token)
        return {
            "refreshes": self.refreshes,
            "replays": self.replays,
            "sessions": [
                {
                    **asdict(session),
                    "has_access": session.access_token in self._by_access,
                    "has_refresh": session.refresh_token in self._by_refresh,
                    "spent": spent[key],
                }
                for key, session in sessions.items()
            ],
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Bring dumped sessions back."""
        self.refreshes, self.replays = dumped["refreshes"], dumped["replays"]
        for row in dumped["sessions"]:
            known = dict(row)
            has_access, has_refresh, spent = (
                known.pop("has_access"),
                known.pop("has_refresh"),
                known.pop("spent"),
            )
            session = Session(**{**known, "scopes": tuple(known["scopes"])})
            if has_access:
                self._by_access[session.access_token] = session
            if has_refresh:
                self._by_refresh[session.refresh_token] = session
            self._spent.update(dict.fromkeys(spent, session))


def _new_token() -> str:
    return secrets.token_urlsafe(32)
