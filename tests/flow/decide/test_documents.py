"""Documents go first: a batch is sent only when everything that it links is in Belege online."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.deliver import delivery
from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive.pdf import document
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig, counted

UNKNOWN_TYPE = b'{"error": "#DCO01010", "error_description": "restapi.InvalidDocumentTypeFault"}'


def prepared(rig: Rig) -> str:
    rig.date(DOMESTIC, MIXED_RATES)
    (batch,) = rig.prepare()
    return batch


def test_every_row_links_the_document_that_was_filed_for_its_deal(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    rig.work()
    assert {row.document for row in rig.outside.rows()} == {one.guid for one in rig.outside.documents()}
    assert len(rig.outside.documents()) == 3


def test_a_refused_document_dissolves_its_batch_and_holds_only_its_own_voucher(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    batch = prepared(rig)
    rig.refuse_next_document()
    rig.transfer()
    assert rig.batch(batch).state == "dissolved"
    assert rig.states() == {"needs_human": 1, "settled": 1}
    assert len(rig.outside.jobs()) == len(rig.outside.documents()) == 1
    assert rig.connection() == ("ready", "")


def test_a_voucher_goes_on_with_the_same_document_after_the_fix_at_datev(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    rig.refuse_next_document()
    rig.transfer()
    assert rig.states() == {"needs_human": 1}
    rig.replay()
    rig.work()
    assert rig.states() == {"settled": 1}
    assert rig.batch(batch).state == "succeeded", "it has the same content, so it is the same batch"
    assert [row.document for row in rig.outside.rows()] == [one.guid for one in rig.outside.documents()]


def test_a_voucher_goes_on_with_another_document_after_the_fix_in_the_source(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    prepared(rig)
    rig.refuse_next_document()
    rig.transfer()
    for deal in (DOMESTIC, MIXED_RATES):
        if rig.voucher(deal).state == "needs_human":
            rig.pipedrive.account.files[deal] = []
            rig.pipedrive.add_file(deal, "Rechnung neu.pdf", document(["Rechnung", "lesbar"]))
    rig.work()
    assert rig.states() == {"settled": 2}
    assert set(counted(rig.outside.rows()).values()) == {1}
    assert {row.document for row in rig.outside.rows()} == {one.guid for one in rig.outside.documents()}


def test_a_refusal_is_not_forgotten_when_another_document_fails_at_the_same_time(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(2)
    batch = prepared(rig)
    rig.refuse_next_document()
    rig.datev.faults.add(Fault("status", "PUT", "/documents/", status=503))
    with pytest.raises(RetryLater):
        rig.deliver(batch)
    rig.deliver(batch)
    rig.transfer()
    assert rig.states() == {"needs_human": 1, "settled": 1}
    assert {row.document for row in rig.outside.rows()} == {one.guid for one in rig.outside.documents()}


def test_a_refusal_that_concerns_every_document_holds_the_connection_and_no_voucher(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(2)
    batch = prepared(rig)
    rig.datev.faults.add(Fault("status", "PUT", "/documents/", status=400, body=UNKNOWN_TYPE, times=2))
    with pytest.raises(NeedsHuman) as error:
        rig.deliver(batch)
    assert error.value.problem.key == "document_type_unknown"
    assert (rig.batch(batch).state, rig.states()) == ("frozen", {"batched": 2})
    rig.transfer()
    assert rig.states() == {"settled": 2}


def test_nothing_is_submitted_before_all_documents_are_filed(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    batch = prepared(rig)
    rig.datev.faults.add(Fault("status", "PUT", "/documents/", status=503, after=1))
    with pytest.raises(RetryLater):
        rig.deliver(batch)
    assert (len(rig.outside.documents()), rig.datev.jobs) == (1, [])
    rig.transfer()
    assert len(rig.outside.documents()) == 2


def test_many_documents_are_filed_in_sets(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "DOCUMENTS_AT_ONCE", 1)
    rig = make_rig(2)
    batch = prepared(rig)
    assert [delivery.file_set(rig.context, batch).filed for _ in range(3)] == [1, 1, 0]


def test_the_bytes_of_a_document_are_kept_until_its_batch_is_settled(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    assert [len(one) for one in rig.kept_documents()] == [rig.outside.documents()[0].size]
    rig.follow(batch)
    assert rig.kept_documents() == []


def test_a_deal_without_a_file_gets_a_document_of_ours(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.pipedrive.account.files[DOMESTIC] = []
    rig.pipedrive.change_deal(DOMESTIC)
    rig.work()
    (made,) = rig.outside.documents()
    assert made.file_names == ("Buchungsbeleg RE-2026-00001.pdf",)
