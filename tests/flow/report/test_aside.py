"""What a person leaves out or has booked by hand stays so, is seen, and can be taken back."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.preview.preview import preview
from mlconnector.flow.report import aside, record_lists
from mlconnector.flow.report.aside import Wanted
from mlconnector.flow.report.search import Search
from mlconnector.model.problems import Problem
from mlconnector.store import entries, vouchers
from mlconnector.store.vouchers import SetAside
from tests.flow.conftest import MakeRig
from tests.flow.report.test_inbox import OLD_RATE, with_old_rate
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig

NUMBER = "RE-2026-00001"
DIFFERS = "hand_booking_differs"


def put(rig: Rig, state: SetAside, *names: str, cause: str | None = None, reason: str = "typed in") -> None:
    aside.set_aside(rig.context, Wanted(names, cause), state, reason, "erika")


def booked_by_hand(make: MakeRig) -> Rig:
    """One voucher that waited for a human, and that somebody has typed."""
    rig = make(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    put(rig, "booked_by_hand", NUMBER)
    return rig


def waits_for(rig: Rig) -> Problem:
    """The only thing for which the voucher waits."""
    with rig.context.read() as db:
        (problem,) = vouchers.problems_of(db, [rig.key(DOMESTIC)])[rig.key(DOMESTIC)]
    return problem


@pytest.mark.parametrize("state", ["ignored", "booked_by_hand"])
def test_lists_say_who_when_and_why(make_any_rig: MakeRig, state: SetAside) -> None:
    rig = make_any_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    before = rig.context.now()
    put(rig, state, NUMBER, reason="  typed in on 2 July ")
    (one,) = record_lists.vouchers_of(rig.services, rig.name, Search(state), limit=10)["vouchers"]
    told = one["set_aside"]
    assert before <= told.pop("at") <= rig.context.now()
    assert (one["state"], told) == (state, {"by": "erika", "reason": "typed in on 2 July"})
    (event,) = [event for event in rig.story(rig.key(DOMESTIC)) if event.event == state]
    assert event.detail == {"by": "erika", "reason": "typed in on 2 July", "state_before": "needs_human"}
    assert rig.causes() == []


@pytest.mark.parametrize("reason", ["", "  ", "\u00a0\t", "-", "…"])
def test_a_reason_that_says_nothing_is_refused(make_rig: MakeRig, reason: str) -> None:
    rig = make_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    with pytest.raises(NeedsHuman, match="reason_missing"):
        put(rig, "ignored", NUMBER, reason=reason)
    assert rig.states() == {"needs_human": 1}


def test_several_are_left_out_together_or_none_of_them(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    with_old_rate(rig, DOMESTIC, MIXED_RATES)
    rig.work()
    before = rig.states()
    for wrong, refused in (("RE-4711", "voucher_unknown"), ("RE-2026-00003", "voucher_not_open")):
        with pytest.raises(NeedsHuman, match=refused):
            put(rig, "ignored", NUMBER, wrong)
        assert rig.states() == before
    put(rig, "ignored", cause=OLD_RATE)
    assert rig.states() == {"ignored": 2, "settled": 1}


def test_what_was_left_out_is_read_again_and_decided_anew(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    put(rig, "ignored", NUMBER)
    rig.pipedrive.change_line(DOMESTIC, 0, tax=19)
    rig.work()
    assert rig.states() == {"ignored": 1}
    aside.take_back(rig.context, [NUMBER], "it is one of ours", "karl")
    rig.work()
    assert (rig.states(), len(rig.outside.jobs())) == ({"settled": 1}, 1)
    (event,) = [event for event in rig.story(rig.key(DOMESTIC)) if event.event == "taken_back"]
    assert event.detail == {"reason": "it is one of ours", "by": "karl", "state_before": "ignored"}
    with pytest.raises(NeedsHuman, match="voucher_not_aside"):
        aside.take_back(rig.context, [NUMBER], "", "karl")


def test_what_is_prepared_may_be_left_out_until_it_is_on_its_way(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    assert rig.states() == {"bookable": 2}
    put(rig, "booked_by_hand", NUMBER)
    with rig.context.read() as db:
        assert entries.of_voucher(db, rig.key(DOMESTIC)) == []
    rig.work()
    assert rig.states() == {"booked_by_hand": 1, "settled": 1}
    assert NUMBER not in rig.outside.sums()
    with pytest.raises(NeedsHuman, match="voucher_not_open"):
        put(rig, "ignored", "RE-2026-00002")


def test_a_change_after_a_booking_by_hand_books_nothing_and_waits_for_a_human(
    make_any_rig: MakeRig,
) -> None:
    rig = booked_by_hand(make_any_rig)
    rig.pipedrive.change_line(DOMESTIC, 0, tax=19)
    rig.work()
    assert (rig.states(), rig.causes(), rig.outside.rows()) == ({"booked_by_hand": 1}, [DIFFERS], [])
    assert rig.replay() == 0, "a replay would book it a second time"
    with pytest.raises(NeedsHuman, match="voucher_not_waiting"):
        rig.replay(NUMBER)
    put(rig, "booked_by_hand", NUMBER, reason="corrected there, too")
    rig.work()
    assert (rig.states(), rig.causes()) == ({"booked_by_hand": 1}, [])


def test_a_change_says_what_is_other_than_was_typed(make_rig: MakeRig) -> None:
    rig = booked_by_hand(make_rig)
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "RE-2026-77777"})
    rig.work()
    problem = waits_for(rig)
    assert (problem.facts["document_before"], problem.facts["document_now"]) == (NUMBER, "RE-2026-77777")
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": NUMBER})
    rig.work()
    assert rig.causes() == [], "it is again what was typed"


def test_what_nobody_types_is_no_change(make_rig: MakeRig) -> None:
    rig = booked_by_hand(make_rig)
    before = rig.voucher(DOMESTIC).revision
    rig.pipedrive.change_deal(DOMESTIC, title="Another title")
    rig.work()
    assert rig.voucher(DOMESTIC).revision != before
    assert (rig.states(), rig.causes()) == ({"booked_by_hand": 1}, [])


def test_a_record_that_is_gone_after_a_booking_by_hand_waits_until_it_is_back(make_any_rig: MakeRig) -> None:
    rig = booked_by_hand(make_any_rig)
    deal = rig.pipedrive.deal(DOMESTIC)
    rig.pipedrive.account.remove_deal(DOMESTIC)
    for _ in range(2):
        rig.hint(DOMESTIC)
        rig.work()
    assert (rig.states(), rig.causes()) == ({"booked_by_hand": 1}, ["record_gone"])
    assert rig.events(rig.key(DOMESTIC)).count("gone") == 1
    assert rig.voucher(DOMESTIC).set_aside_because == "typed in"
    rig.pipedrive.account.keep_deal(deal)
    rig.hint(DOMESTIC)
    rig.work()
    assert (rig.states(), rig.causes()) == ({"booked_by_hand": 1}, [])


def test_to_acknowledge_a_change_leaves_it_booked_by_hand(make_rig: MakeRig) -> None:
    rig = booked_by_hand(make_rig)
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    problem = waits_for(rig)
    assert problem.facts["withdrawn"] == "yes"
    put(rig, "ignored", NUMBER)
    rig.work()
    assert (rig.states(), rig.causes()) == ({"booked_by_hand": 1}, [])


def test_what_was_booked_by_hand_is_booked_once_that_is_taken_back(make_any_rig: MakeRig) -> None:
    rig = booked_by_hand(make_any_rig)
    rig.pipedrive.change_line(DOMESTIC, 0, tax=19)
    rig.work()
    aside.take_back(rig.context, [NUMBER], "", "erika")
    rig.work()
    assert (rig.states(), rig.causes(), len(rig.outside.jobs())) == ({"settled": 1}, [], 1)


def test_what_was_left_out_may_be_called_booked_by_hand_afterwards(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    put(rig, "ignored", NUMBER)
    put(rig, "booked_by_hand", NUMBER)
    assert rig.states() == {"booked_by_hand": 1}


@pytest.mark.parametrize(("state", "shown"), [("ignored", "left_out"), ("booked_by_hand", "booked_by_hand")])
def test_a_preview_books_nothing_of_it(make_rig: MakeRig, state: SetAside, shown: str) -> None:
    rig = make_rig(1)
    with_old_rate(rig, DOMESTIC)
    rig.work()
    put(rig, state, NUMBER)
    rig.pipedrive.change_line(DOMESTIC, 0, tax=19)
    for found in (list(preview(rig.context, 10)), list(preview(rig.context, 10, [NUMBER]))):
        (one,) = found
        assert (one.ignored, one.rows, one.problems) == (shown, (), ())
