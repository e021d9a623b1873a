"""Two documents under one number: of whatever kind they are, a person says whether they are one."""

from __future__ import annotations

from datetime import date
from typing import Any

from mlconnector.flow.report import aside
from mlconnector.flow.report.aside import Wanted
from tests.flow.conftest import MakeRig as MakePipedriveRig
from tests.flow.procore_rig import MakeRig, ProcoreFlowRig
from tests.flow.rig import DOMESTIC, MIXED_RATES

Row = dict[str, Any]
NUMBER = "RE-2026-00001"


def bill_of(rig: ProcoreFlowRig) -> Row:
    return rig.procore.requisitions[rig.procore.of_case("reverse_charge")[0]]


def cost_of(rig: ProcoreFlowRig) -> Row:
    return next(
        one
        for one in rig.procore.direct_costs.values()
        if one["direct_cost_type"] == "invoice" and one["vendor_id"] and one["line_items"][0]["tax_code_id"]
    )


def enter_again(rig: ProcoreFlowRig) -> tuple[Row, Row]:
    """A direct cost that has vendor and number of a bill."""
    bill, cost = bill_of(rig), cost_of(rig)
    same = {"vendor_id": bill["vendor_id"], "invoice_number": bill["invoice_number"], "status": "approved"}
    rig.procore.update_direct_cost(cost["id"], lambda row: row.update(same))
    return bill, cost


def test_of_a_bill_and_a_direct_cost_under_one_number_of_a_vendor_one_waits(
    make_procore_rig: MakeRig,
) -> None:
    rig = make_procore_rig(20)
    pair = enter_again(rig)
    rig.work()
    states = {rig.of_record(one).state: one for one in pair}
    assert set(states) == {"settled", "needs_human"}
    (problem,) = rig.problems_of(states["needs_human"])
    booked = rig.of_record(states["settled"])
    assert problem.key == "document_field_taken"
    assert (problem.facts["other"], problem.facts["other_id"]) == (booked.id, booked.external_id)
    assert problem.facts["kind"] == booked.kind
    assert date.fromisoformat(problem.facts["date"]) == booked.document_date


def test_a_direct_cost_under_the_number_of_a_booked_bill_waits_and_can_be_left_out(
    make_procore_rig: MakeRig,
) -> None:
    rig = make_procore_rig(20)
    rig.procore.update_direct_cost(cost_of(rig)["id"], lambda row: row.update(status="draft"))
    rig.work()
    before = len(rig.raw_rows(bill_of(rig)["invoice_number"]))
    _, cost = enter_again(rig)
    rig.again()
    assert [one.key for one in rig.problems_of(cost)] == ["document_field_taken"]
    assert len(rig.raw_rows(bill_of(rig)["invoice_number"])) == before
    aside.set_aside(rig.context, Wanted([rig.of_record(cost).id]), "ignored", "entered twice", "somebody")
    assert rig.problems_of(cost) == []


def test_a_number_is_free_again_once_the_document_that_had_it_is_taken_back(
    make_any_rig: MakePipedriveRig,
) -> None:
    rig = make_any_rig(2)
    rig.work()
    owed = rig.outside.sums()["RE-2026-00002"]
    rig.pipedrive.change_deal(MIXED_RATES, custom_fields={"Rechnungsnummer": NUMBER})
    rig.work()
    assert rig.causes() == [f"document_field_taken:document_field={NUMBER}"]
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    rig.replay(rig.key(MIXED_RATES))
    rig.work()
    assert rig.causes() == []
    assert rig.outside.sums()[NUMBER] == owed
