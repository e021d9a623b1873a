"""Answers and refusals in the shapes of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from mlconnector.standins.refusals import JsonRefusal

NOT_CONNECTED = "App is not connected to this company"
_JSON = "application/json; charset=utf-8"


class Refusal(JsonRefusal):
    """The request is answered with an error."""

    media_type = _JSON


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A body as JSON."""
    return Response(msgspec.json.encode(body), status, dict(headers or {}), _JSON)


def refusal(status: int, text: str) -> Refusal:
    """An error with a text."""
    return Refusal(status, {"errors": text, "message": text})


def not_found() -> Refusal:
    """What is not there, or not for this account to see."""
    return refusal(404, "Not Found")


def unauthorized(text: str) -> Refusal:
    """A token that does not open anything."""
    challenge = f'Bearer realm="Procore", error="invalid_token", error_description="{text}"'
    return Refusal(401, {"errors": text, "message": text}, {"WWW-Authenticate": challenge})
