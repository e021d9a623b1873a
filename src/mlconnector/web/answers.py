"""Error answers as `application/problem+json` (RFC 9457): the four errors, and what HTTP itself refuses."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.report.delays import why_later
from mlconnector.settings import UnreadableSettings
from mlconnector.texts.catalogue import explain, people, sentence, word
from mlconnector.texts.language import Language
from mlconnector.web.parts import parts_of

PROBLEM = "application/problem+json"
RETRY_AFTER = 30
_UNKNOWN = frozenset({"connection_unknown", "voucher_unknown", "batch_unknown", "user_unknown"})

log = logging.getLogger(__name__)


class WrongField(BaseModel):
    """A part of a request that is not as it should be."""

    where: str = Field(description="e.g. `body.cause` or `query.limit`")
    expected: str


class ProblemDetails(BaseModel):
    """Why a request was not answered as asked."""

    type: str = Field(description="stable name, e.g. `urn:ml-connector:login_needed`")
    title: str = Field(description="what happened")
    status: int
    detail: str = Field("", description="why")
    cure: str = Field("", description="what to do")
    who: str = Field("", description="who can do it")
    cause: str = Field("", description="name of the cause that a replay takes")
    errors: list[WrongField] = Field(default_factory=list)


def answer(details: ProblemDetails, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that carries a problem."""
    content = details.model_dump(exclude_defaults=True)
    return JSONResponse(content, details.status, dict(headers or {}), media_type=PROBLEM)


def problem(status: int, name: str, title: str, detail: str = "", **more: Any) -> ProblemDetails:
    """A problem under its stable name."""
    return ProblemDetails(type=f"urn:ml-connector:{name}", title=title, status=status, detail=detail, **more)


async def connector_error(request: Request, error: Exception) -> Response:
    """The four errors, in the language of the installation."""
    if not isinstance(error, ConnectorError):
        raise TypeError(f"{type(error).__name__} is no ConnectorError") from error
    details, headers = told(request, error, parts_of(request).application.settings.language)
    return answer(details, headers)


def told(
    request: Request, error: ConnectorError, language: Language
) -> tuple[ProblemDetails, dict[str, str]]:
    """What is said of one of the four errors, and the headers of its answer.

    404 for what is unknown, 409 for what people must do, 503 for what may pass.
    """
    if isinstance(error, NeedsHuman):
        key, facts = error.problem.key, error.problem.facts
        words = explain(key, facts, language)
        status = HTTPStatus.NOT_FOUND if key in _UNKNOWN else HTTPStatus.CONFLICT
        more = {"cure": words.do, "who": words.who, "cause": error.problem.cause}
        return problem(status, key, words.what, words.why, **more), {}
    if isinstance(error, NeedsLogin):
        facts = {"system": word("system", error.system, language), "reason": error.reason}
        title = sentence("login_needed", facts, language)
        more = {"cure": sentence("login_how", {}, language), "who": people("you", language)}
        return problem(HTTPStatus.CONFLICT, "login_needed", title, error.reason, **more), {}
    if isinstance(error, RetryLater):
        after = str(math.ceil(error.after or RETRY_AFTER))
        title = sentence("not_now", {"reason": why_later(error, language)}, language)
        more = {"cure": sentence("try_later", {}, language)}
        details = problem(HTTPStatus.SERVICE_UNAVAILABLE, "later", title, error.reason, **more)
        return details, {"Retry-After": after}
    if isinstance(error, UnreadableSettings):
        title = sentence("settings_unusable", {}, language)
        return problem(HTTPStatus.CONFLICT, "settings_unreadable", title, str(error)), {}
    log.error("%s %s: broken", request.method, request.url.path, exc_info=error)
    return _unexpected(), {}


async def http_error(_request: Request, error: Exception) -> Response:
    """What HTTP itself refuses: unknown addresses, other methods, bodies that are too large, tokens."""
    if not isinstance(error, HTTPException):
        raise TypeError(f"{type(error).__name__} is no HTTPException") from error
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else ""
    return answer(problem(status, f"http_{status}", status.phrase, detail), error.headers)


async def wrong_request(_request: Request, error: Exception) -> Response:
    """Parameters and bodies that are not as the API describes them; what was sent is not repeated."""
    if not isinstance(error, RequestValidationError):
        raise TypeError(f"{type(error).__name__} is no RequestValidationError") from error
    errors = [
        WrongField(
            where=".".join(str(part) for part in one["loc"]),
            expected=one["msg"].removeprefix("Value error, "),
        )
        for one in error.errors()
    ]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return answer(problem(status, "wrong_request", "The request is not as described", errors=errors))


async def gone_client(_request: Request, _error: Exception) -> Response:
    """A client that hung up while it sent; nobody reads this answer."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def unexpected(_request: Request, _error: Exception) -> Response:
    """A bug: the server's log has it, the answer does not."""
    return answer(_unexpected())


def _unexpected() -> ProblemDetails:
    detail = "This is a fault of ml-connector; the server's log says more."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "broken", "Internal server error", detail)


HANDLERS: dict[int | type[Exception], Any] = {
    ConnectorError: connector_error,
    HTTPException: http_error,
    RequestValidationError: wrong_request,
    ClientDisconnect: gone_client,
    Exception: unexpected,
}
