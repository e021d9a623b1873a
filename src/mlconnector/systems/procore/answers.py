"""What Procore's answers mean.

Facts: https://developers.procore.com/documentation (rate limiting, error reference, multiple zones). Two
limits hold at once, one for an hour and one for ten seconds; the headers speak of whichever is met first.
Pages of the documentation disagree on which header says how long to wait after 429, so the longer one counts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.http import retry_after
from mlconnector.systems.kit.json_answers import parsed
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.kit.redaction import without_echo
from mlconnector.systems.procore.names import SYSTEM

_DISCONNECTED = "not connected to this company"
_LONGEST_WORDS = 300
# How long a refusal lasts that says nothing of it: the window of the shorter limit.
_WINDOW = 10.0
_MARGIN = 0.5
# No limit lasts longer, whatever a header says.
_LONGEST_WINDOW = 3600.0


class NotFound(Broken):
    """There is no such record, or the service account may not see its project."""


class Forbidden(NeedsHuman):
    """The service account may not read this; who looks after its permissions can help.

    That the app is not connected to the company any more is none: it concerns all that there is.
    """


class Answers:
    """Tells refusals apart; `close` is told for how long nobody may call with this key."""

    def __init__(self, now: Callable[[], datetime], close: Callable[[float], None]) -> None:
        self._now = now
        self._close = close

    def explain(self, answer: httpx.Response) -> ConnectorError | None:
        """What a failed answer means; None leaves it to HTTP alone."""
        status, words = answer.status_code, said(answer)
        if status == 429:
            return self._too_many(answer)
        if status == 401:
            return NeedsLogin(SYSTEM, f"HTTP 401: {words}" if words else "HTTP 401")
        if status == 403:
            facts = {"answer": words or "HTTP 403", "path": answer.request.url.path}
            if _DISCONNECTED in words.lower():
                return NeedsHuman(Problem("procore_disconnected", facts, ("path",)))
            return Forbidden(Problem("procore_forbidden", facts, ("path",)))
        if status == 404:
            return NotFound(f"{SYSTEM} answered 404 to {answer.request.url.path}: {words}")
        if status == 500:
            return RetryLater(f"{SYSTEM} answered 500: {words}", retry_after(answer))
        return None

    def pause(self, answer: httpx.Response) -> float:
        """How long the next call has to wait: until the reset, where this answer was the last allowed."""
        if answer.status_code == 429 or answer.headers.get("x-rate-limit-remaining", "").strip() != "0":
            return 0.0
        return self._until_reset(answer)

    def _too_many(self, answer: httpx.Response) -> TooMany:
        asked = retry_after(answer, self._now())
        wait = max(asked or 0.0, self._until_reset(answer)) or _WINDOW
        self._close(wait)
        return TooMany(f"the limit of calls of {SYSTEM} is used up (HTTP 429)", wait)

    def _until_reset(self, answer: httpx.Response) -> float:
        written = answer.headers.get("x-rate-limit-reset", "").strip()
        if not (written.isascii() and written.isdigit()):
            return 0.0
        left = float(written) - self._now().timestamp()
        return min(max(left + _MARGIN, 0.0), _LONGEST_WINDOW + _MARGIN)


def said(answer: httpx.Response) -> str:
    """Procore's own words for a failure."""
    try:
        found = parsed(answer.content)
    except ValueError:
        found = answer.text
    if isinstance(found, dict):
        found = (
            found.get("errors")
            or found.get("error_description")
            or found.get("message")
            or found.get("error")
        )
    words = " ".join(str(found or "").split())[:_LONGEST_WORDS]
    return without_echo(words, answer.request)
