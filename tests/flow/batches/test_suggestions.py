"""Booking suggestions (DXSO) from the source to Belege online, and what DATEV may answer to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from mlconnector.commands import status
from mlconnector.commands.output import Exit
from mlconnector.commands.working import work_through
from mlconnector.errors import Broken, NeedsHuman
from mlconnector.flow.deliver.second_transfer import resend
from mlconnector.flow.engine.outcomes import outcome_of
from mlconnector.flow.report import counts, overview, voucher_story
from mlconnector.formats.dxso import check_package, is_sendable, validate_with
from mlconnector.standins.datev.dxso_jobs import DxsoJob
from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive.pdf import document
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, EU_BUSINESS, FOREIGN_MONEY, MIXED_RATES, MUSTERHOLZ, Rig
from tests.flow.suggestions_rig import (
    CANCELLED,
    FAILED,
    FILES,
    OPEN,
    PARTIAL,
    PROCESSED,
    Suggested,
    counted,
    package,
    processed,
    suggestions,
    sums,
)
from tests.specifications import located, needs

NUMBER = "RE-2026-00001"
SALES = "accountsReceivableLedgerImport"
SCHEMAS = located("dxso/xsd/v060")
NEEDS_SCHEMAS = needs("dxso/xsd/v060")


@pytest.fixture
def made(make_rig: MakeRig) -> Callable[..., Rig]:
    """Makes a rig on SQLite whose client gets booking suggestions."""
    return lambda records, **more: make_rig(records, text=suggestions, **more)


@pytest.fixture
def made_anywhere(make_any_rig: MakeRig) -> Callable[..., Rig]:
    """Makes such a rig on SQLite and on PostgreSQL."""
    return lambda records, **more: make_any_rig(records, text=suggestions, **more)


@contextmanager
def doing_at(rig: Rig, point: str, work: Callable[[], object]) -> Iterator[None]:
    """Whenever the way reaches `point`, something happens outside."""
    usual = rig.services.reached

    def reached(name: str) -> None:
        if name == point:
            work()
        usual(name)

    rig.services.reached = reached
    try:
        yield
    finally:
        rig.services.reached = usual


def ledger_of(rig: Rig, job: DxsoJob, number: str) -> str:
    """The name of an invoice's ledger file among the files of an open job."""
    return next(name for name in job.files if name.startswith(number) and name.endswith(".xml"))


def losing_the_ledger_of(rig: Rig, *numbers: str) -> Callable[[], object]:
    """What lets DATEV miss the ledger files of these invoices."""

    def lose() -> None:
        job = rig.datev.dxso_jobs[-1]
        for number in numbers:
            del job.files[ledger_of(rig, job, number)]

    return lose


def rows_of(rig: Rig, number: str) -> list[Suggested]:
    return [row for row in processed(rig.outside) if row.number == number]


