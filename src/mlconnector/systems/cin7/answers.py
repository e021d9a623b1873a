"""What Cin7 Core's answers mean.

Facts: the API description of version 2 (https://dearinventory.docs.apiary.io), and what others saw of the
live system: over its limit it answers 429, 503 or any other refusal that says so in its words, without
Retry-After; errors may come with status 200, and a wrong address is answered with 200 and a page of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx

from mlconnector.errors import Broken, ConnectorError, NeedsLogin, RetryLater
from mlconnector.systems.cin7.names import SYSTEM
from mlconnector.systems.kit.http import retry_after
from mlconnector.systems.kit.json_answers import parsed
from mlconnector.systems.kit.pacing import TooMany

WINDOW = 60.0
_OVER_THE_LIMIT = re.compile(r"\d+ (api )?calls per (\d+ seconds|minute)", re.IGNORECASE)
_NOT_THERE = re.compile(r"not found|does ?n.t exist|no such|cannot be found|invalid id", re.IGNORECASE)
_LONGEST_WORDS = 300


class NotFound(Broken):
    """There is no such record."""


class Answers:
    """Tells refusals apart; `close` is told for how long nobody may call with this key."""

    def __init__(self, close: Callable[[float], None]) -> None:
        self._close = close

    def explain(self, answer: httpx.Response) -> ConnectorError | None:
        """What a failed answer means; None leaves it to HTTP alone."""
        status, words = answer.status_code, said(answer)
        if status in {429, 503} or _OVER_THE_LIMIT.search(words):
            return self.too_many(f"HTTP {status}", retry_after(answer))
        if status in {401, 403}:
            return NeedsLogin(SYSTEM, f"HTTP {status}: {words}" if words else f"HTTP {status}")
        if status == 404 or (status == 400 and _NOT_THERE.search(words)):
            return NotFound(f"{SYSTEM} answered {status}: {words}")
        if status == 500:
            return RetryLater(f"{SYSTEM} answered 500: {words}", retry_after(answer))
        return None

    def too_many(self, answer: str, after: float | None) -> TooMany:
        """The limit is used up: without a word on how long, its whole window must pass, for everybody."""
        wait = WINDOW if after is None else after
        self._close(wait)
        return TooMany(f"the limit of calls of {SYSTEM} is used up ({answer})", wait)

    def content(self, answer: httpx.Response, path: str) -> Any:
        """The JSON of a successful answer. Raises one of the four errors where it is an error after all."""
        if answer.status_code == 204 or not answer.content:
            raise Broken(f"{SYSTEM} answered {path} with nothing")
        try:
            found = parsed(answer.content.removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise Broken(f"{SYSTEM} answered {path} with something else than JSON: {error}") from error
        words = _error_in(found)
        if words is None:
            return found
        if _OVER_THE_LIMIT.search(words):
            raise self.too_many(words, None)
        if _NOT_THERE.search(words):
            raise NotFound(f"{SYSTEM} answered {path}: {words}")
        raise Broken(f"{SYSTEM} answered {path} with an error: {words}")


def said(answer: httpx.Response) -> str:
    """Cin7's own words for a failure."""
    try:
        words = _error_in(parsed(answer.content))
    except ValueError:
        words = None
    text = words if words is not None else answer.text
    return " ".join(text.split())[:_LONGEST_WORDS]


def _error_in(found: object) -> str | None:
    """The words of the error model, which comes alone or in a list; None where there is none."""
    errors = found if isinstance(found, list) else [found]
    words = [
        str(one.get("Exception") or one.get("Message") or "")
        for one in errors
        if isinstance(one, dict) and "ErrorCode" in one and ("Exception" in one or "Message" in one)
    ]
    return "; ".join(words) if words else None
