"""What DATEV has is never edited: a change in the source becomes a reversal and a new booking.

Every month is open here; what becomes of closed ones is said in `test_closed_months`.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.flow.deliver.jobs import TRIES
from mlconnector.standins.pipedrive.pdf import document
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, ZERO_VALUE, Rig, counted

NUMBER = "RE-2026-00001"


@pytest.fixture(name="make_any_rig")
def make_open_rig(make_any_rig: MakeRig) -> MakeRig:
    """Makes a rig whose adviser has closed no month."""

    def make(records: int, **options: object) -> Rig:
        made = make_any_rig(records, **options)
        made.open_from("2026-01-01")
        return made

    return make


def kinds(rig: Rig, deal_id: int) -> list[tuple[str, int]]:
    return [(entry.kind, entry.turn) for entry in rig.entries(deal_id)]


def test_a_changed_amount_takes_the_old_booking_back_and_makes_a_new_one(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    before = rig.outside.gross(DOMESTIC)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    assert [row.amount for row in rig.outside.rows()] == [before, -before, rig.outside.gross(DOMESTIC)]
    assert rig.states() == {"settled": 1}
    assert rig.verdict().ok


def test_a_deal_that_is_lost_after_it_was_booked_is_only_taken_back(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    assert rig.outside.sums() == {NUMBER: Decimal(0)}
    assert kinds(rig, DOMESTIC) == [("original", 1), ("reversal", 1)]
    assert rig.voucher(DOMESTIC).booked_entry is None
    rig.work()
    assert len(rig.outside.rows()) == 2


def test_a_deal_that_is_won_again_is_booked_again(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    rig.pipedrive.win(DOMESTIC)
    rig.work()
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}
    assert [kind for kind, _ in kinds(rig, DOMESTIC)] == ["original", "reversal", "original"]
    assert len(rig.outside.documents()) == 1, "the document is there already"
    assert rig.states() == {"settled": 1}


def test_a_deal_that_is_lost_before_it_was_frozen_is_left_out(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    assert (rig.states(), rig.outside.jobs(), rig.outside.documents()) == ({"ignored": 1}, [], [])
    rig.pipedrive.win(DOMESTIC)
    rig.work()
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}


def test_a_deal_without_value_is_left_out_until_it_has_one(make_rig: MakeRig) -> None:
    rig = make_rig(ZERO_VALUE)
    rig.work()
    row = rig.voucher(ZERO_VALUE)
    assert (row.state, row.reason) == ("ignored", "zero_value")
    rig.pipedrive.change_line(ZERO_VALUE, 0, discount=0)
    rig.work()
    assert rig.outside.sums()[f"RE-2026-{ZERO_VALUE:05d}"] == rig.outside.gross(ZERO_VALUE)


def test_a_change_that_no_booking_shows_books_nothing(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    rig.pipedrive.change_deal(DOMESTIC, title="Anders genannt")
    name = rig.pipedrive.account.files[DOMESTIC][0].name
    rig.pipedrive.account.files[DOMESTIC] = []
    rig.pipedrive.add_file(DOMESTIC, name, document(["Rechnung", "neu gesetzt"]))
    rig.work()
    assert len(rig.outside.rows()) == 1
    assert "unchanged" in rig.events(rig.key(DOMESTIC))
    row = rig.voucher(DOMESTIC)
    assert (row.state, row.booked_revision) == ("settled", row.revision)


def test_a_change_that_cannot_be_booked_waits_for_a_human_while_the_old_booking_stands(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    rig.work()
    before = rig.outside.sums()
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": None})
    rig.work()
    assert (rig.states(), rig.causes(), rig.outside.sums()) == (
        {"needs_human": 1},
        ["number_missing"],
        before,
    )
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "RE-2026-90001"})
    rig.work()
    assert rig.outside.sums() == {NUMBER: Decimal(0), "RE-2026-90001": rig.outside.gross(DOMESTIC)}


def by_day(rig: Rig) -> dict[str, Decimal]:
    """What DATEV has booked under each day of a document."""
    found: dict[str, Decimal] = {}
    for row in rig.outside.rows():
        found[row.day] = found.get(row.day, Decimal(0)) + row.amount
    return found


def move_to_another_month(rig: Rig, deal_id: int) -> None:
    rig.pipedrive.change_deal(deal_id, custom_fields={"Rechnungsdatum": "2026-09-01"})


def test_a_change_of_month_takes_back_in_the_old_month_and_books_in_the_new_one(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    rig.date(DOMESTIC)
    rig.work()
    move_to_another_month(rig, DOMESTIC)
    rig.work()
    assert [row.period for row in rig.batches()] == ["2026-07", "2026-07", "2026-09"]
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}
    assert rig.states() == {"settled": 1}


@pytest.mark.parametrize("order", ["reversal ends first", "original ends first"])
@pytest.mark.parametrize("fails", ["reversal", "original"])
def test_when_one_half_of_a_correction_is_rejected_the_other_half_is_not_repeated(
    make_any_rig: MakeRig, fails: str, order: str
) -> None:
    rig = make_any_rig(1)
    rig.date(DOMESTIC)
    rig.work()
    move_to_another_month(rig, DOMESTIC)
    back, again = rig.prepare()
    assert (rig.batch(back).period, rig.batch(again).period) == ("2026-07", "2026-09")
    failing, passing = (back, again) if fails == "reversal" else (again, back)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.deliver(failing)
    rig.deliver(passing)
    for batch in (back, again) if order == "reversal ends first" else (again, back):
        rig.follow(batch)
    assert rig.states() == {"rejected": 1}
    rig.replay()
    rig.work()
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}
    assert by_day(rig) == {"1507": Decimal(0), "0109": rig.outside.gross(DOMESTIC)}
    assert len(rig.outside.rows()) == 3
    assert rig.states() == {"settled": 1}
    assert rig.verdict().ok


def test_nothing_new_is_decided_while_the_other_half_of_a_correction_is_on_its_way(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    rig.date(DOMESTIC)
    rig.work()
    move_to_another_month(rig, DOMESTIC)
    back, again = rig.prepare()
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    for batch in (back, again):
        rig.deliver(batch)
    rig.follow(back)
    rig.replay()
    assert rig.prepare() == []
    assert rig.states() == {"received": 1}
    rig.follow(again)
    rig.work()
    assert by_day(rig) == {"1507": Decimal(0), "0109": rig.outside.gross(DOMESTIC)}
    assert rig.states() == {"settled": 1}


def test_a_correction_whose_document_is_refused_is_not_lost_when_its_reversal_goes_through(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    rig.work()
    move_to_another_month(rig, DOMESTIC)
    rig.pipedrive.account.files[DOMESTIC] = []
    rig.pipedrive.add_file(DOMESTIC, "Rechnung neu.pdf", document(["Rechnung", "neu gesetzt"]))
    back, again = rig.prepare()
    rig.refuse_next_document()
    rig.deliver(again)
    rig.deliver(back)
    rig.follow(back)
    assert rig.batch(again).state == "dissolved"
    assert rig.states() == {"needs_human": 1}
    rig.replay()
    rig.work()
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}
    assert len(rig.outside.documents()) == 2
    assert rig.states() == {"settled": 1}


def test_a_rejected_batch_goes_on_after_the_fix_as_another_batch(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    (failed,) = rig.batches()
    assert (failed.state, rig.states()) == ("failed", {"rejected": 2})
    assert len(rig.causes()) == 1
    assert rig.replay() == 2
    rig.work()
    (again,) = rig.batches("succeeded")
    assert again.id != failed.id
    assert set(counted(rig.outside.rows()).values()) == {1}
    assert len(rig.outside.documents()) == 2
    assert (rig.states(), rig.causes()) == ({"settled": 2}, [])


def test_a_rejected_voucher_that_was_changed_in_the_source_keeps_its_document(make_any_rig: MakeRig) -> None:
    """The bytes are in Belege online; DATEV refuses them under another GUID."""
    rig = make_any_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "RE-2026-90001"})
    rig.work()
    assert rig.outside.sums() == {"RE-2026-90001": rig.outside.gross(DOMESTIC)}
    (filed,) = rig.outside.documents()
    assert [row.document for row in rig.outside.rows()] == [filed.guid]


def test_datevs_own_error_lets_the_same_file_be_sent_again(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    rig.work()
    (batch,) = rig.batches()
    failed, succeeded = rig.outside.jobs("failed"), rig.outside.jobs()
    assert [job.sha256 for job in (*failed, *succeeded)] == [batch.sha256] * 2
    assert batch.job_id == succeeded[0].id
    assert rig.events(batch.id) == ["frozen", "sent", "send_again", "sent", "succeeded"]


def test_a_file_that_datev_wants_again_and_again_is_rejected_in_the_end(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    for _ in range(TRIES):
        rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    rig.work()
    assert len(rig.outside.jobs("failed")) == TRIES
    assert (rig.states(), rig.causes()) == ({"rejected": 1}, ["datev_try_again"])
    rig.replay()
    rig.work()
    assert rig.states() == {"settled": 1}


def test_the_job_that_failed_by_datevs_own_error_is_never_taken_for_the_new_one(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    assert rig.follow(batch).state == "again"
    with rig.dying_at("batch_noted"):
        rig.deliver(batch)
    rig.outside.clock.advance(60)
    rig.transfer()
    assert len(rig.outside.jobs()) == 1
    assert rig.batch(batch).state == "succeeded"
