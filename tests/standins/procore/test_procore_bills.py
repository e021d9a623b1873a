"""Requisitions: the sums of a chain of bills hold together, in every case that occurs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.procore import ProcoreStandIn, create
from mlconnector.standins.procore.vocabulary import vocabulary
from tests.standins.procore.conftest import Api, money, of_case

Row = dict[str, Any]


def previous(standin: ProcoreStandIn, bill: Row) -> Row:
    return standin.requisitions[bill["previous_requisition_id"]]


def total(bill: Row, name: str) -> Decimal:
    return sum((money(item[name]) for item in bill["items"]), Decimal(0))


def performance(standin: ProcoreStandIn, bill: Row) -> Decimal:
    """What a bill adds to the performance to date."""
    before = previous(standin, bill)["summary"] if bill["previous_requisition_id"] else {}
    name = "total_completed_and_stored_to_date"
    return money(bill["summary"][name]) - money(before.get(name, "0.00"))


@pytest.fixture(params=[20, 200])
def account(request: pytest.FixtureRequest) -> ProcoreStandIn:
    return create(Options(records=request.param, seed=5))


def test_the_sums_of_a_bill_hold_together(account: ProcoreStandIn) -> None:
    for bill in account.requisitions.values():
        sums = {name: money(value) for name, value in bill["summary"].items()}
        completed, kept = sums["total_completed_and_stored_to_date"], sums["total_retainage"]
        earned = sums["total_earned_less_retainage"]
        assert earned == completed - kept
        assert sums["current_payment_due"] == earned - sums["less_previous_certificates_for_payment"]
        assert sums["contract_sum_to_date"] == (
            sums["original_contract_sum"] + sums["net_change_by_change_orders"]
        )
        assert sums["balance_to_finish_including_retainage"] == sums["contract_sum_to_date"] - earned
        assert kept == (sums["completed_work_retainage_amount"] + sums["stored_materials_retainage_amount"])
        assert completed == total(bill, "total_completed_and_stored_to_date")


def test_a_bill_goes_on_where_the_one_before_ended(account: ProcoreStandIn) -> None:
    followers = [bill for bill in account.requisitions.values() if bill["previous_requisition_id"]]
    assert followers
    for bill in followers:
        before = previous(account, bill)
        assert (bill["number"], bill["commitment_id"]) == (before["number"] + 1, before["commitment_id"])
        certified = bill["summary"]["less_previous_certificates_for_payment"]
        assert certified == before["summary"]["total_earned_less_retainage"]
        for item in bill["items"]:
            [same] = [each for each in before["items"] if each["line_item_id"] == item["line_item_id"]] or [
                {}
            ]
            name = "total_completed_and_stored_to_date"
            assert item[f"{name}_from_previous"] == same.get(name, "0.00")
            assert item["previous_progress_id"] == same.get("id")


def test_what_is_kept_back_of_an_item_adds_up(account: ProcoreStandIn) -> None:
    for bill in account.requisitions.values():
        kept = (
            total(bill, "work_completed_retainage_from_previous_application")
            + total(bill, "work_completed_retainage_retained_this_period")
            - total(bill, "work_completed_retainage_released_this_period")
            + total(bill, "materials_stored_retainage_currently_retained")
        )
        assert kept == money(bill["summary"]["total_retainage"])


def test_twenty_records_show_what_matters_and_sixty_every_case() -> None:
    named = {case for each in vocabulary().commitments for case in each.bills}
    named |= {each.name for each in vocabulary().direct_costs}
    few = set(create(Options(records=20)).cases().values())
    assert few >= {"progress_retainage", "release_only", "materials_moved", "approved_as_noted", "revised"}
    assert few >= {"final_after_progress", "reverse_charge", "mixed_tax", "mirrored_direct_cost", "payroll"}
    assert set(create(Options(records=60)).cases().values()) == named


@pytest.mark.parametrize("records", [0, 1, 2, 7, 60, 211, 2000])
def test_there_are_as_many_bills_as_were_asked_for(records: int) -> None:
    made = create(Options(records=records))
    assert len(made.requisitions) + len(made.direct_costs) == records
    assert made.cases().keys() == made.requisitions.keys() | made.direct_costs.keys()


def test_ids_exceed_32_bit_here_and_there(standin: ProcoreStandIn) -> None:
    for table in (standin.requisitions, standin.direct_costs, standin.vendors, standin.projects):
        assert any(each > 2**31 for each in table)
        assert any(each < 2**31 for each in table)


def test_a_progress_bill_keeps_a_part_back(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    added = performance(standin, bill)
    assert money(bill["summary"]["total_retainage"]) > 0
    assert money(bill["summary"]["current_payment_due"]) < added


def test_a_release_alone_is_no_work_and_money_due(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "release_only")
    assert performance(standin, bill) == 0
    due = money(bill["summary"]["current_payment_due"])
    assert due == money(previous(standin, bill)["summary"]["total_retainage"]) > 0
    assert due == total(bill, "work_completed_retainage_released_this_period")
    assert bill["summary"]["total_retainage"] == "0.00"


def test_a_release_may_come_in_parts_first_with_work(standin: ProcoreStandIn) -> None:
    first, second = (standin.requisitions[each] for each in standin.of_case("release_in_parts")[:2])
    assert performance(standin, first) > 0
    assert total(first, "work_completed_retainage_released_this_period") > 0
    assert performance(standin, second) == 0
    assert second["summary"]["total_retainage"] == "0.00"


def test_stored_materials_count_once_when_they_are_built_in(standin: ProcoreStandIn) -> None:
    """Work plus the difference of what is stored would miss what was moved."""
    stored, moved = of_case(standin, "stored_materials"), of_case(standin, "materials_moved")
    assert total(stored, "materials_presently_stored") > 0
    assert total(moved, "materials_moved") == total(stored, "materials_presently_stored")
    naive = total(moved, "work_completed_this_period") - total(stored, "materials_presently_stored")
    assert performance(standin, moved) == total(moved, "work_completed_this_period") != naive
    assert total(moved, "materials_retainage_retained_moved") > 0


def test_a_final_bill_completes_the_contract(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "final_after_progress")
    assert bill["final"]
    sums = bill["summary"]
    assert sums["total_completed_and_stored_to_date"] == sums["contract_sum_to_date"]
    assert bill["percent_complete"] == "100.00%"


def test_a_bill_as_noted_is_for_less_than_was_claimed(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "approved_as_noted")
    assert bill["status"] == "approved_as_noted"
    assert money(bill["total_claimed_amount"]) > performance(standin, bill)


def test_change_orders_are_items_of_their_own_also_negative_ones(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "change_order_items")
    changes = [item for item in bill["items"] if item["item_type"] == "change_order_item"]
    assert {money(item["work_completed_this_period"]) > 0 for item in changes} == {True, False}
    assert money(bill["summary"]["net_change_by_change_orders"]) == sum(
        money(item["scheduled_value"]) for item in changes
    )
    pending = [row for row in standin.change_orders.values() if row["status"] == "pending"]
    assert pending
    items = {item["line_item_id"] for row in standin.requisitions.values() for item in row["items"]}
    assert not {line["id"] for row in pending for line in row["line_items"]} & items


def test_bills_may_be_negative_or_nothing(standin: ProcoreStandIn) -> None:
    assert performance(standin, of_case(standin, "negative_requisition")) < 0
    assert money(of_case(standin, "negative_requisition")["summary"]["current_payment_due"]) < 0
    assert of_case(standin, "zero")["summary"]["current_payment_due"] == "0.00"


@pytest.mark.parametrize("case", ["tax_19", "purchase_order"])
def test_tax_is_on_the_performance(standin: ProcoreStandIn, case: str) -> None:
    bill = of_case(standin, case)
    tax = money(bill["summary"]["tax_applicable_to_this_payment"])
    assert abs(tax - performance(standin, bill) * Decimal("0.19")) < Decimal("0.01")


def test_a_reverse_charge_shows_no_tax(standin: ProcoreStandIn) -> None:
    for case in ("reverse_charge", "eu_contractor", "progress_retainage"):
        assert of_case(standin, case)["summary"]["tax_applicable_to_this_payment"] == "0.00"


def test_tax_may_be_on_what_is_paid_instead() -> None:
    made = create(Options(records=60, extra={"tax_base": "payment"}))
    bill = of_case(made, "tax_19")
    tax = money(bill["summary"]["tax_applicable_to_this_payment"])
    assert abs(tax - money(bill["summary"]["current_payment_due"]) * Decimal("0.19")) < Decimal("0.01")


def test_views_differ_in_breadth(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    assert not {"items", "summary", "attachments"} & api.requisition(bill, "default").keys()
    assert api.requisition(bill, "items").keys() & {"items", "summary"} == {"items"}
    whole = api.requisition(bill)
    assert whole["summary"].items() >= bill["summary"].items()
    assert whole["items"][0]["wbs_code"].keys() == {"id", "flat_code", "description"}
    assert not [name for item in whole["items"] for name in item if name.startswith("_")]
    listed = api.body("v1.1/requisitions", project_id=bill["project_id"], view="extended", per_page=100)
    assert whole in listed


def test_a_revised_bill_has_a_history(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "revised")
    path = f"v1.0/requisitions/{bill['id']}/change_histories"
    [change] = api.body(path, project_id=bill["project_id"])
    assert change["column"] == "work_completed_this_period"
    assert change["new_value"] == bill["items"][0]["work_completed_this_period"]


def test_numbers_of_bills_are_as_people_type_them(standin: ProcoreStandIn) -> None:
    numbers = [standin.requisitions[each]["invoice_number"] for each in standin.of_case("long_number")]
    assert len(numbers[0]) > 36
    assert numbers[1].startswith("RE ")
    assert numbers[1].endswith("/ä")
    assert of_case(standin, "bill_without_number")["invoice_number"] is None


def test_open_bills_are_the_last_of_their_commitments(standin: ProcoreStandIn) -> None:
    followed = {row["previous_requisition_id"] for row in standin.requisitions.values()}
    waiting = ("draft", "under_review", "revise_and_resubmit", "pending_owner_approval")
    for case in waiting:
        bill = of_case(standin, case)
        assert bill["status"] == case
        assert bill["id"] not in followed
