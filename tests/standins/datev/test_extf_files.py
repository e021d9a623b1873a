from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.datev import DatevStandIn, create
from tests.standins.datev.support import (
    EXTF,
    MUSTERHOLZ,
    TESTHOLZ,
    extf,
    failure_of,
    job_of,
    logged_in,
    post_extf,
)

JOBS = f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/jobs"


def number_of(answer: httpx.Response) -> int:
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.json()["status"] == answer.status_code
    return int(answer.json()["type"].rpartition("/")[2])


def test_an_import_is_answered_empty_with_a_relative_location(
    api: httpx.Client, standin: DatevStandIn
) -> None:
    answer = post_extf(api)
    [job] = standin.jobs
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["location"] == f"/clients/{MUSTERHOLZ}/extf-files/jobs/{job.id}"
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("style", "start"),
    [
        ("relative", "/clients/"),
        ("unrooted", "clients/"),
        ("rooted", f"{EXTF}/clients/"),
        ("absolute", f"http://datev.test{EXTF}/clients/"),
    ],
)
def test_the_location_can_be_written_in_four_ways(
    api: httpx.Client, standin: DatevStandIn, style: str, start: str
) -> None:
    standin.set_location_style(style)
    assert post_extf(api).headers["location"].startswith(start)


def test_retry_after_can_be_set_by_option() -> None:
    with logged_in(create(Options(delay=0.2))) as api:
        assert post_extf(api).headers["retry-after"] == "1"
    with logged_in(create(Options(extra={"retry_after": "7", "location": "absolute"}))) as api:
        assert post_extf(api).headers["retry-after"] == "7"


def test_a_job_is_pending_until_the_delay_is_over(standin: DatevStandIn, api: httpx.Client) -> None:
    imported = post_extf(api, headers={"Reference-Id": "batch 1", "Client-Application-Version": "0.1.0"})
    pending = job_of(api, imported)
    assert pending == {
        "id": imported.headers["location"].rpartition("/")[2],
        "filename": "EXTF_a.csv",
        "client_application_display_name": "ml-connector-standin",
        "client_application_version": "0.1.0",
        "reference_id": "batch 1",
        "result": "pending",
        "timestamp": pending["timestamp"],
    }
    standin.clock.advance(5)
    assert job_of(api, imported) == pending | {
        "result": "succeeded",
        "fiscal_year_begin": "2026-01-01",
        "date_from": "2026-01-01",
        "date_to": "2026-01-31",
        "label": "Januar",
        "data_category_id": 21,
        "number_of_accounting_records": 1,
    }


def test_a_failed_job_says_why_only_when_it_is_over(standin: DatevStandIn, api: httpx.Client) -> None:
    imported = post_extf(api, extf({12: "1"}))
    assert "validation_details" not in job_of(api, imported)
    standin.clock.advance(5)
    job = job_of(api, imported)
    assert job["result"] == "failed"
    assert job["validation_details"]["type"] == "http://www.datev.de/hilfe/1008834"


def test_the_same_file_twice_is_two_jobs(standin: DatevStandIn, api: httpx.Client) -> None:
    first, second = post_extf(api), post_extf(api)
    assert first.headers["location"] != second.headers["location"]
    standin.clock.advance(5)
    assert [job.result for job in standin.jobs] == ["succeeded", "succeeded"]


def test_accepted_files_are_kept_as_they_came_and_never_overwritten(
    api: httpx.Client, tmp_path: Path
) -> None:
    for content in (extf(), extf(rows=2), extf(), extf(rows=3)):
        post_extf(api, content)
    post_extf(api, extf({12: "1"}), headers={"Filename": "EXTF_wrong.csv"})
    folder = tmp_path / "received" / MUSTERHOLZ / "extf"
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert kept == {"EXTF_a.csv": extf(), "EXTF_a.2.csv": extf(rows=2), "EXTF_a.3.csv": extf(rows=3)}


@pytest.mark.parametrize(
    ("headers", "status", "number"),
    [
        ({"Filename": ""}, 400, 1008832),
        ({"Filename": "DTVF_a.csv"}, 400, 1008832),
        ({"Filename": "extf_a.csv"}, 400, 1008832),
        ({"Filename": "EXTF_a.CSV"}, 400, 1008832),
        ({"Filename": "EXTF_a.txt"}, 400, 1008832),
        ({"Filename": f"EXTF_{'x' * 52}.csv"}, 400, 1008832),
        ({"Reference-Id": "a/b"}, 400, 1008832),
        ({"Reference-Id": "x" * 255}, 400, 1008832),
        ({"Client-Application-Version": "1:2"}, 400, 1008832),
    ],
)
def test_headers_are_refused(api: httpx.Client, headers: dict[str, str], status: int, number: int) -> None:
    answer = post_extf(api, headers=headers)
    assert (answer.status_code, number_of(answer)) == (status, number)
    assert answer.json()["affected_elements"][0]["name"] == next(iter(headers))


def test_headers_at_their_longest_are_taken(api: httpx.Client) -> None:
    headers = {"Filename": f"EXTF_{'x' * 51}.csv", "Reference-Id": "x" * 254}
    assert post_extf(api, headers=headers).status_code == 202


