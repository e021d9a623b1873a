"""What Pipedrive's answers mean: the four errors, and how fast it may be asked.

Facts: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting and
https://pipedrive.readme.io/docs/core-api-concepts-http-status-codes. A burst limit counts over two seconds
and one user; a daily budget counts over the whole company, and says nothing about itself but 429. Who goes
on asking regardless gets 403 with a page of HTML from the network in front of Pipedrive.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import httpx

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.http import default_explanation, retry_after
from mlconnector.systems.kit.json_answers import object_or_nothing
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.pipedrive.settings import SYSTEM, TITLE

CONCURRENCY = 8
BURST_WINDOW = 2.0
DAILY_PAUSE = 3600.0
BANNED_PAUSE = 900.0
_BURST_ENDS_WITHIN = timedelta(seconds=60)


class Forbidden(NeedsHuman):
    """The user or the app may not read this, or the plan does not have it."""


class NotFound(Broken):
    """There is nothing at this address, or nothing that this user may see."""


class Pace:
    """Reads the rate limit off every answer, and tells a short refusal from a used-up daily budget."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._refused_since: datetime | None = None
        self._lock = Lock()

    def after_answer(self, answer: httpx.Response) -> float:
        """Seconds to pause: to the end of the window when fewer requests are left than may be under way."""
        if answer.status_code == 429:
            return 0.0
        with self._lock:
            self._refused_since = None
        remaining = _number(answer, "x-ratelimit-remaining")
        if remaining is None or remaining >= CONCURRENCY:
            return 0.0
        return _number(answer, "x-ratelimit-reset") or BURST_WINDOW

    def explain(self, answer: httpx.Response) -> ConnectorError | None:
        """What a failed answer means; None leaves it to HTTP alone."""
        status = answer.status_code
        if status == 429:
            return self._too_many(answer)
        if status == 401:
            return NeedsLogin(SYSTEM, reason(answer))
        if status == 402:
            return NeedsHuman(Problem("account_closed", {"system": TITLE, "answer": reason(answer)}))
        if status == 403:
            return _forbidden(answer)
        if status == 415:
            facts = {"system": TITLE, "path": answer.request.url.path, "answer": reason(answer)}
            return Forbidden(Problem("feature_not_in_plan", facts, ("path",)))
        if status in {404, 410}:
            return NotFound(default_explanation(SYSTEM, answer).args[0])
        if status == 500:
            return RetryLater("pipedrive answered 500", retry_after(answer))
        return None

    def _too_many(self, answer: httpx.Response) -> TooMany:
        asked = retry_after(answer)
        if asked is None:
            asked = _number(answer, "x-ratelimit-reset") or BURST_WINDOW
        with self._lock:
            now = self._now()
            self._refused_since = self._refused_since or now
            if now - self._refused_since > _BURST_ENDS_WITHIN:
                return TooMany("the daily budget of Pipedrive is used up", max(asked, DAILY_PAUSE))
        return TooMany("pipedrive answered 429", asked)


def reason(answer: httpx.Response) -> str:
    """Pipedrive's own words for a failure, from its JSON envelope; the status alone without one."""
    content = object_or_nothing(answer.content)
    words = [str(content[name]) for name in ("error", "error_info") if content.get(name)]
    return f"HTTP {answer.status_code}: {' '.join(words)}" if words else f"HTTP {answer.status_code}"


def _forbidden(answer: httpx.Response) -> ConnectorError:
    if "html" in answer.headers.get("content-type", ""):
        return TooMany("pipedrive's network refuses further requests for a while (403)", BANNED_PAUSE)
    facts = {"system": TITLE, "path": answer.request.url.path, "answer": reason(answer)}
    return Forbidden(Problem("permission_missing", facts, ("path",)))


def _number(answer: httpx.Response, header: str) -> float | None:
    try:
        return float(answer.headers[header])
    except (KeyError, ValueError):
        return None
