"""What changes while it is on its way is not settled before its newest revision is in the books."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from mlconnector.commands.demonstration import Scene
from mlconnector.flow.engine import progress
from tests.flow.conftest import MakeRig
from tests.flow.master_data import move, sending
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, Rig
from tests.flow.suggestions_rig import suggestions

NUMBER = "RE-2026-00001"


def change(rig: Rig, deal: int = DOMESTIC, price: int = 100) -> None:
    """Let the deal have another price, and let its webhook be taken by a run of its own."""
    rig.pipedrive.change_line(deal, 0, item_price=price)
    rig.hint(deal, f"{deal}:{price}")
    run = rig.begin("webhook")
    rig.read_hints(run)
    rig.book(run)
    assert rig.freeze() == [], "nothing new is decided before the first booking has arrived"


@pytest.mark.parametrize("text", [None, suggestions])
def test_a_voucher_that_changed_on_its_way_is_decided_and_not_settled(
    make_any_rig: MakeRig, text: Callable[[Scene], str] | None
) -> None:
    rig = make_any_rig(1) if text is None else make_any_rig(1, text=text)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    change(rig)
    assert rig.states() == {"sent": 1}
    rig.follow(batch)
    assert rig.states() == {"received": 1}
    assert progress.waits(rig.context)


def test_what_is_booked_in_the_end_is_its_newest_revision(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    change(rig, price=90)
    rig.deliver(batch)
    change(rig, price=100)
    rig.follow(batch)
    rig.work()
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}
    row = rig.voucher(DOMESTIC)
    assert (row.state, row.booked_revision) == ("settled", row.revision)
    assert not progress.waits(rig.context)


def test_a_change_that_was_taken_back_before_the_batch_arrived_is_settled(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    price = rig.pipedrive.account.lines[DOMESTIC][0].item_price
    (batch,) = rig.prepare()
    change(rig)
    rig.deliver(batch)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=price)
    rig.hint(DOMESTIC, "back")
    rig.read_hints(rig.begin("webhook"))
    rig.follow(batch)
    assert rig.states() == {"settled": 1}
    assert not progress.waits(rig.context)


def test_what_changed_while_its_batch_was_refused_is_decided_anew(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    (batch,) = rig.prepare()
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.deliver(batch)
    change(rig)
    rig.follow(batch)
    assert rig.states() == {"received": 1, "rejected": 1}
    rig.replay()
    rig.work()
    assert rig.outside.sums()[NUMBER] == rig.outside.gross(DOMESTIC)
    assert rig.states() == {"settled": 2}


def test_what_changed_before_its_batch_was_taken_apart_goes_on_as_it_is_now(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(3)
    rig.date(1, 2, 3)
    (batch,) = rig.prepare()
    change(rig, 1)
    change(rig, 2)
    rig.refuse_next_document()
    rig.deliver(batch)
    assert rig.batch(batch).state == "dissolved"
    states = rig.states()
    assert states["received"] == 2
    assert progress.waits(rig.context)
    rig.replay()
    rig.work()
    sums = rig.outside.sums()
    for deal, number in zip((1, 2, 3), rig.numbers((1, 2, 3)), strict=True):
        assert abs(sums[number] - rig.outside.gross(deal)) <= Decimal("0.02")


def test_a_settled_voucher_that_changed_is_not_shown_as_settled(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.hint(DOMESTIC)
    run = rig.begin("webhook")
    rig.read_hints(run)
    assert rig.states() == {"received": 1}
    rig.book(run)
    rig.freeze()
    rig.transfer()
    assert rig.states() == {"settled": 1}
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}


def test_a_customer_who_changed_while_his_file_was_on_its_way_waits_for_a_run(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig, "changes", 'overwrite = "send"')
    first, *others = rig.prepare()
    rig.deliver(first)
    for batch in others:
        rig.deliver(batch)
        rig.follow(batch)
    move(rig, "Neuer Weg 9")
    for batch in rig.prepare():
        rig.deliver(batch)
        rig.follow(batch)
    assert not progress.waits(rig.context), "his first file is on its way"
    rig.follow(first)
    assert progress.waits(rig.context)
