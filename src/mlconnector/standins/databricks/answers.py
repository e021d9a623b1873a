"""Answers and refusals in the shapes of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

Row = dict[str, Any]


class Refusal(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, body: Row, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        """The refusal as an answer."""
        return json_answer(self.body, self.status, self.headers)


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A body as JSON."""
    return Response(msgspec.json.encode(body), status, dict(headers or {}), "application/json")


def refusal(status: int, error_code: str, message: str) -> Refusal:
    """An error with its code and a text."""
    return Refusal(status, {"error_code": error_code, "message": message})


def invalid(message: str) -> Refusal:
    """A request with a value that cannot be."""
    return refusal(400, "INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> Refusal:
    """What is not there."""
    return refusal(404, "RESOURCE_DOES_NOT_EXIST", message)


def denied(message: str) -> Refusal:
    """What this principal may not do."""
    return refusal(403, "PERMISSION_DENIED", message)