def test_the_reference_may_have_umlauts_in_latin_1_only(standin: DatevStandIn, api: httpx.Client) -> None:
    def post(reference: bytes) -> int:
        headers = [
            (b"Content-Type", b"application/octet-stream"),
            (b"Filename", b"EXTF_a.csv"),
            (b"Reference-Id", reference),
        ]
        path = f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/import"
        return api.post(path, content=extf(), headers=headers).status_code

    assert post("Verkäufe".encode("latin-1")) == 202
    assert standin.jobs[0].reference_id == "Verkäufe"
    assert post("Verkäufe".encode()) == 400


def test_the_server_replaces_what_it_does_not_allow_in_names(
    standin: DatevStandIn, api: httpx.Client
) -> None:
    assert post_extf(api, headers={"Filename": "EXTF_a/b&c.csv"}).status_code == 202
    assert standin.jobs[0].filename == "EXTF_a_b_c.csv"


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=b", "text/csv", ""])
def test_only_octet_streams_are_taken(api: httpx.Client, content_type: str) -> None:
    answer = post_extf(api, headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert answer.json().keys() == {"title", "status", "request_id"}


def test_an_empty_body_is_refused(api: httpx.Client) -> None:
    answer = post_extf(api, b"")
    assert (answer.status_code, number_of(answer)) == (400, 1008831)


def test_more_than_50_mb_are_refused(api: httpx.Client) -> None:
    answer = post_extf(api, b"x" * (50 * 1024 * 1024 + 1))
    assert (answer.status_code, number_of(answer)) == (413, 1008833)


def test_nothing_refused_becomes_a_job(standin: DatevStandIn, api: httpx.Client) -> None:
    post_extf(api, b"")
    post_extf(api, headers={"Filename": "a.csv"})
    assert standin.jobs == []


def test_an_import_needs_the_buchungsdatenservice(standin: DatevStandIn, api: httpx.Client) -> None:
    answer = post_extf(api, client=TESTHOLZ)
    assert (answer.status_code, number_of(answer)) == (403, 1008838)
    standin.order_service(TESTHOLZ, "Buchungsdatenservice")
    assert post_extf(api, client=TESTHOLZ).status_code == 202


def test_a_job_fails_when_the_service_is_withdrawn_in_between(
    standin: DatevStandIn, api: httpx.Client
) -> None:
    imported = post_extf(api)
    standin.withdraw_service(MUSTERHOLZ, "Buchungsdatenservice")
    standin.clock.advance(5)
    assert job_of(api, imported)["validation_details"]["type"].endswith("/1008838")


@pytest.mark.parametrize("number", [1008833, 1008834, 1008836, 1008837, 1008838])
def test_the_next_job_of_a_client_can_be_made_to_fail(
    standin: DatevStandIn, api: httpx.Client, number: int, tmp_path: Path
) -> None:
    standin.fail_next_job(MUSTERHOLZ, number)
    other, first, second = post_extf(api, client="29098-55006"), post_extf(api), post_extf(api, extf(rows=2))
    standin.clock.advance(5)
    assert job_of(api, first)["validation_details"]["type"].endswith(str(number))
    assert (job_of(api, other)["result"], job_of(api, second)["result"]) == ("succeeded", "succeeded")
    kept = list((tmp_path / "received" / MUSTERHOLZ / "extf").iterdir())
    assert [path.read_bytes() for path in kept] == [extf(rows=2)]


def test_a_job_cannot_be_made_to_fail_with_any_number(standin: DatevStandIn) -> None:
    with pytest.raises(ValueError, match="a job cannot fail with 1"):
        standin.fail_next_job(MUSTERHOLZ, 1)


def test_jobs_are_listed_newest_first_in_pages(standin: DatevStandIn, api: httpx.Client) -> None:
    for number in range(3):
        post_extf(api, headers={"Reference-Id": f"batch {number}"})
    post_extf(api, client="29098-55006")
    answer = api.get(JOBS, params={"skip": "1", "top": "1"})
    assert [job["reference_id"] for job in answer.json()] == ["batch 1"]
    assert answer.headers["total-items"] == "3"
    assert answer.headers["link"] == '<?skip=0&top=1>;rel="prev", <?skip=2&top=1>;rel="next"'
    assert [job["reference_id"] for job in api.get(JOBS).json()] == ["batch 2", "batch 1", "batch 0"]
    assert number_of(api.get(JOBS, params={"top": "-1"})) == 1008828
    assert {job["result"] for job in api.get(JOBS).json()} == {"pending"}
    standin.clock.advance(5)
    assert {job["result"] for job in api.get(JOBS).json()} == {"succeeded"}


def test_a_job_is_seen_by_its_client_alone(standin: DatevStandIn, api: httpx.Client) -> None:
    post_extf(api)
    job_id = standin.jobs[0].id
    assert api.get(f"{JOBS}/{job_id}").status_code == 200
    assert api.get(f"{JOBS}/{job_id}".replace(MUSTERHOLZ, "29098-55006")).status_code == 404
    assert api.get(f"{JOBS}/unknown").json()["title"] == "Not Found"


def test_a_job_without_delay_is_over_at_once() -> None:
    with logged_in(create(Options())) as api:
        imported = post_extf(api)
        assert imported.headers["retry-after"] == "0"
        assert job_of(api, imported)["result"] == "succeeded"
        assert failure_of(api, extf({1: '"DTVF"'}))["title"] == "Invalid EXTF-header"
