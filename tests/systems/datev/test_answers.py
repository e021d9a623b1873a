from __future__ import annotations

import csv
import json
from typing import Any, get_args

import httpx
import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.systems.datev.answers import MEANINGS, NOTHING_SAID, explain, explain_job
from mlconnector.systems.kit.check_steps import Who
from tests.specifications import located, needs

CODES = located("datev-openapi/dco-error-codes.csv")
PATH = "/platform/v2/clients/29098-55003/documents/9e290b5c-cdf4-58c3-a935-b260ca54fcff"
TRACES = {"X-Global-Transaction-ID": "tx-1", "V-Cap-Request-ID": "cap-1"}


def error(status: int, body: Any = None, **headers: str) -> ConnectorError:
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = httpx.Request("PUT", f"https://accounting-documents.api.datev.de{PATH}")
    return explain(httpx.Response(status, content=content, headers={**TRACES, **headers}, request=request))


def dco(code: str) -> dict[str, str]:
    return {
        "error": f"#{code}",
        "error_description": "restapi.SomeFault",
        "error_uri": f"https://apps.datev.de/knowledge/help/search?q={code}",
        "request_id": "req-1",
    }


def details(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": f"http://www.datev.de/hilfe/{number}",
        "title": "Some title",
        "request_id": "req-1",
        **more,
    }


GATEWAY = {"httpCode": "401", "httpMessage": "Unauthorized", "status": "401", "title": "Unauthorized"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, dco("DCO01020"), RetryLater),
        (503, dco("DCO01020"), RetryLater),
        (503, details(1008837), RetryLater),
        (429, None, RetryLater),
        (502, b"<html>Bad Gateway</html>", RetryLater),
        (401, None, NeedsLogin),
        (401, {"request_id": "req-1"}, NeedsLogin),
        (401, dco("DCO01005"), NeedsLogin),
        (401, {**GATEWAY, "moreInformation": "Access token expired"}, NeedsLogin),
        (403, dco("DCO01005"), NeedsLogin),
        (403, details(1008829), NeedsLogin),
        (400, None, Broken),
        (400, [1, 2], Broken),
        (400, dco("DCO01217"), Broken),
        (400, details(1008832), Broken),
        (405, details(1, type="about:blank"), Broken),
        (406, {"title": "Not Acceptable", "status": 406}, Broken),
        (415, None, Broken),
        (302, None, Broken),
    ],
)
def test_every_answer_becomes_one_of_the_four_errors(
    status: int, body: Any, expected: type[ConnectorError]
) -> None:
    assert type(error(status, body)) is expected


@pytest.mark.parametrize(
    ("status", "body", "key", "who", "cause"),
    [
        (403, {"request_id": "req-1"}, "datev_right_missing", "adviser", "client=29098-55003"),
        (403, details(1008838), "datev_right_missing", "adviser", "client=29098-55003"),
        (404, None, "datev_client_unknown", "adviser", "client=29098-55003"),
        (403, dco("DCO01013"), "datev_app_not_permitted", "it", ""),
        (400, dco("DCO01002"), "dxso_target_missing", "adviser", "client=29098-55003"),
        (400, dco("DCO01003"), "dxso_transfer_unknown", "it", ""),
        (400, dco("DCO01006"), "datev_app_unknown", "it", ""),
        (400, dco("DCO01007"), "dxso_transfer_final", "it", ""),
        (400, dco("DCO01300"), "document_type_personnel", "you", "client=29098-55003"),
        (400, dco("DCO01301"), "dxso_new_belege_online", "you", "client=29098-55003"),
        (400, dco("DCO01010"), "document_type_unknown", "you", "client=29098-55003"),
        (409, dco("DCO01012"), "document_conflict", "you", ""),
        (409, None, "document_conflict", "you", ""),
        (400, dco("DCO01253"), "document_duplicate_content", "you", ""),
        (413, None, "datev_too_large", "you", ""),
        (413, details(1008833), "batch_refused", "it", ""),
        (500, {"title": "Internal Server Error"}, "datev_internal_error", "vendor", ""),
        (
            401,
            {**GATEWAY, "moreInformation": "Invalid client id or secret."},
            "datev_app_unknown",
            "it",
            "",
        ),
        (400, dco("DCO09999"), "datev_refused", "it", "code=#DCO09999"),
        (400, details(1009999), "datev_refused", "it", "code=1009999"),
    ],
)
def test_what_a_person_has_to_cure_says_who_and_what_shares_the_cause(
    status: int, body: Any, key: str, who: str, cause: str
) -> None:
    raised = error(status, body)
    assert isinstance(raised, NeedsHuman)
    assert raised.problem.key == key
    assert raised.problem.facts["who"] == who
    assert raised.problem.cause == (f"{key}:{cause}" if cause else key)


