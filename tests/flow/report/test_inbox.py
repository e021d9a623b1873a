"""What waits for a human: one fix lets all go on that wait for the same cause, read again."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.report import aside
from mlconnector.flow.report.aside import Wanted
from tests.flow.conftest import MakeRig
from tests.flow.rig import (
    COLLIDING_NUMBER,
    DOMESTIC,
    EU_BUSINESS,
    MIXED_RATES,
    ODD_NUMBER,
    WITHOUT_NUMBER,
    Rig,
)

OLD_RATE = "rate_not_valid:direction=sale,rate=16,region=domestic"


def with_old_rate(rig: Rig, *deals: int) -> None:
    for deal in deals:
        rig.pipedrive.change_line(deal, 0, tax=16)


def set_right_unseen(rig: Rig, *deals: int) -> None:
    """A change that moves no deal's time of change, long after it: no poll sees it any more."""
    rig.outside.clock.advance(3600)
    rig.pipedrive.change_deal(EU_BUSINESS)
    rig.work()
    for deal in deals:
        rig.pipedrive.change_line(deal, 0, moves_update_time=False, tax=19)


def test_one_fix_in_the_source_lets_all_go_on_that_wait_for_the_same_cause(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(3)
    with_old_rate(rig, DOMESTIC, MIXED_RATES)
    rig.work()
    assert (rig.causes(), rig.states()) == ([OLD_RATE], {"needs_human": 2, "settled": 1})
    set_right_unseen(rig, DOMESTIC, MIXED_RATES)
    rig.work()
    assert rig.states() == {"needs_human": 2, "settled": 1}, "nobody has said that it was fixed"
    assert rig.replay(cause=OLD_RATE) == 2
    rig.work()
    assert (rig.causes(), rig.states()) == ([], {"settled": 3})
    assert rig.events(rig.key(DOMESTIC))[:4] == ["received", "held", "replayed", "changed"]


def test_one_fix_in_the_mapping_lets_all_go_on(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    right = rig.text
    rig.connect(right.replace('"100 Verwaltung" = "100", ', "").replace('default = "900"\n', ""))
    for deal in (DOMESTIC, MIXED_RATES):
        rig.pipedrive.change_deal(deal, custom_fields={"Kostenstelle": "100 Verwaltung"})
    rig.work()
    (cause,) = rig.causes()
    assert cause.startswith("cost_centre_unknown:")
    rig.connect(right)
    assert rig.replay(cause=cause) == 2
    rig.work()
    assert rig.states() == {"settled": 2}


def test_a_replayed_voucher_that_is_still_wrong_waits_again(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    rig.replay()
    rig.work()
    assert (rig.causes(), rig.states()) == ([OLD_RATE], {"needs_human": 1})
    assert rig.replay(cause="number_missing") == 0


def test_single_vouchers_go_on_by_number_external_id_or_key(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    with_old_rate(rig, DOMESTIC, MIXED_RATES)
    rig.work()
    set_right_unseen(rig, DOMESTIC, MIXED_RATES)
    assert rig.replay("RE-2026-00001", str(MIXED_RATES), rig.key(DOMESTIC)) == 2
    rig.work()
    assert rig.states() == {"settled": 3}


def test_only_what_waits_can_go_on(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.work()
    with pytest.raises(NeedsHuman) as error:
        rig.replay("RE-2026-00001")
    assert error.value.problem.key == "voucher_not_waiting"
    with pytest.raises(NeedsHuman) as error:
        rig.replay("RE-4711")
    assert error.value.problem.key == "voucher_unknown"
    assert rig.states() == {"settled": 1}


def test_a_voucher_that_was_left_out_stays_out_whatever_changes_in_the_source(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    aside.set_aside(rig.context, Wanted(["RE-2026-00001"]), "ignored", "a test", "somebody")
    rig.pipedrive.change_line(DOMESTIC, 0, tax=19)
    rig.work()
    assert (rig.states(), rig.causes(), rig.outside.rows()) == ({"ignored": 1}, [], [])
    rig.pipedrive.delete(DOMESTIC)
    rig.work()
    (event,) = [event for event in rig.story(rig.key(DOMESTIC)) if event.event == "ignored"]
    assert event.detail == {"reason": "a test", "by": "somebody", "state_before": "needs_human"}


def test_numbers_that_would_be_one_belegfeld_are_held(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(COLLIDING_NUMBER)
    rig.work()
    assert sorted(rig.voucher(deal).state for deal in (ODD_NUMBER, COLLIDING_NUMBER)) == [
        "needs_human",
        "settled",
    ]
    (cause,) = [cause for cause in rig.causes() if cause.startswith("document_field_taken")]
    held = next(deal for deal in (ODD_NUMBER, COLLIDING_NUMBER) if rig.voucher(deal).state == "needs_human")
    rig.pipedrive.change_deal(held, custom_fields={"Rechnungsnummer": "RE-2026-90009"})
    rig.work()
    assert rig.voucher(held).state == "settled"
    assert cause not in rig.causes()


def test_a_record_that_cannot_be_seen_any_more_is_left_out_until_it_is_back(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(WITHOUT_NUMBER)
    deal = rig.pipedrive.deal(WITHOUT_NUMBER)
    rig.work()
    assert rig.voucher(WITHOUT_NUMBER).state == "needs_human"
    rig.pipedrive.account.remove_deal(WITHOUT_NUMBER)
    rig.replay(rig.key(WITHOUT_NUMBER))
    rig.work()
    row = rig.voucher(WITHOUT_NUMBER)
    assert (row.state, row.reason) == ("ignored", "gone")
    rig.pipedrive.account.keep_deal(deal)
    rig.pipedrive.change_deal(WITHOUT_NUMBER)
    rig.work()
    assert rig.voucher(WITHOUT_NUMBER).state == "needs_human"


def test_a_record_that_is_gone_after_it_was_booked_is_a_humans_matter(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    rig.work()
    before = rig.outside.sums()
    rig.pipedrive.account.remove_deal(DOMESTIC)
    rig.hint(DOMESTIC)
    rig.work()
    assert (rig.causes(), rig.outside.sums()) == (["record_gone"], before)
    aside.set_aside(rig.context, Wanted([rig.key(DOMESTIC)]), "ignored", "so be it", "somebody")
    assert (rig.causes(), rig.voucher(DOMESTIC).state) == ([], "settled")
