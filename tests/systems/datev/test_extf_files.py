from __future__ import annotations

from typing import Any

import httpx
import pytest

from mlconnector import __version__
from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.standins.faults import Fault
from mlconnector.systems.datev import extf_files
from mlconnector.systems.datev.extf_files import LARGEST, job_of
from mlconnector.systems.kit.http import Http
from mlconnector.systems.transfers import Receipt
from tests.systems.datev.rig import MUSTERHOLZ, Rig, batch, extf
from tests.systems.wire import Wiring

IMPORT = "/extf-files/import"
REFERENCE = batch().reference_id


def test_a_batch_is_taken_under_our_names(rig: Rig) -> None:
    receipt = rig.sink.submit(batch())
    (job,) = rig.standin.jobs
    assert receipt == Receipt(job.id, 0.0)
    assert (job.client_id, job.filename, job.reference_id) == (MUSTERHOLZ, batch().file_name, REFERENCE)
    assert job.application_version == __version__


def test_a_finished_job_is_succeeded_with_its_answer_word_for_word(rig: Rig) -> None:
    status = rig.sink.status(rig.sink.submit(batch()).job_id)
    assert (status.result, status.problem, status.again) == ("succeeded", None, False)
    assert status.answer["number_of_accounting_records"] == 1
    assert status.answer["reference_id"] == REFERENCE


def test_the_technical_log_keeps_what_was_said_of_the_job(rig: Rig) -> None:
    rig.sink.status(rig.sink.submit(batch()).job_id)
    submitted, asked = rig.wiring.log.exchanges[-2:]
    assert submitted.body == ""
    assert '"result":"succeeded"' in asked.body


def test_a_running_job_is_pending(rig: Rig) -> None:
    rig.standin.options.clock.advance(-60)
    job_id = rig.sink.submit(batch()).job_id
    rig.standin.jobs[0].ready_at += 3600
    rig.standin.jobs[0].result = "pending"
    assert rig.sink.status(job_id).result == "pending"


def test_a_file_that_the_data_center_refuses_says_why(rig: Rig) -> None:
    status = rig.sink.status(rig.sink.submit(batch(content=extf("29098-55004"))).job_id)
    assert (status.result, status.again) == ("failed", False)
    assert status.problem is not None
    assert status.problem.key == "batch_header_refused"
    assert "does not match with the upload request" in status.problem.facts["elements"]
    assert status.problem.facts["help"] == "http://www.datev.de/hilfe/1008834"
    assert status.answer["validation_details"]


def test_an_internal_error_of_the_job_wants_the_same_bytes_again(rig: Rig) -> None:
    rig.standin.fail_next_job(MUSTERHOLZ, 1008837)
    status = rig.sink.status(rig.sink.submit(batch()).job_id)
    assert (status.result, status.again) == ("failed", True)


def test_a_withdrawn_permission_needs_the_adviser(rig: Rig) -> None:
    rig.standin.fail_next_job(MUSTERHOLZ, 1008838)
    status = rig.sink.status(rig.sink.submit(batch()).job_id)
    assert status.problem is not None
    assert status.problem.cause == f"datev_right_missing:client={MUSTERHOLZ}"


def test_a_job_that_is_not_known_yet_is_pending_and_says_so(rig: Rig) -> None:
    status = rig.sink.status("5f3c6b0e-0000-4000-8000-000000000001")
    assert status.result == "pending"
    assert status.answer == {"status": 404}


@pytest.mark.parametrize("style", ["relative", "unrooted", "rooted", "absolute"])
def test_the_job_is_found_whatever_form_its_location_has(rig: Rig, style: str) -> None:
    rig.standin.set_location_style(style)
    receipt = rig.sink.submit(batch())
    assert receipt.job_id == rig.standin.jobs[0].id
    assert rig.sink.status(receipt.job_id).result == "succeeded"


def answer(location: str | None) -> httpx.Response:
    request = httpx.Request("POST", f"https://api.example/platform/v3/clients/{MUSTERHOLZ}/extf-files/import")
    headers = {} if location is None else {"Location": location}
    return httpx.Response(202, headers=headers, request=request)


PATH = f"/clients/{MUSTERHOLZ}/extf-files/jobs/8a77-1"


@pytest.mark.parametrize(
    "location",
    [
        PATH,
        PATH.removeprefix("/"),
        f"/platform/v3{PATH}",
        f"/platform-sandbox/v3{PATH}/",
        f"https://api.example/platform/v3{PATH}",
        f"https://api.example:443/platform/v3{PATH}?x=1",
        f"//api.example/platform/v3{PATH}",
    ],
)
def test_every_form_of_location_names_the_same_job(location: str) -> None:
    assert job_of(answer(location), MUSTERHOLZ) == "8a77-1"


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        "/",
        f"https://evil.example/platform/v3{PATH}",
        f"//evil.example{PATH}",
        f"https://api.example:444{PATH}",
        "/clients/29098-55004/extf-files/jobs/8a77-1",
        f"/clients/{MUSTERHOLZ}/extf-files/jobs/",
        f"/clients/{MUSTERHOLZ}/extf-files/jobs/a%2Fb",
        "https://api.example:port/",
    ],
)
def test_a_location_that_cannot_be_trusted_leaves_the_job_to_be_looked_for(location: str | None) -> None:
    with pytest.raises(RetryLater, match="DATEV took a batch") as raised:
        job_of(answer(location), MUSTERHOLZ)
    assert raised.value.outcome_unknown


def test_without_retry_after_five_seconds_are_waited(rig: Rig) -> None:
    assert rig.keeper.tokens
    rig.wiring.transport = httpx.MockTransport(lambda _: httpx.Response(202, headers={"Location": PATH}))
    assert rig.sink.submit(batch()) == Receipt("8a77-1", 5.0)


