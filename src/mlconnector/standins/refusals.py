"""Refusals: what a stand-in answers with instead of what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response


class JsonRefusal(Exception):
    """The request is answered with an error, as JSON under the media type of the API."""

    media_type = "application/json"

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        """The refusal as an answer."""
        return Response(msgspec.json.encode(self.body), self.status, self.headers, self.media_type)
