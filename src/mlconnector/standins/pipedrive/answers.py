"""Answers and refusals in the shapes of Pipedrive.

Refusals of the API: `success`, `error`, `error_info`, `data`, `additional_data`, sometimes `code`; a
missing or bad token has `errorCode` instead (both shapes are in the official description).
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

_INFO = "Please check developers.pipedrive.com for more information about Pipedrive API."


class Refusal(Exception):
    """The request is answered with an error: a status and a body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`body` as a JSON answer."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def refusal(status: int, error: str, info: str = _INFO, **more: Any) -> Refusal:
    """A refusal in the general shape."""
    body = {"success": False, "error": error, "error_info": info, "data": None, "additional_data": None}
    return Refusal(status, body | more)


def invalid(name: str, complaint: str) -> Refusal:
    """A parameter that API v2 does not accept."""
    return refusal(400, f"Validation failed: {name}: {complaint}", code="ERR_SCHEMA_VALIDATION_FAILED")


def not_found(error: str = "Entity was not found") -> Refusal:
    """The record does not exist, or is not visible."""
    return refusal(404, error, "Object was not found.")


def unauthorized(error: str = "unauthorized access") -> Refusal:
    """The token is missing, wrong or expired."""
    return Refusal(401, {"success": False, "error": error, "errorCode": 401})


def too_many(error: str) -> Refusal:
    """A limit is used up."""
    return Refusal(429, {"success": False, "error": error, "errorCode": 429})
