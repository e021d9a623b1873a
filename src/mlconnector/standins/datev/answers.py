"""The error bodies of the DATEV APIs, which come in three shapes, and JSON answers.

Problem details (accounting:clients, accounting:extf-files) name a help number, DCO faults
(accounting:documents, accounting:dxso-jobs) a `#DCO` code, and the gateway before them all has a body
of its own in which even numbers are strings. Some refusals carry only a `request_id`, some no body.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from starlette.responses import Response

JSON_UTF8 = "application/json;charset=utf-8"
JSON = "application/json"


def _fault_names() -> dict[str, str]:
    text = resources.files(__package__).joinpath("dco_error_codes.csv").read_text("utf-8")
    return {row["error"]: row["error_description"] for row in csv.DictReader(text.splitlines())}


FAULT_NAMES = _fault_names()
"""`DCO01012` → `restapi.KeyConflictFault`, as the specifications of documents and dxso-jobs list them."""


class Refusal(Exception):
    """A request that is answered with an error; `body` None sends no body at all."""

    def __init__(
        self, status: int, body: Mapping[str, Any] | None, media_type: str, traced: bool = True
    ) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.media_type = media_type
        self.traced = traced

    def answer(self, request_id: str) -> Response:
        """The HTTP answer, with the request id in the body where that shape has one."""
        if self.body is None:
            return Response(status_code=self.status)
        body = {**self.body, "request_id": request_id} if self.traced else self.body
        return json_answer(body, self.status, self.media_type)


def json_answer(
    body: object, status: int = 200, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer in UTF-8."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, headers, media_type)


def problem(
    status: int,
    title: str,
    *,
    number: int | None = None,
    detail: str | None = None,
    elements: Sequence[tuple[str, str]] = (),
) -> Refusal:
    """Problem details, with the help page of `number` as type and (name, reason) of what was wrong."""
    body: dict[str, Any] = {}
    if number is not None:
        body["type"] = help_page(number)
    body["title"] = title
    if detail is not None:
        body["detail"] = detail
    if elements:
        body["affected_elements"] = [{"name": name, "reason": reason} for name, reason in elements]
    body["status"] = status
    return Refusal(status, body, JSON_UTF8)


def help_page(number: int) -> str:
    """The `type` of problem `number`."""
    return f"http://www.datev.de/hilfe/{number}"


def fault(code: str, status: int = 400) -> Refusal:
    """A DCO fault, e.g. `fault("DCO01012", 409)`."""
    body = {
        "error_uri": f"https://apps.datev.de/knowledge/help/search?q={code}",
        "error": f"#{code}",
        "error_description": FAULT_NAMES[code],
    }
    return Refusal(status, body, JSON)


def bare(status: int, media_type: str = JSON) -> Refusal:
    """Only a `request_id`: how a missing user right and an unknown resource are answered."""
    return Refusal(status, {}, media_type)


def empty(status: int) -> Refusal:
    """No body at all."""
    return Refusal(status, None, JSON)


def unauthorized(information: str) -> Refusal:
    """The gateway's own 401, before any API has seen the request."""
    body = {
        "httpCode": "401",
        "httpMessage": "Unauthorized",
        "moreInformation": information,
        "status": "401",
        "title": "Unauthorized",
        "detail": information,
    }
    return Refusal(401, body, JSON, traced=False)