class TestTheWholeWay:
    def test_everything_bookable_arrives_once_and_a_second_run_sends_nothing(
        self, made_anywhere: Callable[..., Rig]
    ) -> None:
        rig = made_anywhere(12)
        rig.work()
        assert rig.states() == {"needs_human": 4, "settled": 8}
        assert set(counted(processed(rig.outside)).values()) == {1}
        found = sums(rig.outside)
        for deal, number in zip((1, 2, 3, 4, 6, 8, 11), rig.numbers((1, 2, 3, 4, 6, 8, 11)), strict=True):
            assert abs(found[number] - rig.outside.gross(deal)) <= Decimal("0.02"), number
        before = rig.datev.statistics.puts + rig.datev.statistics.posts
        rig.work()
        assert rig.datev.statistics.puts + rig.datev.statistics.posts == before
        assert rig.verdict().ok

    def test_the_durable_workflows_do_it_too(self, made: Callable[..., Rig]) -> None:
        rig = made(2)
        with rig.app.working() as started:
            work_through(rig.app, started, [rig.name], None)
        assert rig.states() == {"settled": 2}
        assert set(counted(processed(rig.outside)).values()) == {1}

    def test_each_transfer_is_one_ledger_and_one_month(self, made: Callable[..., Rig]) -> None:
        rig = made(12)
        rig.work()
        jobs = rig.datev.dxso_jobs
        months = [job.accounting_month for job in jobs]
        assert (sorted(months), {job.import_type for job in jobs}) == (sorted(set(months)), {SALES})
        for row in processed(rig.outside):
            job = next(one for one in jobs if one.id == row.job)
            assert row.month == job.accounting_month == row.values["date"][:7]

    def test_documents_travel_inside_and_are_not_filed_on_their_own(self, made: Callable[..., Rig]) -> None:
        rig = made(3)
        rig.work()
        assert not [path for path in rig.datev.statistics.by_path if "/accounting-documents" in path]
        assert not list(rig.outside.received.glob("*/documents/*"))
        assert rig.outside.jobs() == []
        for row in processed(rig.outside):
            (image,) = row.images
            job = next(one for one in rig.datev.dxso_jobs if one.id == row.job)
            assert package(rig.outside, job)[image].startswith(b"%PDF")
        filed = {document.guid for document in rig.outside.documents()}
        assert filed == {row.guid for row in processed(rig.outside)}
        assert counts.filed_documents(rig.services) == len(filed) == 3
        assert rig.kept_documents() == []

    def test_the_transfers_number_is_on_record_before_the_first_file(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        (batch,) = rig.prepare()
        with rig.dying_at("transfer_noted"):
            rig.deliver(batch)
        (job,) = rig.datev.dxso_jobs
        assert (rig.batch(batch).job_id, job.files) == (job.id, {})

    def test_a_healthy_number_of_requests(self, made: Callable[..., Rig]) -> None:
        rig = made(12)
        rig.work()
        assert rig.datev.statistics.gets <= 5 * len(rig.datev.dxso_jobs)

    def test_what_our_check_finds_it_finds_before_anything_is_sent(
        self, made: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = made(1)
        (batch,) = rig.prepare()
        monkeypatch.setattr("mlconnector.flow.batches.suggestion_transfer.is_sendable", lambda _: False)
        with pytest.raises(Broken, match="is not what a transfer takes"):
            rig.deliver(batch)
        (job,) = rig.datev.dxso_jobs
        assert (job.status, job.files) == (OPEN, {})
        monkeypatch.undo()
        rig.transfer()
        assert rig.states() == {"settled": 1}


class TestThePackage:
    def test_our_own_check_finds_nothing(self, made: Callable[..., Rig]) -> None:
        rig = made(12)
        rig.work()
        for job in rig.datev.dxso_jobs:
            found = list(check_package(package(rig.outside, job)))
            assert is_sendable(found)
            assert [one.rule for one in found if one.severity != "doubtful"] == []

    @NEEDS_SCHEMAS
    def test_it_is_valid_by_datevs_schemas(self, made: Callable[..., Rig]) -> None:
        rig = made(12)
        rig.work()
        schemas = {path.name: path.read_bytes() for path in SCHEMAS.glob("*.xsd")}
        for job in rig.datev.dxso_jobs:
            files = package(rig.outside, job)
            assert "document.xml" in files
            assert list(validate_with(schemas, files)) == []

    @NEEDS_SCHEMAS
    def test_with_the_schemas_in_the_settings_they_are_asked_before_anything_is_sent(
        self, made: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = made(1)
        rig.services.settings = rig.services.settings.model_copy(update={"dxso_schemas": SCHEMAS})
        asked: list[str] = []

        def note(schemas: dict[str, bytes], files: dict[str, bytes]) -> list[object]:
            asked.extend(files)
            return list(validate_with(schemas, files))

        monkeypatch.setattr("mlconnector.flow.batches.suggestion_transfer.validate_with", note)
        rig.work()
        assert "document.xml" in asked
        assert rig.states() == {"settled": 1}

    def test_foreign_money_has_its_currency_and_rate(self, made: Callable[..., Rig]) -> None:
        rig = made(FOREIGN_MONEY)
        rig.work()
        (row,) = rows_of(rig, f"RE-2026-{FOREIGN_MONEY:05d}")
        assert (row.currency, row.values["exchangeRate"]) == ("CHF", "0.922500")
        assert row.amount == rig.outside.gross(FOREIGN_MONEY)

    def test_a_customer_abroad_has_the_vat_id(self, made: Callable[..., Rig]) -> None:
        rig = made(EU_BUSINESS)
        rig.work()
        assert {row.values["vatId"][:2] for row in rows_of(rig, f"RE-2026-{EU_BUSINESS:05d}")} == {"NL"}

    def test_a_booking_that_dxso_cannot_carry_waits_and_says_why(self, made: Callable[..., Rig]) -> None:
        rig = made(FOREIGN_MONEY)
        rig.pipedrive.change_deal(FOREIGN_MONEY, currency="SLE")
        rig.pipedrive.change_line(FOREIGN_MONEY, 0, currency="SLE")
        rig.work()
        assert "not_for_dxso:rule=DXSO-E-04" in rig.causes()
        assert rows_of(rig, f"RE-2026-{FOREIGN_MONEY:05d}") == []
        (one,) = [one for one in overview.problems(rig.services) if one["cause"].startswith("not_for_dxso")]
        assert "Currency is not known to DATEV (SLE)" in one["what"]


class TestCorrections:
    def test_a_changed_amount_is_taken_back_by_a_negative_correction_and_booked_anew(
        self, made_anywhere: Callable[..., Rig]
    ) -> None:
        rig = made_anywhere(1)
        rig.work()
        before = rig.outside.gross(DOMESTIC)
        rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
        rig.work()
        assert sorted(row.amount for row in rows_of(rig, NUMBER)) == sorted(
            [before, -before, rig.outside.gross(DOMESTIC)]
        )
        assert sums(rig.outside) == {NUMBER: rig.outside.gross(DOMESTIC)}
        assert rig.states() == {"settled": 1}
        assert rig.outside.jobs() == []

    def test_the_correction_has_no_image_and_the_new_booking_has_its_own(
        self, made: Callable[..., Rig]
    ) -> None:
        """Belege online skips a document whose GUID it has, and with it the booking."""
        rig = made(1)
        rig.work()
        rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
        rig.work()
        first, *rest = rows_of(rig, NUMBER)
        back = next(row for row in rest if row.amount < 0)
        again = next(row for row in rest if row.amount > 0)
        assert (back.guid, back.images) == ("", ())
        assert again.guid not in {"", first.guid}
        assert len(again.images) == 1

    def test_a_deal_that_is_lost_is_only_taken_back_and_booked_again_when_it_is_won(
        self, made_anywhere: Callable[..., Rig]
    ) -> None:
        rig = made_anywhere(1)
        rig.work()
        rig.pipedrive.lose(DOMESTIC)
        rig.work()
        assert sums(rig.outside) == {NUMBER: Decimal(0)}
        rig.pipedrive.win(DOMESTIC)
        rig.work()
        assert sums(rig.outside) == {NUMBER: rig.outside.gross(DOMESTIC)}
        assert [len(row.images) for row in rows_of(rig, NUMBER)] == [1, 0, 1]
        assert rig.states() == {"settled": 1}
        assert {job.status for job in rig.datev.dxso_jobs} == {PROCESSED}

    def test_a_change_of_month_takes_back_in_the_old_month(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        rig.open_from("2026-01-01")
        rig.date(DOMESTIC)
        rig.work()
        rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsdatum": "2026-09-01"})
        rig.work()
        signs = [(row.month, row.amount > 0) for row in rows_of(rig, NUMBER)]
        assert signs == [("2026-07", True), ("2026-07", False), ("2026-09", True)]

    def test_a_change_that_no_booking_shows_books_nothing(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        rig.work()
        rig.pipedrive.change_deal(DOMESTIC, title="Anders genannt")
        rig.work()
        assert len(rows_of(rig, NUMBER)) == 1


class TestPartialSuccess:
    def _partial(self, rig: Rig, *numbers: str) -> str:
        """A transfer of which DATEV does not take these invoices; returns the batch."""
        rig.date(DOMESTIC, MIXED_RATES, EU_BUSINESS)
        (batch,) = rig.prepare()
        with doing_at(rig, "documents_sent", losing_the_ledger_of(rig, *numbers)):
            rig.deliver(batch)
        rig.follow(batch)
        return batch

    def test_only_what_the_protocol_names_is_rejected(self, made_anywhere: Callable[..., Rig]) -> None:
        rig = made_anywhere(3)
        batch = self._partial(rig, NUMBER)
        assert rig.batch(batch).state == "partial"
        assert rig.states() == {"rejected": 1, "settled": 2}
        assert rig.voucher(DOMESTIC).state == "rejected"
        assert rig.causes() == ["dxso_refused:protocol=Datei wurde nicht übertragen."]
        (problem,) = overview.problems(rig.services, rig.name)
        assert "Datei wurde nicht übertragen." in problem["what"]
        assert rig.verdict().ok

    def test_after_the_fix_only_the_refused_booking_is_sent(self, made_anywhere: Callable[..., Rig]) -> None:
        rig = made_anywhere(3)
        self._partial(rig, NUMBER)
        rig.work()
        assert len(rig.datev.dxso_jobs) == 1, "nothing is sent again by itself"
        assert rig.replay() == 1
        rig.work()
        assert set(counted(processed(rig.outside)).values()) == {1}
        assert rig.states() == {"settled": 3}
        assert {row.number for row in processed(rig.outside) if row.job == rig.datev.dxso_jobs[-1].id} == {
            NUMBER
        }
        assert len(rig.outside.documents()) == 3

    def test_one_fix_releases_all_that_were_refused_for_the_same_reason(
        self, made: Callable[..., Rig]
    ) -> None:
        rig = made(3)
        self._partial(rig, NUMBER, "RE-2026-00002")
        (cause,) = rig.causes()
        assert rig.replay(cause=cause) == 2

    def test_the_protocol_is_kept_and_shown(self, made: Callable[..., Rig]) -> None:
        rig = made(3)
        batch = self._partial(rig, NUMBER)
        (shown,) = overview.connection(rig.context)["batches"]
        assert (shown["state"], shown["format"]) == ("partial", "dxso")
        texts = [line["text"] for line in shown["answer"]["protocol"]]
        assert "Datei wurde nicht übertragen." in texts
        assert sum("Belegverwaltung übernommen" in text for text in texts) == 2
        (event,) = [one for one in rig.story(batch) if one.event == "partial"]
        assert any("Datei wurde nicht übertragen." in line for line in event.detail["protocol"])

    def test_status_shows_it_in_words(
        self,
        made: Callable[..., Rig],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("COLUMNS", "140")
        rig = made(3)
        batch = self._partial(rig, NUMBER)
        report = {rig.name: overview.connection(rig.context)}
        status.show(report)
        shown = capsys.readouterr().out
        assert "Buchungsvorschläge" in shown
        assert "taken over in part" in shown
        assert f"DATEV's Auftrag {rig.batch(batch).job_id}" in " ".join(shown.split())
        assert "Datei wurde nicht übertragen." in shown
        assert "wurde in die Belegverwaltung übernommen" not in shown, "only what went wrong"
        assert status.exit_code(report, finished=True) == Exit.PROBLEMS

    def test_the_story_of_a_refused_voucher_tells_what_datev_said(self, made: Callable[..., Rig]) -> None:
        rig = made(3)
        self._partial(rig, NUMBER)
        events = voucher_story.of_voucher(rig.services, NUMBER)["events"]
        (refused,) = [event for event in events if event["event"] == "refused"]
        assert [line.partition(": ")[0] for line in refused["detail"]["protocol"]] == ["error"]
        assert refused["detail"]["job_id"] == rig.datev.dxso_jobs[0].id

    def test_a_document_that_belege_online_had_is_looked_at_by_a_human(
        self, made: Callable[..., Rig]
    ) -> None:
        rig = made(3)
        rig.date(DOMESTIC, MIXED_RATES, EU_BUSINESS)
        (batch,) = rig.prepare()
        rig.deliver(batch)
        guid = next(str(entry.document) for entry in rig.entries(DOMESTIC))
        other = next(iter(rig.outside.documents()), None)
        assert other is None
        rig.datev.documents[MUSTERHOLZ, guid] = object()  # type: ignore[assignment]
        rig.follow(batch)
        assert rig.batch(batch).state == "partial"
        assert rig.voucher(DOMESTIC).state == "rejected"
        assert [cause.partition(":")[0] for cause in rig.causes()] == ["dxso_partial"]
        assert rig.states() == {"rejected": 1, "settled": 2}

    def test_when_nobody_can_tell_all_wait_and_nothing_is_sent_by_itself(
        self, made_anywhere: Callable[..., Rig]
    ) -> None:
        rig = made_anywhere(2)
        rig.date(DOMESTIC, MIXED_RATES)
        rig.datev.fail_next_job(MUSTERHOLZ, PARTIAL)
        rig.work()
        assert rig.states() == {"rejected": 2}
        assert [cause.partition(":")[0] for cause in rig.causes()] == ["dxso_partial"]
        rig.work()
        assert len(rig.datev.dxso_jobs) == 1

    def test_what_is_sent_again_after_that_has_the_same_guid(self, made_anywhere: Callable[..., Rig]) -> None:
        """So Belege online skips what it has after all."""
        rig = made_anywhere(2)
        rig.date(DOMESTIC, MIXED_RATES)
        rig.datev.fail_next_job(MUSTERHOLZ, PARTIAL)
        rig.work()
        first, second = rig.datev.dxso_jobs[0], rig.replay()
        assert second == 2
        rig.work()
        assert rig.states() == {"settled": 2}
        again = rig.datev.dxso_jobs[1]
        assert guids(package(rig.outside, first)) == guids(package(rig.outside, again))
        assert [row.state for row in rig.batches()] == ["succeeded"]

    def test_half_of_a_correction_that_was_refused_is_sent_and_the_other_half_is_not(
        self, made_anywhere: Callable[..., Rig]
    ) -> None:
        rig = made_anywhere(1)
        rig.work()
        rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
        (batch,) = rig.prepare()

        def lose_the_new_one() -> None:
            job = rig.datev.dxso_jobs[-1]
            name = next(
                name
                for name, content in job.files.items()
                if name.startswith(NUMBER)
                and b'consolidatedAmount="-' not in content
                and name.endswith("xml")
            )
            del job.files[name]

        with doing_at(rig, "documents_sent", lose_the_new_one):
            rig.deliver(batch)
        rig.follow(batch)
        assert sums(rig.outside) == {NUMBER: Decimal(0)}
        assert rig.states() == {"rejected": 1}
        rig.replay()
        rig.work()
        assert sums(rig.outside) == {NUMBER: rig.outside.gross(DOMESTIC)}
        assert len(rows_of(rig, NUMBER)) == 3
        assert rig.states() == {"settled": 1}


def guids(files: dict[str, bytes]) -> set[bytes]:
    """The GUIDs that a management file gives its documents."""
    return {part[:36] for part in files["document.xml"].split(b'guid="')[1:]}


class TestOtherEnds:
    @pytest.mark.parametrize(("end", "cause"), [(FAILED, "dxso_failed"), (CANCELLED, "dxso_cancelled")])
    def test_what_was_not_processed_or_was_cancelled_is_rejected_and_goes_again_after_the_fix(
        self, made: Callable[..., Rig], end: int, cause: str
    ) -> None:
        rig = made(2)
        rig.date(DOMESTIC, MIXED_RATES)
        rig.datev.fail_next_job(MUSTERHOLZ, end)
        rig.work()
        assert rig.states() == {"rejected": 2}
        assert [one.partition(":")[0] for one in rig.causes()] == [cause]
        rig.work()
        assert len(rig.datev.dxso_jobs) == 1
        assert rig.replay() == 2
        rig.work()
        assert rig.states() == {"settled": 2}
        assert set(counted(processed(rig.outside)).values()) == {1}
        assert [row.state for row in rig.batches()] == ["failed", "succeeded"]

    def test_a_transfer_that_datev_does_not_show_any_more_is_for_a_human_to_judge(
        self, made: Callable[..., Rig]
    ) -> None:
        rig = made(1)
        (batch,) = rig.prepare()
        rig.deliver(batch)
        rig.datev.faults.add(Fault("status", "GET", "/dxso-jobs/", status=404))
        rig.follow(batch)
        assert rig.states() == {"rejected": 1}
        assert [one.partition(":")[0] for one in rig.causes()] == ["dxso_transfer_gone"]
        rig.work()
        assert len(rig.datev.dxso_jobs) == 1, "nothing is sent again by itself"

    def test_it_can_be_left_alone_or_sent_again_and_then_belege_online_knows_it(
        self, made: Callable[..., Rig]
    ) -> None:
        rig = made(1)
        (batch,) = rig.prepare()
        rig.deliver(batch)
        rig.datev.faults.add(Fault("status", "GET", "/dxso-jobs/", status=404))
        rig.follow(batch)
        rig.replay()
        rig.work()
        assert set(counted(processed(rig.outside)).values()) == {1}
        assert [one.partition(":")[0] for one in rig.causes()] == ["dxso_partial"]

    def test_a_refused_file_lets_its_own_voucher_wait_and_the_others_go_on(
        self, made_anywhere: Callable[..., Rig]
    ) -> None:
        rig = made_anywhere(3)
        rig.date(DOMESTIC, MIXED_RATES, EU_BUSINESS)
        body = b'{"error": "#DCO01015", "error_description": "restapi.UnsupportedFileTypeFault"}'
        rig.datev.faults.add(Fault("status", "POST", FILES, status=400, body=body))
        rig.work()
        assert rig.states() == {"needs_human": 1, "settled": 2}
        assert [one.partition(":")[0] for one in rig.causes()] == ["document_file_type"]
        assert set(counted(processed(rig.outside)).values()) == {1}
        assert [job.status for job in rig.datev.dxso_jobs] == [PROCESSED], "the first transfer was removed"
        assert rig.replay() == 1
        rig.work()
        assert rig.states() == {"settled": 3}
        assert set(counted(processed(rig.outside)).values()) == {1}

    def test_the_same_within_one_run(self, made: Callable[..., Rig]) -> None:
        rig = made(2)
        rig.date(DOMESTIC, MIXED_RATES)
        body = b'{"error": "#DCO01015", "error_description": "restapi.UnsupportedFileTypeFault"}'
        rig.datev.faults.add(Fault("status", "POST", FILES, status=400, body=body))
        with rig.app.working() as started:
            work_through(rig.app, started, [rig.name], None)
        assert rig.states() == {"needs_human": 1, "settled": 1}

    def test_a_transfer_cannot_be_resent_as_a_whole(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        rig.work()
        with pytest.raises(NeedsHuman) as refused:
            resend(rig.services, rig.batches()[0].id, "a try", "somebody", again=True)
        assert refused.value.problem.key == "batch_recognised"


class TestTheClient:
    def test_another_account_length_is_said_and_leaves_no_transfer_behind(
        self, made: Callable[..., Rig]
    ) -> None:
        rig = made(1)
        (batch,) = rig.prepare()
        rig.datev.client(MUSTERHOLZ).account_length = 5
        with pytest.raises(NeedsHuman) as refused:
            rig.deliver(batch)
        assert refused.value.problem.key == "account_length_differs"
        assert rig.datev.dxso_jobs == []
        rig.datev.client(MUSTERHOLZ).account_length = 4
        rig.transfer()
        assert rig.states() == {"settled": 1}

    def test_with_several_invoice_folders_one_has_to_be_named(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        rig.datev.client(MUSTERHOLZ).more_folders = {"Ausgangsrechnungen": ("Ausgang Projekte",)}
        (batch,) = rig.prepare()
        with pytest.raises(NeedsHuman) as refused:
            rig.deliver(batch)
        problem = refused.value.problem
        assert problem.key == "dxso_folder_unknown"
        assert problem.facts["folders"] == "Ausgangsrechnungen, Ausgang Projekte"
        assert rig.datev.dxso_jobs == [], "no empty transfer is left behind"
        wanted = '[datev]\ninvoice_folders = { receivable = "Ausgang Projekte" }\n'
        rig.connect(rig.text.replace("[datev]\n", wanted))
        rig.transfer()
        assert rig.states() == {"settled": 1}
        (job,) = rig.datev.dxso_jobs
        assert 'key="3" value="Ausgang Projekte"' in package(rig.outside, job)["document.xml"].decode()

    def test_a_folder_that_the_client_does_not_have_is_refused(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        wanted = '[datev]\ninvoice_folders = { receivable = "Ausgang" }\n'
        rig.connect(rig.text.replace("[datev]\n", wanted))
        (batch,) = rig.prepare()
        with pytest.raises(NeedsHuman) as refused:
            rig.deliver(batch)
        assert refused.value.problem.facts["wanted"] == "Ausgang"

    def test_the_new_belege_online_is_explained_with_the_way_out(self, made: Callable[..., Rig]) -> None:
        rig = made(2)
        (batch, *_) = rig.prepare()
        rig.datev.client(MUSTERHOLZ).belege_online_next = True
        outcome = outcome_of(rig.context, lambda: rig.deliver(batch))
        assert outcome["outcome"] == "needs_human"
        assert rig.states() == {"batched": 2}
        trouble = overview.connection(rig.context)["trouble"]
        assert trouble is not None
        assert "new Belege online" in trouble["what"]
        assert 'services = ["documents", "extf"]' in trouble["do"]

    def test_a_document_that_cannot_be_an_image_waits(self, made: Callable[..., Rig]) -> None:
        rig = made(1)
        rig.pipedrive.account.files[DOMESTIC] = []
        rig.pipedrive.add_file(DOMESTIC, f"Rechnung {NUMBER}.zip", b"PK\x05\x06" + bytes(18))
        rig.work()
        assert rig.states() == {"needs_human": 1}

    def test_a_document_that_was_changed_before_it_was_sent_goes_as_it_is_now(
        self, made: Callable[..., Rig]
    ) -> None:
        rig = made(1)
        run = rig.begin()
        rig.read(run)
        rig.book(run)
        rig.pipedrive.account.files[DOMESTIC] = []
        rig.pipedrive.add_file(DOMESTIC, f"Rechnung {NUMBER}.pdf", document(["Rechnung", "neu gesetzt"]))
        rig.pipedrive.change_deal(DOMESTIC, title="Anders genannt")
        rig.work()
        (row,) = rows_of(rig, NUMBER)
        (job,) = rig.datev.dxso_jobs
        assert b"neu gesetzt" in package(rig.outside, job)[row.images[0]]
