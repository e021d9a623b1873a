"""Answers and refusals in the shapes of the API, also the odd ones."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from mlconnector.standins.cin7.account import encoded

LIMIT_TEXT = "You reached 60 calls per minute API limit"
PURCHASE_LIMIT_TEXT = "API limit: you have reached 60 calls per 60 seconds. Please try again later."
DEPRECATED_TEXT = (
    "This endpoint is deprecated and does not support Advanced Purchase and Service Purchase. "
    "Use advanced-purchase instead."
)
_PAGE = "<!DOCTYPE html><html><head><title>Inventory</title></head><body><div id=app></div></body></html>"


class Refusal(Exception):
    """The request is answered with an error: a status and a body, which may be none."""

    def __init__(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        super().__init__(f"{status} {body!r}")
        self.status = status
        self.body = body
        self.media_type = media_type

    def answer(self) -> Response:
        """The refusal as an answer."""
        return Response(self.body, self.status, media_type=self.media_type)


def json_answer(body: Any) -> Response:
    """A body as JSON, its numbers written exactly."""
    return Response(encoded(body), media_type="application/json; charset=utf-8")


def page() -> Response:
    """What answers a path that does not exist: the page of the application."""
    return HTMLResponse(_PAGE)


def refusal_with_200(text: str) -> Refusal:
    """The error model with a status that says that all is well, as endpoints below a record answer."""
    return Refusal(200, encoded([{"ErrorCode": 400, "Exception": text}]))


def refusal(status: int, text: str, as_list: bool = False) -> Refusal:
    """The error model, alone or as a list of one; both occur."""
    body: Any = {"ErrorCode": status, "Exception": text}
    return Refusal(status, encoded([body] if as_list else body))
