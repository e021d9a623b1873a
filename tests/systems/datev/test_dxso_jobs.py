from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.formats.document_names import LARGEST
from mlconnector.standins.base import Options
from mlconnector.standins.datev import create
from mlconnector.standins.faults import Fault
from mlconnector.systems.datev import dxso_jobs
from mlconnector.systems.datev.answers import explain
from mlconnector.systems.datev.connection import connect
from mlconnector.systems.datev.dxso_jobs import OpenJob
from mlconnector.systems.kit.http import Http
from tests.formats.dxso.examples import files_of, november, package, purchases
from tests.systems.datev.conftest import Server
from tests.systems.datev.rig import MUSTERHOLZ, PDF, TODAY, Rig

TESTHOLZ = "29098-55004"
GUID = "9e290b5c-cdf4-58c3-a935-b260ca54fcff"


@pytest.fixture
def rig(server: Server, tmp_path: Path) -> Iterator[Rig]:
    """A stand-in whose jobs take their time."""
    standin = create(Options(received=tmp_path / "received", delay=5))
    server.standin = standin.app
    rig = Rig(standin, server.url)
    yield rig
    rig.wiring.close()


@pytest.fixture
def http(rig: Rig) -> Http:
    own = rig.with_settings(services=["dxso"])
    return connect(own.settings, {}, own.keeper, own.wiring, 4, frozenset(), lambda: TODAY).dxso_jobs


def answering(rig: Rig, *answers: httpx.Response) -> Http:
    """A service that gives these answers in turn."""
    left = list(answers)
    rig.wiring.transport = httpx.MockTransport(lambda _: left.pop(0))
    return rig.wiring("datev", "https://accounting-dxso-jobs.api.example/v2", explain=explain)


def opened(http: Http, ledger: str = "receivable") -> OpenJob:
    return dxso_jobs.create(
        http, MUSTERHOLZ, "receivable" if ledger == "receivable" else "payable", "2026-11"
    )


def filled(http: Http, files: dict[str, bytes], ledger: str = "receivable") -> str:
    """A job with these files."""
    job = opened(http, ledger)
    for name, content in files.items():
        media_type = "application/pdf" if name.endswith(".pdf") else "application/xml"
        dxso_jobs.attach(http, MUSTERHOLZ, job.id, name, media_type, content)
    return job.id


def processed(rig: Rig, http: Http, files: dict[str, bytes], ledger: str = "receivable") -> str:
    job = filled(http, files, ledger)
    assert dxso_jobs.make_ready(http, MUSTERHOLZ, job) == "made_ready"
    rig.standin.clock.advance(5)
    return job


