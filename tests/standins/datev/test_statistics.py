from __future__ import annotations

import httpx

from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.datev.statistics import path_kind
from mlconnector.standins.faults import Fault
from tests.standins.datev.support import (
    CLIENTS,
    DOCUMENTS,
    EXTF,
    MUSTERHOLZ,
    code_for,
    exchange,
    job_of,
    post_extf,
    put_document,
    refresh,
)


def test_api_calls_are_counted_by_method_and_path(standin: DatevStandIn, api: httpx.Client) -> None:
    api.get(f"{CLIENTS}/clients")
    put_document(api)
    put_document(api, guid="wrong")
    job_of(api, post_extf(api))
    assert api.get("/_standin/statistics").json() == {
        "gets": 2,
        "puts": 2,
        "posts": 1,
        "deletes": 0,
        "errors": 1,
        "early_polls": 1,
        "by_path": {
            "GET /accounting-clients/clients": 1,
            "GET /accounting-extf-files/clients/{client-id}/extf-files/jobs/{job-id}": 1,
            "POST /accounting-extf-files/clients/{client-id}/extf-files/import": 1,
            "PUT /accounting-documents/clients/{client-id}/documents/{document-id}": 2,
        },
        "tokens": {"refreshes": 0, "replays": 0},
    }
    assert (standin.statistics.gets, standin.statistics.errors) == (2, 1)


def test_the_login_is_not_an_api_call_but_refreshes_are_counted(web: httpx.Client) -> None:
    tokens = exchange(web, code_for(web)).json()
    for _ in range(2):
        refresh(web, tokens["refresh_token"])
    counted = web.get("/_standin/statistics").json()
    assert (counted["gets"], counted["posts"], counted["errors"]) == (0, 0, 0)
    assert counted["tokens"] == {"refreshes": 1, "replays": 1}


def test_a_poll_after_the_wait_is_not_early(standin: DatevStandIn, api: httpx.Client) -> None:
    imported = post_extf(api)
    standin.clock.advance(5)
    job_of(api, imported)
    assert standin.statistics.early_polls == 0


def test_errors_that_are_thrown_in_count_and_carry_trace_headers(
    standin: DatevStandIn, api: httpx.Client
) -> None:
    standin.faults.add(Fault("status", path="/documents/", status=429, retry_after="3"))
    answer = put_document(api)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.headers["v-cap-request-id"]
    assert standin.statistics.errors == 1
    assert standin.documents == {}


def test_ids_are_taken_out_of_paths() -> None:
    client = f"{DOCUMENTS}/clients/{MUSTERHOLZ}"
    assert path_kind(f"{client}/documents/stapled").endswith("/clients/{client-id}/documents/stapled")
    assert path_kind(f"{client}/document-types").endswith("/clients/{client-id}/document-types")
    assert path_kind(f"{EXTF}/clients/1/extf-files/jobs") == (
        "/accounting-extf-files/clients/{client-id}/extf-files/jobs"
    )
    assert path_kind("/accounting-dxso-jobs/platform/v2/clients/1/dxso-jobs/2/files") == (
        "/accounting-dxso-jobs/clients/{client-id}/dxso-jobs/{job-id}/files"
    )
