from __future__ import annotations

import httpx
import pytest

from mlconnector.standins.datev import APP, DatevStandIn
from tests.standins.datev.support import CLIENTS, DOCUMENTS, DXSO, EXTF, MUSTERHOLZ, logged_in

READS = {
    "accounting-clients": f"{CLIENTS}/clients/{MUSTERHOLZ}",
    "accounting-documents": f"{DOCUMENTS}/clients/{MUSTERHOLZ}/document-types",
    "accounting-extf-files": f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/jobs",
    "accounting-dxso-jobs": f"{DXSO}/clients/{MUSTERHOLZ}",
}
PROBLEM_READS = [READS["accounting-clients"], READS["accounting-extf-files"]]
DCO_READS = [READS["accounting-documents"], READS["accounting-dxso-jobs"]]

every_api = pytest.mark.parametrize("path", READS.values(), ids=READS.keys())


@every_api
def test_every_answer_carries_the_trace_headers(api: httpx.Client, web: httpx.Client, path: str) -> None:
    for answer, status in ((api.get(path), 200), (web.get(path), 401)):
        assert answer.status_code == status
        assert answer.headers["x-global-transaction-id"]
        assert answer.headers["v-cap-request-id"]


@every_api
def test_without_a_valid_token_the_gateway_answers_in_its_own_shape(web: httpx.Client, path: str) -> None:
    for authorization in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        answer = web.get(path, headers={**authorization, "X-DATEV-Client-Id": APP})
        assert answer.status_code == 401
        assert (answer.json()["httpCode"], answer.json()["status"]) == ("401", "401")
        assert "request_id" not in answer.json()


@every_api
@pytest.mark.parametrize("client_id", [None, "ml-connector-confidential", ""])
def test_the_app_of_the_token_must_be_named(api: httpx.Client, path: str, client_id: str | None) -> None:
    del api.headers["X-DATEV-Client-Id"]
    answer = api.get(path, headers={} if client_id is None else {"X-DATEV-Client-Id": client_id})
    assert answer.status_code == 401
    assert answer.json()["moreInformation"] == "Invalid client id or secret"


@every_api
@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/problem+json"])
def test_only_json_can_be_asked_for(api: httpx.Client, path: str, accept: str) -> None:
    answer = api.get(path, headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.json()["request_id"]


@every_api
@pytest.mark.parametrize(
    "accept", ["application/json;charset=utf-8", "application/json", "*/*", "text/html, application/*;q=0.8"]
)
def test_json_may_be_asked_for_in_many_ways(api: httpx.Client, path: str, accept: str) -> None:
    assert api.get(path, headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("path", PROBLEM_READS)
def test_a_missing_scope_is_a_problem_with_number(standin: DatevStandIn, path: str) -> None:
    answer = logged_in(standin, "openid accounting:documents").get(path)
    assert answer.status_code == 403
    assert answer.json()["type"] == "http://www.datev.de/hilfe/1008829"
    assert answer.json()["status"] == 403
    assert answer.json()["request_id"] == answer.headers["v-cap-request-id"]


@pytest.mark.parametrize("path", DCO_READS)
def test_a_missing_scope_is_a_fault_with_code(standin: DatevStandIn, path: str) -> None:
    answer = logged_in(standin, "openid datev:accounting:clients").get(path)
    assert answer.status_code == 403
    assert answer.json() == {
        "error_uri": "https://apps.datev.de/knowledge/help/search?q=DCO01005",
        "error": "#DCO01005",
        "error_description": "restapi.ScopeFault",
        "request_id": answer.headers["v-cap-request-id"],
    }


@every_api
def test_a_missing_right_is_answered_with_the_request_id_alone(api: httpx.Client, path: str) -> None:
    answer = api.get(path.replace(MUSTERHOLZ, "29098-55007"))
    assert answer.status_code == 403
    assert answer.json().keys() == {"request_id"}


@pytest.mark.parametrize("path", PROBLEM_READS)
def test_an_unknown_client_is_answered_without_body(api: httpx.Client, path: str) -> None:
    answer = api.get(path.replace(MUSTERHOLZ, "29098-1"))
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("path", DCO_READS)
def test_an_unknown_client_is_answered_with_the_request_id_alone(api: httpx.Client, path: str) -> None:
    answer = api.get(path.replace(MUSTERHOLZ, "29098-1"))
    assert answer.status_code == 404
    assert answer.json().keys() == {"request_id"}


@pytest.mark.parametrize("client_id", ["29098", "029098-55003", "29098-055003", "29098-123456", "x-1"])
def test_extf_files_names_a_malformed_client_id(api: httpx.Client, client_id: str) -> None:
    answer = api.get(f"{EXTF}/clients/{client_id}/extf-files/jobs")
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/1008835")
    assert answer.json()["affected_elements"][0]["name"] == "client-id"


@every_api
def test_unknown_paths_and_methods_are_answered_in_the_shape_of_the_api(api: httpx.Client, path: str) -> None:
    for answer, status in ((api.get(f"{path}/a/b/nothing"), 404), (api.patch(path), 405)):
        assert answer.status_code == status
        assert answer.json()["request_id"]
        assert ("title" in answer.json()) == (path in PROBLEM_READS)


def test_documents_can_neither_be_listed_read_nor_deleted(api: httpx.Client) -> None:
    path = f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents"
    assert api.get(path).status_code == 405
    assert api.get(f"{path}/9e290b5c-cdf4-58c3-a935-b260ca54fcff").status_code == 405
    assert api.delete(f"{path}/9e290b5c-cdf4-58c3-a935-b260ca54fcff").status_code == 405


def test_a_path_with_a_slash_at_its_end_is_unknown(api: httpx.Client) -> None:
    assert api.get(f"{CLIENTS}/clients/").status_code == 404