class TestJourney:
    @pytest.mark.parametrize("entries", [november(), purchases()], ids=["sold", "bought"])
    def test_a_package_of_ours_is_taken_over_whole(self, rig: Rig, http: Http, entries: Any) -> None:
        given = package(entries)
        job = opened(http, given.ledger)
        files = files_of(given, job.folder_names[0])
        for name, content in files.items():
            dxso_jobs.attach(http, MUSTERHOLZ, job.id, name, "application/octet-stream", content)
        assert dxso_jobs.status(http, MUSTERHOLZ, job.id).state == "open"
        dxso_jobs.make_ready(http, MUSTERHOLZ, job.id)
        assert dxso_jobs.status(http, MUSTERHOLZ, job.id).state == "processing"
        rig.standin.clock.advance(5)
        state = dxso_jobs.status(http, MUSTERHOLZ, job.id)
        assert (state.state, state.problem, state.is_final) == ("succeeded", None, True)
        assert {entry.kind for entry in state.protocol} == {"information"}
        filed = {guid for client, guid in rig.standin.documents if client == MUSTERHOLZ}
        assert filed == {str(document.guid) for document in given.documents if document.guid}

    def test_a_new_job_tells_account_length_and_folders(self, http: Http) -> None:
        assert opened(http).account_length == 4
        assert opened(http).folder_names == ("Ausgangsrechnungen",)
        assert opened(http, "payable").folder_names == ("Eingangsrechnungen",)

    def test_a_file_that_comes_again_replaces_the_first_and_is_noted(self, http: Http) -> None:
        job = opened(http).id
        for _ in range(2):
            dxso_jobs.attach(http, MUSTERHOLZ, job, "a.pdf", "application/pdf", PDF)
        kinds = [entry.kind for entry in dxso_jobs.protocol(http, MUSTERHOLZ, job)]
        assert kinds == ["information", "warning"]

    def test_the_protocol_is_asked_for_only_at_the_end(self, rig: Rig, http: Http) -> None:
        job = filled(http, files_of(package(purchases())), "payable")
        dxso_jobs.make_ready(http, MUSTERHOLZ, job)
        before = rig.standin.statistics.gets
        dxso_jobs.status(http, MUSTERHOLZ, job)
        assert rig.standin.statistics.gets - before == 1
        rig.standin.clock.advance(5)
        dxso_jobs.status(http, MUSTERHOLZ, job)
        assert rig.standin.statistics.gets - before == 3

    def test_an_open_job_can_be_deleted_and_stays_deleted(self, http: Http) -> None:
        job = opened(http).id
        assert dxso_jobs.delete(http, MUSTERHOLZ, job) == "deleted"
        assert dxso_jobs.delete(http, MUSTERHOLZ, job) == "was_gone"

    def test_a_job_that_was_made_ready_cannot_be_deleted(self, rig: Rig, http: Http) -> None:
        job = processed(rig, http, {"a.pdf": PDF})
        with pytest.raises(NeedsHuman) as refused:
            dxso_jobs.delete(http, MUSTERHOLZ, job)
        assert refused.value.problem.key == "dxso_transfer_final"


class TestEnds:
    def test_a_package_with_faults_is_not_processed_and_says_why(self, rig: Rig, http: Http) -> None:
        files = files_of(package(purchases()))
        del files["document.xml"]
        state = dxso_jobs.status(http, MUSTERHOLZ, processed(rig, http, files, "payable"))
        assert state.state == "failed"
        assert state.problem is not None
        assert state.problem.key == "dxso_failed"
        assert "document.xml fehlt" in state.problem.facts["protocol"]

    def test_a_document_that_is_there_already_is_skipped_and_the_others_are_taken(
        self, rig: Rig, http: Http
    ) -> None:
        given = package(purchases())
        processed(rig, http, files_of(given), "payable")
        state = dxso_jobs.status(http, MUSTERHOLZ, processed(rig, http, files_of(given), "payable"))
        assert state.state == "partial"
        assert state.problem is not None
        assert state.problem.key == "dxso_partial"
        (skipped,) = [entry for entry in state.protocol if entry.kind == "warning"]
        guid = next(str(document.guid) for document in given.documents if document.guid)
        assert guid in skipped.context
        assert guid in state.problem.facts["protocol"]

    @pytest.mark.parametrize(
        ("number", "state", "problem"),
        [
            (2, "succeeded", None),
            (3, "failed", "dxso_failed"),
            (4, "partial", "dxso_partial"),
            (5, "cancelled", "dxso_cancelled"),
            (6, "cancel_refused", None),
        ],
    )
    def test_every_end_has_its_name(
        self, rig: Rig, http: Http, number: int, state: str, problem: str | None
    ) -> None:
        rig.standin.fail_next_job(MUSTERHOLZ, number)
        found = dxso_jobs.status(http, MUSTERHOLZ, processed(rig, http, {"a.pdf": PDF}))
        assert found.state == state
        assert (found.problem.key if found.problem else None) == problem
        assert found.protocol
        assert found.answer["status"] == number

    def test_a_job_that_datev_does_not_show_any_more_is_for_a_person_to_judge(self, http: Http) -> None:
        with pytest.raises(NeedsHuman) as gone:
            dxso_jobs.status(http, MUSTERHOLZ, GUID)
        assert gone.value.problem.key == "dxso_transfer_gone"
        assert gone.value.problem.facts["transfer"] == GUID
        assert gone.value.problem.cause == f"dxso_transfer_gone:transfer={GUID}"


