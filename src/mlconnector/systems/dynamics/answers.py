"""What Dataverse's answers mean: the four errors.

Facts: https://learn.microsoft.com/power-apps/developer/data-platform/api-limits (service protection limits)
and https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes.
"""

from __future__ import annotations

import re
from typing import Any

import httpx

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.dynamics.settings import SYSTEM
from mlconnector.systems.kit.http import default_explanation, retry_after
from mlconnector.systems.kit.json_answers import object_or_nothing
from mlconnector.systems.kit.pacing import TooMany

CONCURRENCY = 4
_NO_MEMBER = frozenset({"0x80072560", "0x80040225"})
_NO_LICENSE = frozenset({"0x8004d24b"})
_EXPIRED = "0x80044352"
_NO_COLUMN = re.compile(
    r"property named '(?P<column>\w+)' on type '(?:Microsoft\.Dynamics\.CRM\.)?(?P<table>\w+)'"
)
_PRIVILEGE = re.compile(r"\bprv\w+")
_BELOW = re.compile(r"/api/data/v[0-9.]+/(\w+)")


class NoUser(NeedsHuman):
    """The app is known, but the environment has no application user for it, or a disabled one."""


class TokenRefused(NeedsHuman):
    """The environment does not take a token that Entra has just given: it was meant for another one."""

    unsent = True


class Forbidden(NeedsHuman):
    """The security roles of the application user lack a privilege."""


class NoTracking(NeedsHuman):
    """Change tracking is off for a table."""


class NoDeltaLink(NeedsHuman):
    """The last page of changes has no link to later ones, though change tracking is on."""


class LinkElsewhere(NeedsHuman):
    """A page of changes leads to another address than that of the environment."""


class ColumnMissing(NeedsHuman):
    """A column that the settings name does not exist."""


class Wrong(Broken):
    """Dataverse does not take the question as it is."""


class NotFound(Wrong):
    """There is no such record or address."""


class VersionExpired(Wrong):
    """The delta link is too old, or the table was changed: only reading everything again helps."""


def explain(answer: httpx.Response) -> ConnectorError | None:
    """What a failed answer means; None leaves it to HTTP alone."""
    status, (code, words) = answer.status_code, said(answer)
    said_all = f"HTTP {status}{f' {code}' if code else ''}{f': {words}' if words else ''}"
    if code in _NO_LICENSE:
        return NeedsHuman(Problem("dynamics_license_missing", {"answer": said_all}))
    if code in _NO_MEMBER:
        return NoUser(Problem("dynamics_user_missing", {"answer": said_all}))
    if status == 401:
        return TokenRefused(Problem("dynamics_token_refused", {"answer": said_all}))
    if status == 403:
        return _forbidden(answer, words, said_all)
    if code == _EXPIRED:
        return VersionExpired(f"{SYSTEM} answered {said_all}")
    if status == 429:
        return TooMany(f"{SYSTEM} answered {said_all}", retry_after(answer))
    if status == 500:
        return RetryLater(f"{SYSTEM} answered {said_all}", retry_after(answer))
    if 400 <= status < 500 and status != 408:
        return _wrong(answer, words, said_all)
    return None


def said(answer: httpx.Response) -> tuple[str, str]:
    """Code and message of an error as Dataverse writes it; empty where it says nothing."""
    error = object_or_nothing(answer.content).get("error")
    if not isinstance(error, dict):
        return "", ""
    return _text(error, "code").lower(), _text(error, "message")


def _text(error: dict[str, Any], name: str) -> str:
    return str(error.get(name) or "")


def _forbidden(answer: httpx.Response, words: str, said_all: str) -> Forbidden:
    privilege = _PRIVILEGE.search(words)
    facts = {"privilege": privilege[0] if privilege else "", "table": _table(answer), "answer": said_all}
    return Forbidden(Problem("dynamics_right_missing", facts, ("privilege", "table")))


def _wrong(answer: httpx.Response, words: str, said_all: str) -> ConnectorError:
    unknown = _NO_COLUMN.search(words)
    if unknown is not None:
        facts = {"column": unknown["column"], "table": unknown["table"], "answer": said_all}
        return ColumnMissing(Problem("dynamics_column_missing", facts, ("table", "column")))
    if "change tracking" in words.lower() and "parameter" not in words:
        facts = {"table": _table(answer), "answer": said_all}
        return NoTracking(Problem("dynamics_tracking_off", facts, ("table",)))
    if answer.status_code in {404, 410}:
        return NotFound(f"{default_explanation(SYSTEM, answer)}: {said_all}")
    return Wrong(f"{default_explanation(SYSTEM, answer)}: {said_all}")


def _table(answer: httpx.Response) -> str:
    found = _BELOW.search(answer.request.url.path)
    return found[1] if found else answer.request.url.path
