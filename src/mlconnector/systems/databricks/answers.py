"""What a workspace refuses, or does not answer, as the error that says what happens next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from databricks.sdk.errors import NotFound, PermissionDenied, Unauthenticated
from databricks.sdk.errors import platform as refused
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.sql import StatementResponse

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.no_answer import kind_of_causes, silence_of
from mlconnector.systems.kit.silence import Kind

TITLE = "Databricks"
SETTING = "databricks.host"
_PASSES = (
    refused.TooManyRequests,
    refused.TemporarilyUnavailable,
    refused.InternalError,
    refused.DeadlineExceeded,
    refused.Aborted,
    refused.Cancelled,
    refused.ResourceExhausted,
)
_PASSING_CODES = frozenset(
    {
        *("TEMPORARILY_UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED"),
        *("SERVICE_UNDER_MAINTENANCE", "INTERNAL_ERROR", "IO_ERROR", "WORKSPACE_TEMPORARILY_UNAVAILABLE"),
    }
)
_OF_OTHER_WRITERS = "DELTA_CONCURRENT"
_NO_RIGHT = "42501"
_LONGEST = 500
# What the client appends to an answer: its own settings.
_SETTINGS_OF_CLIENT = " Config: "
_CUT = "…"
# Errors of SQL quote what stands in a row (docs.databricks.com, "Error conditions"). What a name is of stays;
# an apostrophe within a word opens nothing, and one within a value closes nothing.
_NAMED = r"(?i:(catalog|schema|table|view|volume|column|field|constraint|function|parameter)s?:?\s+)"
_QUOTED = re.compile(rf"{_NAMED}?(?<!\w)'(?:[^']|'(?=\w))*(?:'|$)")
_UNQUOTED = re.compile(
    r"(violated by row with values:|in record parsing:|== SQL|\] The(?= \S+ (?:rounded|cannot be)))"
    r".*?(?= cannot be | Parse Mode:| SQLSTATE:|$)"
)


class Absent(Exception):
    """What was asked for is not there; whoever asked knows what that means."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one workspace at `host`; `grants` are the statements that give all that is needed."""

    host: str
    grants: str = ""

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Let every refusal of the block be one of the four errors."""
        try:
            yield
        except (DatabricksError, requests.RequestException, TimeoutError, ValueError, KeyError) as error:
            raise self.error(error) from error

    @contextmanager
    def looked_up(self) -> Iterator[None]:
        """The same where something is looked up: it may be Absent."""
        with self.understood():
            try:
                yield
            except NotFound as error:
                raise Absent(said(error)) from error

    def error(self, error: Exception) -> ConnectorError:
        """What a refusal, or silence, means."""
        if isinstance(error, TimeoutError) and isinstance(error.__cause__, DatabricksError):
            # Answers for which the client waited in vain.
            return self.error(error.__cause__)
        words = said(error)
        if isinstance(error, Unauthenticated):
            return self.credentials_refused(words)
        if isinstance(error, PermissionDenied):
            return self.not_granted(words)
        if isinstance(error, _PASSES) or type(error) is DatabricksError:
            # One without a kind of its own has a status that the client does not know, such as 502.
            after = getattr(error, "retry_after_secs", None)
            return RetryLater(f"{TITLE}: {words}", after=after)
        if _is_silence(error):
            kind = kind_of_causes(error) or _kind(error)
            sent = kind not in {"name", "refused", "route", "certificate", "proxy"}
            return silence_of(TITLE, error, kind, self.host, sent=sent, setting=SETTING)
        return Broken(f"{TITLE}: {words}")

    def of_statement(self, answer: StatementResponse) -> ConnectorError:
        """What a statement means that was not carried out: it fails with an HTTP status of success."""
        status = answer.status
        error = status.error if status is not None else None
        code = "" if error is None or error.error_code is None else error.error_code.value
        whole = "CANCELED" if error is None else error.message or code
        words = said_by_sql(whole)
        if code in _PASSING_CODES or _OF_OTHER_WRITERS in whole or error is None:
            return RetryLater(f"{TITLE}: {words}")
        if code == "UNAUTHENTICATED":
            return self.credentials_refused(words)
        if (status is not None and status.sql_state == _NO_RIGHT) or lacks_right(whole):
            return self.not_granted(words)
        if "UNITY_CATALOG" in whole:
            return NeedsHuman(Problem("databricks_no_unity_catalog", {"host": self.host, "answer": words}))
        return Broken(f"{TITLE}: {words}")

    def credentials_refused(self, words: str) -> NeedsHuman:
        """The client id or its secret is not taken."""
        return NeedsHuman(Problem("databricks_credentials_refused", {"host": self.host, "answer": words}))

    def not_granted(self, words: str) -> NeedsHuman:
        """A right is missing, and this gives all that are needed."""
        return NeedsHuman(Problem("databricks_not_granted", {"answer": words, "grants": self.grants}))


def lacks_right(words: str) -> bool:
    """Whether an answer says that a right is missing."""
    return f"SQLSTATE: {_NO_RIGHT}" in words or "PERMISSION_DENIED" in words


def said(error: BaseException) -> str:
    """The words of an error, without what nobody may read, and not endless."""
    return _short(str(error) or type(error).__name__)


def said_by_sql(words: str) -> str:
    """The words of an error of SQL without the values of rows that it quotes, and not endless."""
    bare = _UNQUOTED.sub(rf"\1 {_CUT}", " ".join(words.split()))
    return _short(_QUOTED.sub(lambda one: one[0] if one[1] else f"'{_CUT}'", bare))


def _short(words: str) -> str:
    plain = " ".join(words.split()).partition(_SETTINGS_OF_CLIENT)[0].rstrip(". ")
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


def _is_silence(error: BaseException) -> bool:
    """Whether no answer came, or none that can be read; the client wraps that in its own errors."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, requests.RequestException | TimeoutError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _kind(error: Exception) -> Kind:
    return "timeout" if isinstance(error, TimeoutError | requests.Timeout) else "other"
