"""What exactly once rests on: the identity of each thing, and what happens when it comes again."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.deliver import delivery
from mlconnector.flow.intake import records
from mlconnector.formats.names import batch_id, document_guid
from mlconnector.standins.faults import Fault
from mlconnector.store import accounts
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, counted


def test_a_webhook_delivery_that_comes_twice_makes_work_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    assert rig.hint(DOMESTIC, "delivery-1")
    assert not rig.hint(DOMESTIC, "delivery-1")
    run = rig.begin("webhook")
    assert records.take_hints(rig.context, run) == 1
    assert records.take_hints(rig.context, run) == 0
    assert not rig.hint(DOMESTIC, "delivery-1"), "it is known also after it was worked off"
    assert rig.states() == {"received": 1}


def test_hint_and_poll_of_the_same_change_end_in_one_booking(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.hint(DOMESTIC, "delivery-1")
    rig.work()
    rig.hint(DOMESTIC, "delivery-2")
    rig.work()
    assert set(counted(rig.outside.rows()).values()) == {1}


def test_a_record_that_did_not_change_changes_nothing(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.work()
    before, sent = rig.verdict().rows, rig.datev.statistics.puts + rig.datev.statistics.posts
    rig.work()
    assert rig.events(rig.key(DOMESTIC)).count("received") == 1
    assert rig.verdict().rows == before + 1, "only that a run began"
    assert rig.datev.statistics.puts + rig.datev.statistics.posts == sent


def test_a_record_that_changes_before_it_was_frozen_is_booked_once_as_it_is_now(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    assert rig.outside.sums() == {"RE-2026-00001": rig.outside.gross(DOMESTIC)}
    assert [entry.kind for entry in rig.entries(DOMESTIC)] == ["original"]
    assert len(rig.outside.documents()) == 1


def test_a_record_that_changes_after_it_was_frozen_is_corrected_never_edited(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    frozen, before = rig.content(batch), rig.outside.gross(DOMESTIC)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    assert rig.prepare() == [], "the change waits until the batch is at its end"
    rig.transfer()
    assert rig.content(batch) == frozen
    assert rig.outside.sums() == {"RE-2026-00001": before}
    rig.work()
    assert rig.outside.sums() == {"RE-2026-00001": rig.outside.gross(DOMESTIC)}
    assert [entry.kind for entry in rig.entries(DOMESTIC)] == ["original", "reversal", "original"]
    assert rig.states() == {"settled": 1}


def test_the_same_document_of_the_same_voucher_has_the_same_guid_for_ever(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    voucher = rig.voucher(DOMESTIC)
    file = rig.pipedrive.account.files[DOMESTIC][0]
    (document,) = rig.outside.documents()
    assert document.guid == str(document_guid(MUSTERHOLZ, voucher.id, voucher.revision, str(file.id)))
    assert {row.document for row in rig.outside.rows()} == {document.guid}


def test_a_document_that_is_there_already_after_our_own_attempt_counts_as_filed(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    with rig.dying_at("documents_sent"):
        rig.deliver(batch)
    assert len(rig.outside.documents()) == 1
    rig.transfer()
    assert [row.state for row in rig.batches()] == ["succeeded"]
    (filed,) = [event for event in rig.story(rig.key(DOMESTIC)) if event.event == "document_filed"]
    assert filed.detail["answer"] == "already_filed"


def test_a_document_whose_answer_got_lost_is_filed_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.datev.faults.add(Fault("lose_answer", "PUT", "/documents/", times=1))
    rig.work()
    assert rig.states() == {"settled": 1}
    assert len(rig.outside.documents()) == 1


def test_a_foreign_document_under_our_guid_is_a_conflict_for_a_human(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    other = rig.datev.documents
    (batch,) = rig.prepare()
    voucher = rig.voucher(DOMESTIC)
    file = rig.pipedrive.account.files[DOMESTIC][0]
    guid = str(document_guid(MUSTERHOLZ, voucher.id, voucher.revision, str(file.id)))
    rig.datev._documents.by_guid[MUSTERHOLZ, guid] = object()  # type: ignore[assignment]
    rig.deliver(batch)
    assert list(other) == [(MUSTERHOLZ, guid)]
    assert rig.states() == {"needs_human": 1}
    assert rig.causes() == ["document_conflict"]
    assert rig.outside.jobs() == []


def test_a_batch_is_named_by_what_it_contains(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    (batch,) = rig.prepare()
    contents = [
        f"{rig.key(deal)}|invoice/{deal}@{rig.voucher(deal).revision}:original:1"
        for deal in (MIXED_RATES, DOMESTIC)
    ]
    assert uuid.UUID(batch) == batch_id(MUSTERHOLZ, "2026-07", "extf", contents)


@pytest.mark.parametrize("point", ["batch_noted", "batch_sent", "receipt_noted"])
def test_a_batch_is_sent_with_the_same_bytes_name_and_reference_whatever_happens(
    make_any_rig: MakeRig, point: str
) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    (batch,) = rig.prepare()
    frozen = rig.content(batch)
    with rig.dying_at(point):
        rig.deliver(batch)
    rig.outside.clock.advance(60)
    rig.transfer()
    (job,) = rig.outside.jobs()
    row = rig.batch(batch)
    assert (job.sha256, job.reference_id, job.filename) == (row.sha256, batch, row.file_name)
    assert rig.content(batch) == frozen
    assert hashlib.sha256(frozen).hexdigest() == row.sha256


def test_a_job_whose_answer_got_lost_is_adopted_by_its_reference(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    rig.datev.faults.add(Fault("lose_answer", "POST", "/extf-files/import"))
    with pytest.raises(RetryLater):
        rig.deliver(batch)
    assert rig.batch(batch).state == "unknown"
    rig.transfer()
    (job,) = rig.outside.jobs()
    assert rig.batch(batch).job_id == job.id
    (sent,) = [event for event in rig.story(batch) if event.event == "sent"]
    assert sent.detail["outcome"] == "adopted"


def test_a_batch_that_never_arrived_is_sent_again_once_it_had_time_to_be_listed(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    with rig.dying_at("batch_noted"):
        rig.deliver(batch)
    with pytest.raises(RetryLater) as waiting:
        delivery.submit(rig.context, batch)
    assert waiting.value.after
    assert rig.outside.jobs() == []
    rig.outside.clock.advance(waiting.value.after)
    rig.transfer()
    assert len(rig.outside.jobs()) == 1
    assert set(counted(rig.outside.rows()).values()) == {1}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "POST", "/extf-files/import", status=500),
        Fault("status", "POST", "/extf-files/import", status=504),
        Fault("truncate", "POST", "/extf-files/import"),
    ],
    ids=["500", "504", "truncated"],
)
def test_after_an_answer_that_says_nothing_certain_the_job_is_looked_for_before_anything_is_sent_again(
    make_rig: MakeRig, fault: Fault
) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.datev.faults.add(fault)
    with pytest.raises((NeedsHuman, RetryLater)):
        rig.deliver(batch)
    assert rig.batch(batch).state == "unknown"
    rig.outside.clock.advance(60)
    rig.transfer()
    looked = "GET /accounting-extf-files/clients/{client-id}/extf-files/jobs"
    assert rig.datev.statistics.by_path[looked] == 1
    assert len(rig.outside.jobs()) == 1


def test_what_was_unknown_of_one_attempt_stays_unknown_when_the_next_one_is_refused(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    with rig.dying_at("batch_sent"):
        rig.deliver(batch)
    late = Fault("status", "GET", "/extf-files/jobs", status=200, body=b"[]")
    rig.datev.faults.add(late)
    rig.datev.faults.add(Fault("status", "POST", "/extf-files/import", status=503))
    rig.outside.clock.advance(60)
    with pytest.raises(RetryLater):
        delivery.submit(rig.context, batch)
    assert late.happened.is_set()
    assert rig.batch(batch).state == "unknown"
    rig.transfer()
    assert len(rig.outside.jobs()) == 1


def test_a_refused_submission_leaves_nothing_to_be_looked_for(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.datev.faults.add(Fault("status", "POST", "/extf-files/import", status=503, retry_after="7"))
    with pytest.raises(RetryLater) as later:
        rig.deliver(batch)
    assert (later.value.after, rig.batch(batch).state) == (7.0, "frozen")
    rig.transfer()
    assert len(rig.outside.jobs()) == 1


def test_a_party_keeps_its_debtor_number_for_ever(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.work()
    accounts_before = {row.number: row.account for row in rig.outside.rows()}
    organization = rig.pipedrive.deal(DOMESTIC).org_id
    assert organization is not None
    rig.pipedrive.change_organization(organization, name="Ganz anders GmbH")
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    assert {row.account for row in rig.outside.rows() if row.number == "RE-2026-00001"} == {
        accounts_before["RE-2026-00001"]
    }
    with rig.app.database.read() as db:
        given = accounts.given(db, MUSTERHOLZ, rig.name, [f"organization/{organization}"], "receivable")
    assert list(given.values()) == [accounts_before["RE-2026-00001"]]


def test_new_tokens_are_committed_before_anything_is_done_with_them(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    tokens = rig.services.tokens(rig.name, "datev")
    before = tokens.current()
    rig.outside.clock.advance(before.expires_at.timestamp() - datetime.now(UTC).timestamp())
    rig.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=503, times=99))
    with pytest.raises(RetryLater):
        rig.services.client_facts(rig.name)
    assert rig.datev.tokens.refreshes == 1
    again = rig.services.tokens(rig.name, "datev").current()
    assert again.refresh_token == rig.datev.sessions[-1].refresh_token != before.refresh_token
    assert rig.datev.tokens.replays == 0
