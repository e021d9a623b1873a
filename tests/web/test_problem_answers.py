"""What an answer of the kind `application/problem+json` (RFC 9457) says, member by member.

A member that has nothing to say is left out; what the API describes and what it sends are the same.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.report import overview
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings
from mlconnector.texts.catalogue import explain, people, sentence, word
from mlconnector.web import answers
from mlconnector.web.answers import HANDLERS, ProblemDetails, WrongField, answer, problem
from tests.web.rig import NAME, Rig

REQUEST = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
BROKEN = {
    "type": "urn:ml-connector:broken",
    "title": "Internal server error",
    "status": 500,
    "detail": "This is a fault of ml-connector; the server's log says more.",
}


def body(content: bytes | memoryview) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(content))
    return found


def refused_with(rig: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
    """The answer to a question that fails with an error."""

    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(overview, "connection", fail)
    return rig.program().get(f"/api/v1/connections/{NAME}")


class TestMembers:
    def test_a_problem_has_a_name_a_title_and_a_status_and_nothing_that_is_empty(self) -> None:
        made = answer(problem(404, "voucher_unknown", "There is none."))
        assert made.status_code == 404
        assert made.media_type == "application/problem+json"
        assert body(made.body) == {
            "type": "urn:ml-connector:voucher_unknown",
            "title": "There is none.",
            "status": 404,
        }

    def test_every_member_with_a_value_is_sent(self) -> None:
        details = problem(
            409,
            "odd",
            "What",
            "Why",
            cure="Do",
            who="You",
            cause="odd:field=a",
            errors=[WrongField(where="body.a", expected="a number")],
        )
        assert body(answer(details).body) == {
            "type": "urn:ml-connector:odd",
            "title": "What",
            "status": 409,
            "detail": "Why",
            "cure": "Do",
            "who": "You",
            "cause": "odd:field=a",
            "errors": [{"where": "body.a", "expected": "a number"}],
        }

    def test_headers_go_with_it(self) -> None:
        made = answer(problem(503, "later", "Not now"), {"Retry-After": "7"})
        assert made.headers["retry-after"] == "7"

    def test_the_description_requires_what_is_always_there(self) -> None:
        described = ProblemDetails.model_json_schema()
        assert described["required"] == ["type", "title", "status"]
        optional = {name: each.get("default") for name, each in described["properties"].items()}
        assert optional == {
            "type": None,
            "title": None,
            "status": None,
            "detail": "",
            "cure": "",
            "who": "",
            "cause": "",
            "errors": None,
        }
        assert problem(400, "a", "b").errors == []

    def test_no_two_problems_share_their_list_of_errors(self) -> None:
        one, other = (problem(422, "wrong_request", "Wrong") for _ in range(2))
        one.errors.append(WrongField(where="a", expected="b"))
        assert other.errors == []


class TestErrorsOfTheProduct:
    def test_what_a_person_must_do_is_said_with_its_cure_and_its_cause(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = Problem("fiscal_year_missing", {"year": "2031", "client": "1-2"}, ("year", "client"))
        words = explain(found.key, found.facts, rig.application.settings.language)
        said = refused_with(rig, monkeypatch, NeedsHuman(found))
        assert said.status_code == 409
        assert said.json() == {
            "type": "urn:ml-connector:fiscal_year_missing",
            "title": words.what,
            "status": 409,
            "detail": words.why,
            "cure": words.do,
            "who": words.who,
            "cause": "fiscal_year_missing:year=2031,client=1-2",
        }

    @pytest.mark.parametrize("key", ["connection_unknown", "voucher_unknown", "batch_unknown"])
    def test_what_is_unknown_is_not_found(self, rig: Rig, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
        facts = dict.fromkeys(("connection", "name", "voucher", "batch"), "x")
        said = refused_with(rig, monkeypatch, NeedsHuman(Problem(key, facts)))
        assert (said.status_code, said.json()["status"]) == (404, 404)

    def test_a_login_is_asked_for_by_the_system_s_name(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        language = rig.application.settings.language
        said = refused_with(rig, monkeypatch, NeedsLogin("datev", "the login has ended"))
        facts = {"system": word("system", "datev", language), "reason": "the login has ended"}
        assert facts["system"] in sentence("login_needed", facts, language)
        assert said.json() == {
            "type": "urn:ml-connector:login_needed",
            "title": sentence("login_needed", facts, language),
            "status": 409,
            "detail": "the login has ended",
            "cure": sentence("login_how", {}, language),
            "who": people("you", language),
        }

    def test_what_may_pass_says_so(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        language = rig.application.settings.language
        said = refused_with(rig, monkeypatch, RetryLater("datev does not answer", 5))
        assert said.headers["retry-after"] == "5"
        assert said.json() == {
            "type": "urn:ml-connector:later",
            "title": sentence("not_now", {"reason": "datev does not answer"}, language),
            "status": 503,
            "detail": "datev does not answer",
            "cure": sentence("try_later", {}, language),
        }

    def test_settings_that_cannot_be_read_are_somebody_s_to_mend(self, rig: Rig) -> None:
        error = UnreadableSettings("demo.toml", 3, "name: too short")
        request = Request({**REQUEST.scope, "app": rig.app})
        made = asyncio.run(answers.connector_error(request, error))
        assert body(made.body) == {
            "type": "urn:ml-connector:settings_unreadable",
            "title": sentence("settings_unusable", {}, rig.application.settings.language),
            "status": 409,
            "detail": str(error),
        }

    def test_a_broken_contract_says_no_more_than_a_bug(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        said = refused_with(rig, monkeypatch, Broken("the answer was 4711"))
        assert said.json() == BROKEN
        assert "4711" in caplog.text
        assert f"/api/v1/connections/{NAME}" in caplog.text


class TestErrorsOfHttp:
    def test_an_unknown_address_says_nothing_that_its_title_does_not(self, rig: Rig) -> None:
        said = rig.browser().get("/nothing")
        assert said.json() == {"type": "urn:ml-connector:http_404", "title": "Not Found", "status": 404}

    def test_a_wrong_method_says_which_are_right(self, rig: Rig) -> None:
        said = rig.browser().delete("/healthz")
        assert said.json()["type"] == "urn:ml-connector:http_405"
        assert said.headers["allow"] == "GET"

    def test_what_more_there_is_to_say_is_said(self) -> None:
        made = asyncio.run(answers.http_error(REQUEST, HTTPException(413, "At most 5 bytes.")))
        assert body(made.body) == {
            "type": "urn:ml-connector:http_413",
            "title": "Request Entity Too Large",
            "status": 413,
            "detail": "At most 5 bytes.",
        }

    def test_a_wrong_request_names_each_place_and_repeats_nothing(self, rig: Rig) -> None:
        said = rig.program().get("/api/v1/vouchers?limit=secret4711&state=nonsense")
        assert said.status_code == 422
        content = said.json()
        assert {name: content[name] for name in ("type", "title", "status")} == {
            "type": "urn:ml-connector:wrong_request",
            "title": "The request is not as described",
            "status": 422,
        }
        assert {each["where"] for each in content["errors"]} == {"query.limit", "query.state"}
        assert all(each["expected"] for each in content["errors"])
        assert "4711" not in said.text

    def test_what_was_expected_is_said_without_the_word_of_the_library(self) -> None:
        found = [{"loc": ("body", "day"), "msg": "Value error, must be a day", "type": "value_error"}]
        made = asyncio.run(answers.wrong_request(REQUEST, RequestValidationError(found)))
        assert body(made.body)["errors"] == [{"where": "body.day", "expected": "must be a day"}]

    def test_a_bug_tells_nothing(self) -> None:
        made = asyncio.run(answers.unexpected(REQUEST, ZeroDivisionError("4711")))
        assert (made.status_code, body(made.body)) == (500, BROKEN)

    def test_who_hung_up_is_no_fault(self) -> None:
        made = asyncio.run(HANDLERS[ClientDisconnect](REQUEST, ClientDisconnect()))
        assert (made.status_code, made.body) == (400, b"")

    @pytest.mark.parametrize("handler", [answers.http_error, answers.wrong_request])
    def test_a_handler_takes_its_own_kind_alone(self, handler: Any) -> None:
        with pytest.raises(TypeError):
            asyncio.run(handler(REQUEST, ValueError()))