def test_a_batch_is_never_sent_twice_by_itself(rig: Rig) -> None:
    rig.standin.faults.add(Fault("lose_answer", method="POST", path=IMPORT))
    with pytest.raises(RetryLater) as raised:
        rig.sink.submit(batch())
    assert raised.value.outcome_unknown
    assert len(rig.standin.jobs) == 1


def test_after_an_unknown_outcome_the_job_is_found_by_our_reference(rig: Rig) -> None:
    rig.sink.submit(batch("another-reference", file_name="EXTF_other.csv"))
    rig.standin.faults.add(Fault("lose_answer", method="POST", path=IMPORT))
    with pytest.raises(RetryLater):
        rig.sink.submit(batch())
    assert rig.sink.find(REFERENCE) == Receipt(rig.standin.jobs[1].id, 5.0)


def test_a_batch_that_never_arrived_is_not_found(rig: Rig) -> None:
    rig.sink.submit(batch("another-reference"))
    assert rig.sink.find(REFERENCE) is None


def test_a_job_on_a_later_page_is_found(rig: Rig) -> None:
    rig.sink.submit(batch())
    for number in range(120):
        rig.sink.submit(batch(f"reference-{number}"))
    found = rig.sink.find(REFERENCE)
    assert found is not None
    assert found.job_id == rig.standin.jobs[0].id


def test_of_several_jobs_with_our_reference_the_newest_counts(rig: Rig) -> None:
    rig.sink.submit(batch())
    rig.standin.clock.advance(60)
    second = rig.sink.submit(batch())
    rig.standin.clock.advance(60)
    rig.sink.submit(batch("another-reference"))
    found = rig.sink.find(REFERENCE)
    assert found is not None
    assert found.job_id == second.job_id


def listing(*jobs: tuple[str, str, str]) -> tuple[Http, list[str]]:
    """Jobs as (id, reference, minute), two on a page, and the addresses that were asked for."""
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        skip = int(request.url.params["skip"])
        page = [
            {"id": name, "reference_id": reference, "timestamp": f"2026-11-21T12:{minute}:00Z"}
            for name, reference, minute in jobs[skip : skip + 2]
        ]
        link = f'<?skip={skip + 2}&top=2>;rel="next"' if skip + 2 < len(jobs) else ""
        return httpx.Response(200, json=page, headers={"Link": link})

    return Wiring(transport=httpx.MockTransport(handle))("datev", "https://api.example/v3"), asked


def test_a_list_that_shows_the_newest_first_is_read_until_the_job_is_found() -> None:
    http, asked = listing(("d", "x", "40"), ("c", "ours", "30"), ("b", "ours", "20"), ("a", "x", "10"))
    assert extf_files.find(http, MUSTERHOLZ, "ours") == Receipt("c", 5.0)
    assert len(asked) == 1


def test_a_list_in_another_order_is_read_to_its_end() -> None:
    http, asked = listing(("a", "ours", "10"), ("b", "x", "20"), ("c", "ours", "30"), ("d", "x", "40"))
    assert extf_files.find(http, MUSTERHOLZ, "ours") == Receipt("c", 5.0)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (403, b'{"request_id":"r"}'), (413, b'{"type":"http://www.datev.de/hilfe/1008833"}')],
)
def test_a_refused_import_is_not_repeated(rig: Rig, status: int, body: bytes) -> None:
    rig.standin.faults.add(Fault("status", method="POST", path=IMPORT, status=status, body=body))
    with pytest.raises(NeedsHuman):
        rig.sink.submit(batch())
    assert rig.standin.statistics.posts == 1
    assert rig.standin.jobs == []


def test_an_import_that_datev_cannot_take_now_is_known_not_to_be_there(rig: Rig) -> None:
    body = b'{"type":"http://www.datev.de/hilfe/1008837","title":"Try again","status":503}'
    rig.standin.faults.add(
        Fault("status", method="POST", path=IMPORT, status=503, body=body, retry_after="120")
    )
    with pytest.raises(RetryLater) as raised:
        rig.sink.submit(batch())
    assert (raised.value.after, raised.value.outcome_unknown) == (120.0, False)
    assert rig.standin.statistics.posts == 1


def test_an_expired_token_does_not_send_a_batch_twice(rig: Rig) -> None:
    assert rig.keeper.renewals == 0
    rig.standin.expire_access_tokens()
    rig.sink.submit(batch())
    assert rig.keeper.renewals == 1
    assert len(rig.standin.jobs) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"file_name": "Buchungen.csv"},
        {"file_name": "EXTF_a.CSV"},
        {"file_name": "EXTF_Müller.csv"},
        {"file_name": f"EXTF_{'x' * 52}.csv"},
        {"file_name": "EXTF_a.csv\r\nX: y"},
        {"reference_id": ""},
        {"reference_id": "Verkäufe"},
        {"reference_id": "x" * 255},
        {"content": b""},
    ],
)
def test_what_datev_would_refuse_is_a_bug_of_ours(rig: Rig, changes: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        rig.sink.submit(batch(**changes))
    assert rig.standin.statistics.posts == 0


def test_a_file_that_is_too_large_is_not_even_sent(rig: Rig) -> None:
    with pytest.raises(NeedsHuman) as raised:
        rig.sink.submit(batch(content=b"x" * (LARGEST + 1)))
    assert raised.value.problem.key == "datev_too_large"
    assert rig.standin.statistics.posts == 0


@pytest.mark.parametrize("content", [{"result": "done"}, {}, []])
def test_a_state_that_is_none_breaks_the_contract(content: Any) -> None:
    http = Wiring(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=content)))(
        "datev", "https://api.example/v3"
    )
    with pytest.raises(Broken):
        extf_files.status(http, MUSTERHOLZ, "job")
