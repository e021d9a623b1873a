"""What DATEV's answers mean: three shapes of errors become one of the four errors by the table `answers.csv`.

Problem details (accounting:clients, accounting:extf-files) name a help number in `type`, DCO faults
(accounting:documents) a `#DCO` code in `error`, and the gateway before them has a shape of its own. Any
part may be missing, and some answers have no body at all; then the HTTP status decides.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import httpx

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.datev.settings import SYSTEM
from mlconnector.systems.kit.http import retry_after

SHORTEST_RETRY = 60.0
"""Seconds before DATEV is asked again for what it could not serve; it publishes no limits."""

_SAID = ("code", "title", "detail", "elements", "help", "request_id")
_AROUND = ("name", "status", "transaction_id", "gateway_request_id", "client", "document", "who")
NOTHING_SAID = dict.fromkeys((*_SAID, *_AROUND), "")
"""The facts that every problem of this sink has, so that a text may name any of them."""

_HELP_NUMBER = re.compile(r"/hilfe/([0-9]+)/?$")
_CLIENT = re.compile(r"/clients/([^/]+)")
_DOCUMENT = re.compile(r"/documents/([^/]+)$")
_OUTCOME_UNKNOWN = frozenset({408, 502, 504})


@dataclass(frozen=True, slots=True)
class Meaning:
    """A row of `answers.csv`: what a code means, who can cure it, and which facts share the cause.

    `single` says that it concerns only the one document that was sent, and not the connection.
    """

    code: str
    name: str
    error: str
    problem: str
    who: str
    group: tuple[str, ...]
    single: bool


def _meanings() -> dict[str, Meaning]:
    text = resources.files(__package__ or "").joinpath("answers.csv").read_text("utf-8")
    return {
        row["code"]: Meaning(
            row["code"],
            row["name"],
            row["error"],
            row["problem"],
            row["who"],
            tuple(row["group"].split()),
            bool(row["single"]),
        )
        for row in csv.DictReader(text.splitlines())
    }


MEANINGS = _meanings()
"""Every code of the API specifications by itself, then answers without a code by their HTTP status."""


def explain(answer: httpx.Response) -> ConnectorError:
    """The error that an unsuccessful answer stands for, with its request id, help page and trace ids.

    A 401 has already been repeated with a renewed token when it gets here.
    """
    facts = facts_of(answer)
    meaning = _meaning(facts["code"], answer.status_code)
    said = _sentence(facts, answer)
    if meaning.error == "retry":
        unknown = answer.status_code in _OUTCOME_UNKNOWN
        asked = retry_after(answer)
        return RetryLater(said, SHORTEST_RETRY if asked is None else asked, outcome_unknown=unknown)
    if meaning.error == "login":
        return NeedsLogin(SYSTEM, said)
    if meaning.error == "human":
        return NeedsHuman(_problem(meaning, facts), single=meaning.single)
    return Broken(said)


def facts_of(answer: httpx.Response) -> dict[str, str]:
    """Everything an answer says of itself, as facts of a problem; what it does not say is empty."""
    path = answer.request.url.path
    body = _json(answer)
    return {
        **NOTHING_SAID,
        **_body_facts(body if isinstance(body, dict) else {}),
        "status": str(answer.status_code),
        "transaction_id": answer.headers.get("X-Global-Transaction-ID", ""),
        "gateway_request_id": answer.headers.get("V-Cap-Request-ID", ""),
        "client": _found(_CLIENT, path),
        "document": _found(_DOCUMENT, path),
    }


def explain_job(details: Mapping[str, Any], client: str) -> tuple[Problem, bool]:
    """The problem in a failed job's `validation_details`, and whether DATEV wants the same file again."""
    facts = {**NOTHING_SAID, **_body_facts(details), "client": client}
    meaning = MEANINGS.get(facts["code"], MEANINGS["other"])
    if not meaning.problem:
        meaning = MEANINGS["other"]
    return _problem(meaning, facts), meaning.error == "retry"


def object_in(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object in a successful answer. Raises Broken when there is none."""
    found = _json(answer)
    if not isinstance(found, dict):
        raise Broken(f"DATEV did not answer with a JSON object to {answer.request.url.path}")
    return found


def objects_in(answer: httpx.Response) -> list[dict[str, Any]]:
    """The JSON objects in a successful answer. Raises Broken when it is not a list of them."""
    found = _json(answer)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Broken(f"DATEV did not answer with a list of JSON objects to {answer.request.url.path}")
    return found


def _meaning(code: str, status: int) -> Meaning:
    by_status = MEANINGS.get(f"HTTP {status}", MEANINGS["HTTP 400"])
    if code in MEANINGS:
        return MEANINGS[code]
    if code and by_status.error == "broken":
        return MEANINGS["other"]
    return by_status


def _problem(meaning: Meaning, facts: Mapping[str, str]) -> Problem:
    return Problem(meaning.problem, {**facts, "name": meaning.name, "who": meaning.who}, meaning.group)


def _body_facts(body: Mapping[str, Any]) -> dict[str, str]:
    help_page = str(body.get("type") or body.get("error_uri") or "")
    number = _found(_HELP_NUMBER, help_page)
    information = str(body.get("moreInformation") or "")
    code = (
        number
        or str(body.get("error") or "")
        or (f"gateway:{information.strip(' .')}" if information else "")
    )
    elements = body.get("affected_elements")
    return {
        "code": code,
        "title": str(body.get("title") or body.get("error_description") or body.get("httpMessage") or ""),
        "detail": str(body.get("detail") or information),
        "elements": "; ".join(_element(element) for element in elements)
        if isinstance(elements, list)
        else "",
        "help": help_page if help_page.startswith("http") else "",
        "request_id": str(body.get("request_id") or ""),
    }


def _element(element: object) -> str:
    if not isinstance(element, dict):
        return str(element)
    return ": ".join(str(element[name]) for name in ("name", "reason") if element.get(name))


def _json(answer: httpx.Response) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _sentence(facts: Mapping[str, str], answer: httpx.Response) -> str:
    parts = [facts["code"], facts["title"], facts["detail"], facts["elements"]]
    said = " · ".join(dict.fromkeys(part for part in parts if part))
    traces = ", ".join(
        f"{name} {facts[name]}"
        for name in ("request_id", "transaction_id", "gateway_request_id")
        if facts[name]
    )
    what = f"DATEV answered {answer.status_code} to {answer.request.method} {answer.request.url.path}"
    return what + (f": {said}" if said else "") + (f" ({traces})" if traces else "")