class TestUnknownOutcomes:
    def test_ready_is_sent_once_and_whoever_asks_sees_whether_it_arrived(self, rig: Rig, http: Http) -> None:
        job = filled(http, files_of(package(purchases())), "payable")
        rig.standin.faults.add(Fault("lose_answer", path=f"/dxso-jobs/{job}$"))
        before = rig.standin.statistics.puts
        with pytest.raises(RetryLater) as silent:
            dxso_jobs.make_ready(http, MUSTERHOLZ, job)
        assert silent.value.outcome_unknown
        assert rig.standin.statistics.puts - before == 1
        assert dxso_jobs.status(http, MUSTERHOLZ, job).state == "processing"
        assert dxso_jobs.make_ready(http, MUSTERHOLZ, job) == "was_ready"

    def test_ready_that_did_not_arrive_leaves_the_job_open(self, rig: Rig, http: Http) -> None:
        job = filled(http, files_of(package(purchases())), "payable")
        rig.standin.faults.add(Fault("status", path=f"/dxso-jobs/{job}$", status=504))
        with pytest.raises(RetryLater):
            dxso_jobs.make_ready(http, MUSTERHOLZ, job)
        assert dxso_jobs.status(http, MUSTERHOLZ, job).state == "open"
        assert dxso_jobs.make_ready(http, MUSTERHOLZ, job) == "made_ready"

    def test_a_job_is_created_once_and_an_unanswered_one_is_left_empty(self, rig: Rig, http: Http) -> None:
        rig.standin.faults.add(Fault("lose_answer", path="/dxso-jobs$"))
        with pytest.raises(RetryLater) as silent:
            opened(http)
        assert silent.value.outcome_unknown
        again = opened(http)
        first, second = rig.standin.dxso_jobs
        assert (first.files, first.status, second.id) == ({}, 0, again.id)

    def test_a_file_is_sent_again_until_it_is_there(self, rig: Rig, http: Http) -> None:
        job = opened(http).id
        rig.standin.faults.add(Fault("lose_answer", path="/files$"))
        dxso_jobs.attach(http, MUSTERHOLZ, job, "a.pdf", "application/pdf", PDF)
        assert list(rig.standin.dxso_jobs[0].files) == ["a.pdf"]


class TestRefusals:
    def test_a_client_of_the_new_belege_online_is_told_the_way_out(self, rig: Rig, http: Http) -> None:
        with pytest.raises(NeedsHuman) as refused:
            dxso_jobs.create(http, TESTHOLZ, "receivable", "2026-11")
        problem = refused.value.problem
        assert (problem.key, problem.facts["code"]) == ("dxso_new_belege_online", "#DCO01301")
        assert problem.cause == f"dxso_new_belege_online:client={TESTHOLZ}"

    def test_a_month_without_a_fiscal_year_needs_the_adviser(self, http: Http) -> None:
        with pytest.raises(NeedsHuman) as refused:
            dxso_jobs.create(http, MUSTERHOLZ, "receivable", "2020-01")
        assert refused.value.problem.key == "dxso_target_missing"
        assert refused.value.problem.facts["who"] == "adviser"

    def test_a_client_without_an_invoice_folder_needs_the_adviser(self, rig: Rig) -> None:
        http = answering(rig, httpx.Response(201, json={"id": "A", "ledger_folder_names": []}))
        with pytest.raises(NeedsHuman) as refused:
            opened(http)
        assert refused.value.problem.key == "dxso_target_missing"

    def test_files_for_an_unknown_job(self, http: Http) -> None:
        with pytest.raises(NeedsHuman) as refused:
            dxso_jobs.attach(http, MUSTERHOLZ, GUID, "a.pdf", "application/pdf", PDF)
        assert refused.value.problem.key == "dxso_transfer_unknown"

    def test_a_file_that_datev_refuses_is_named(self, http: Http) -> None:
        job = opened(http).id
        with pytest.raises(NeedsHuman) as refused:
            dxso_jobs.attach(http, MUSTERHOLZ, job, "a.pdf", "application/pdf", b"\x89PNG\r\n\x1a\n")
        assert refused.value.problem.key == "document_content_mismatch"
        assert refused.value.problem.facts["file_name"] == "a.pdf"

    def test_a_file_that_is_too_large_is_not_sent(self, rig: Rig, http: Http) -> None:
        before = rig.standin.statistics.posts
        with pytest.raises(NeedsHuman) as refused:
            dxso_jobs.attach(http, MUSTERHOLZ, GUID, "a.pdf", "application/pdf", b"x" * (LARGEST + 1))
        assert refused.value.problem.key == "document_too_large"
        assert rig.standin.statistics.posts == before

    @pytest.mark.parametrize(
        ("name", "content"), [("Rechnung 1.pdf", PDF), ("ä.pdf", PDF), ("", PDF), ("a.pdf", b"")]
    )
    def test_a_name_that_datev_would_change_and_an_empty_file_are_bugs(
        self, http: Http, name: str, content: bytes
    ) -> None:
        with pytest.raises(Broken):
            dxso_jobs.attach(http, MUSTERHOLZ, GUID, name, "application/pdf", content)

    @pytest.mark.parametrize("month", ["2026-13", "2026-11-01", "26-11", ""])
    def test_a_month_that_is_none_is_a_bug(self, http: Http, month: str) -> None:
        with pytest.raises(Broken):
            dxso_jobs.create(http, MUSTERHOLZ, "receivable", month)

    @pytest.mark.parametrize("job", ["", "../clients", "a/b"])
    def test_an_id_that_is_none_is_a_bug(self, http: Http, job: str) -> None:
        with pytest.raises(Broken):
            dxso_jobs.status(http, MUSTERHOLZ, job)


class TestAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"id": ""},
            {"id": "a/b", "ledger_folder_names": ["A"]},
            {"id": "A", "ledger_folder_names": "A"},
            {"id": "A", "ledger_folder_names": [1]},
            {"id": "A", "ledger_folder_names": ["A"], "account_length": 9},
            {"id": "A", "ledger_folder_names": ["A"], "account_length": "vier"},
        ],
    )
    def test_a_new_job_that_cannot_be_read_breaks_the_contract(self, rig: Rig, body: dict[str, Any]) -> None:
        with pytest.raises(Broken):
            opened(answering(rig, httpx.Response(201, json=body)))

    @pytest.mark.parametrize("length", [4, "4", None])
    def test_an_account_length_may_be_text_or_missing(self, rig: Rig, length: object) -> None:
        body = {"id": "A", "ledger_folder_names": ["A", "B"], "account_length": length}
        job = opened(answering(rig, httpx.Response(201, json=body)))
        assert (job.account_length, job.folder_names) == (None if length is None else 4, ("A", "B"))

    @pytest.mark.parametrize("status", [7, -1, None, "done", True])
    def test_a_state_that_is_none_breaks_the_contract(self, rig: Rig, status: object) -> None:
        http = answering(rig, httpx.Response(200, json={"id": "A", "status": status}))
        with pytest.raises(Broken):
            dxso_jobs.status(http, MUSTERHOLZ, "A")

    def test_a_state_may_be_text(self, rig: Rig) -> None:
        http = answering(rig, httpx.Response(200, json={"id": "A", "status": "1"}))
        assert dxso_jobs.status(http, MUSTERHOLZ, "A").state == "processing"

    def test_a_protocol_entry_may_leave_out_anything(self, rig: Rig) -> None:
        http = answering(rig, httpx.Response(200, json=[{}, {"type": "error", "text": "Falsch"}]))
        empty, told = dxso_jobs.protocol(http, MUSTERHOLZ, "A")
        assert (empty.at, empty.kind, empty.text, empty.file_name, empty.context) == ("",) * 5
        assert (told.kind, told.text) == ("error", "Falsch")

    def test_what_was_sent_is_what_the_specification_wants(self, rig: Rig) -> None:
        sent: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return httpx.Response(204)

        rig.wiring.transport = httpx.MockTransport(answer)
        http = rig.wiring("datev", "https://accounting-dxso-jobs.api.example/v2", explain=explain)
        dxso_jobs.make_ready(http, MUSTERHOLZ, "A")
        assert sent[0].headers["content-type"] == "application/merge-patch+json"
        assert json.loads(sent[0].content) == {"ready": "true"}