@pytest.mark.parametrize(
    ("status", "body", "single"),
    [
        (409, dco("DCO01012"), True),
        (400, dco("DCO01243"), True),
        (400, dco("DCO01010"), False),
        (403, None, False),
        (400, dco("DCO09999"), False),
    ],
)
def test_only_what_concerns_one_document_lets_the_others_go_on(status: int, body: Any, single: bool) -> None:
    raised = error(status, body)
    assert isinstance(raised, NeedsHuman)
    assert raised.single is single


def test_a_problem_carries_everything_that_support_asks_for() -> None:
    body = details(
        1008838,
        detail="Permission is missing",
        affected_elements=[{"name": "client-id", "reason": "no permission"}, {"reason": "expired"}, "odd"],
    )
    raised = error(403, body)
    assert isinstance(raised, NeedsHuman)
    assert raised.problem.facts == {
        "code": "1008838",
        "name": "Missing permission",
        "title": "Some title",
        "detail": "Permission is missing",
        "elements": "client-id: no permission; expired; odd",
        "help": "http://www.datev.de/hilfe/1008838",
        "request_id": "req-1",
        "status": "403",
        "transaction_id": "tx-1",
        "gateway_request_id": "cap-1",
        "client": "29098-55003",
        "document": "9e290b5c-cdf4-58c3-a935-b260ca54fcff",
        "who": "adviser",
    }


def test_the_reason_of_the_other_errors_names_code_and_traces() -> None:
    for raised in (error(400, dco("DCO01020")), error(403, dco("DCO01005")), error(400, dco("DCO01001"))):
        for part in ("#DCO010", "restapi.SomeFault", "req-1", "tx-1", "cap-1", PATH):
            assert part in str(raised)


def test_a_long_term_token_of_another_client_says_so() -> None:
    information = "this offline access token is not authorized to access requested clients"
    assert information in str(error(401, {**GATEWAY, "moreInformation": information}))


@pytest.mark.parametrize(
    ("headers", "after"), [({}, 60.0), ({"Retry-After": "7"}, 7.0), ({"Retry-After": "0"}, 0.0)]
)
def test_a_retry_waits_as_long_as_was_asked_for_or_a_minute(headers: dict[str, str], after: float) -> None:
    raised = error(503, None, **headers)
    assert isinstance(raised, RetryLater)
    assert raised.after == after


@pytest.mark.parametrize(
    ("status", "unknown"), [(429, False), (503, False), (502, True), (504, True), (408, True)]
)
def test_only_an_answer_of_something_in_between_leaves_the_outcome_unknown(
    status: int, unknown: bool
) -> None:
    raised = error(status)
    assert isinstance(raised, RetryLater)
    assert raised.outcome_unknown is unknown


@pytest.mark.parametrize(
    ("number", "key", "again"),
    [
        (1008833, "batch_refused", False),
        (1008834, "batch_header_refused", False),
        (1008836, "batch_virus", False),
        (1008837, "datev_try_again", True),
        (1008838, "datev_right_missing", False),
        (1008829, "datev_refused", False),
        (1234567, "datev_refused", False),
    ],
)
def test_a_failed_job_says_why_and_whether_to_send_again(number: int, key: str, again: bool) -> None:
    problem, wanted = explain_job(details(number), "29098-55003")
    assert (problem.key, wanted) == (key, again)
    assert problem.facts["help"] == f"http://www.datev.de/hilfe/{number}"
    assert problem.facts["client"] == "29098-55003"


def test_a_failed_job_without_details_is_refused_without_a_reason() -> None:
    problem, again = explain_job({}, "29098-55003")
    assert (problem.key, again) == ("datev_refused", False)


class TestTable:
    def test_every_row_is_one_of_the_four_errors_and_names_a_cure_where_a_person_is_needed(self) -> None:
        for meaning in MEANINGS.values():
            assert meaning.error in {"retry", "login", "human", "broken"}
            assert bool(meaning.problem) == (meaning.error == "human" or meaning.code == "1008837")
            if meaning.problem:
                assert meaning.who in get_args(Who)

    def test_what_shares_a_cause_is_a_fact_of_every_problem(self) -> None:
        assert {name for meaning in MEANINGS.values() for name in meaning.group} <= NOTHING_SAID.keys()

    @needs("datev-openapi/dco-error-codes.csv")
    @pytest.mark.parametrize("api", ["accounting:documents", "accounting:dxso-jobs"])
    def test_every_official_code_has_a_meaning_and_its_official_name(self, api: str) -> None:
        rows = [row for row in csv.DictReader(CODES.read_text("utf-8").splitlines()) if row["api"] == api]
        assert rows
        for row in rows:
            # dxso-jobs cuts off the last word of one name
            assert MEANINGS[row["error"]].name.removesuffix("Fault") == row["error_description"].removesuffix(
                "Fault"
            )
