"""Answers and refusals in the shapes of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from mlconnector.standins.refusals import JsonRefusal

Row = dict[str, Any]


class Refusal(JsonRefusal):
    """The request is answered with an error."""


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
