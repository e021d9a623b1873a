"""What a person holds goes nowhere, whatever changes, until a person lets it go on."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import holding
from mlconnector.flow.report import aside
from mlconnector.flow.report.aside import Wanted
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig

NUMBER = "RE-2026-00001"


def decided(rig: Rig) -> None:
    """Read and decided, and nothing frozen yet."""
    run = rig.begin()
    rig.read(run)
    rig.book(run)


def hold(rig: Rig, *names: str, reason: str = "customer complains") -> None:
    holding.hold(rig.context, names or (NUMBER,), reason, "erika")


def test_what_is_held_does_not_go_until_it_is_let_go_on(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    decided(rig)
    hold(rig)
    rig.work()
    assert (rig.voucher(DOMESTIC).state, rig.voucher(MIXED_RATES).state) == ("needs_human", "settled")
    assert rig.causes() == ["held_by_person"]
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    assert rig.replay(cause="held_by_person") == 1
    rig.work()
    assert (rig.voucher(DOMESTIC).state, rig.causes()) == ("needs_human", ["held_by_person"])
    assert rig.entries(DOMESTIC) == []
    holding.let_go(rig.context, [NUMBER], "settled with them", "fritz")
    rig.work()
    assert rig.voucher(DOMESTIC).state == "settled"
    assert rig.causes() == []
    told = [
        (one.event, one.detail["by"], one.detail["reason"])
        for one in rig.story(rig.key(DOMESTIC))
        if one.event in {"stopped", "let_go"}
    ]
    assert told == [("stopped", "erika", "customer complains"), ("let_go", "fritz", "settled with them")]


def test_a_hold_stands_beside_what_else_a_voucher_waits_for(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.pipedrive.change_line(DOMESTIC, 0, tax=16)
    rig.work()
    (other,) = rig.causes()
    hold(rig)
    assert sorted(rig.causes()) == sorted([other, "held_by_person"])
    rig.pipedrive.change_line(DOMESTIC, 0, tax=19)
    rig.work()
    assert rig.causes() == ["held_by_person"]
    holding.let_go(rig.context, [NUMBER], "", "erika")
    rig.work()
    assert rig.voucher(DOMESTIC).state == "settled"


def test_what_is_in_a_batch_is_not_held_any_more(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    frozen = rig.prepare()
    before = [rig.content(batch) for batch in frozen]
    with pytest.raises(NeedsHuman) as refused:
        hold(rig, "RE-2026-00002", NUMBER)
    assert refused.value.problem.key == "voucher_not_to_hold"
    rig.transfer()
    assert ([rig.content(batch) for batch in frozen], rig.causes()) == (before, [])
    assert rig.states() == {"settled": 2}


def test_a_hold_outlasts_leaving_out_and_takes_a_reason(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    decided(rig)
    for wrong in ("", " … "):
        with pytest.raises(NeedsHuman):
            hold(rig, reason=wrong)
    hold(rig)
    aside.set_aside(rig.context, Wanted([NUMBER]), "ignored", "not ours", "erika")
    aside.take_back(rig.context, [NUMBER], "", "erika")
    rig.work()
    assert rig.causes() == ["held_by_person"]
    holding.let_go(rig.context, [NUMBER], "", "erika")
    with pytest.raises(NeedsHuman) as refused:
        holding.let_go(rig.context, [NUMBER], "", "erika")
    assert refused.value.problem.key == "voucher_not_held"
