"""Access tokens of an app that has an identity of its own: nobody logs in, and there is no refresh token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from mlconnector.systems.kit.oauth import Tokens

_SHORTEST_LIFE = 60.0


class AppTokens:
    """Keeps the access token in memory and asks for another before its end; safe between threads.

    `ask` gives what the token endpoint answered: `access_token` and `expires_in` in seconds. A token is good
    until `margin` before its end. `close` lets go of the connection to the endpoint.
    """

    def __init__(
        self,
        ask: Callable[[], Mapping[str, object]],
        now: Callable[[], datetime],
        margin: timedelta,
        close: Callable[[], None],
    ) -> None:
        self._ask = ask
        self._now = now
        self._margin = margin
        self.close = close
        self._lock = Lock()
        self._tokens: Tokens | None = None

    def current(self) -> Tokens:
        """A token that is good for a while. Raises what asking raises."""
        with self._lock:
            if self._tokens is None or self._tokens.expires_at - self._margin <= self._now():
                self._tokens = self._asked_for()
            return self._tokens

    def renewed(self, rejected: str) -> Tokens:
        """Another token than the `rejected` one."""
        with self._lock:
            if self._tokens is None or self._tokens.access_token == rejected:
                self._tokens = self._asked_for()
            return self._tokens

    def _asked_for(self) -> Tokens:
        asked_at = self._now()
        granted = self._ask()
        lifetime = float(str(granted.get("expires_in") or 0))
        end = asked_at + timedelta(seconds=max(lifetime, _SHORTEST_LIFE))
        return Tokens(
            access_token=str(granted["access_token"]),
            refresh_token="",
            expires_at=end,
            refresh_expires_at=end,
        )
