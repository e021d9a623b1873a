"""What a person does in the account later, and the sums that a test may compare with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mlconnector.standins.procore import ProcoreStandIn
from tests.standins.procore.conftest import Api, money, of_case


def test_an_edit_moves_the_stamp_past_all_others_and_is_served(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    newest = max(row["updated_at"] for row in standin.requisitions.values())
    standin.update_requisition(bill["id"], lambda row: row.update(invoice_number="AR-NEU"))
    shown = api.requisition(bill)
    assert shown["invoice_number"] == "AR-NEU"
    assert shown["updated_at"] > newest
    other = of_case(standin, "zero")
    standin.update_requisition(other["id"], lambda _: None)
    assert standin.requisitions[other["id"]]["updated_at"] > shown["updated_at"]


def test_an_edit_may_have_a_stamp_of_its_own_or_none(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    at = datetime(2026, 9, 1, 12, tzinfo=UTC)
    standin.update_requisition(bill["id"], lambda row: row.update(status="revise_and_resubmit"), at)
    assert standin.requisitions[bill["id"]]["updated_at"] == "2026-09-01T12:00:00Z"
    standin.update_requisition(bill["id"], lambda row: row.update(status="approved"), moves=False)
    assert standin.requisitions[bill["id"]]["updated_at"] == "2026-09-01T12:00:00Z"


def test_the_history_says_what_was_changed(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    standin.update_requisition(bill["id"], lambda row: row.update(status="revise_and_resubmit"))
    path = f"v1.0/requisitions/{bill['id']}/change_histories"
    [change] = api.body(path, project_id=bill["project_id"])
    assert (change["column"], change["old_value"], change["new_value"]) == (
        "status", "approved", "revise_and_resubmit",
    )  # fmt: skip


def test_an_edit_of_one_record_leaves_the_others(standin: ProcoreStandIn) -> None:
    """Records of one cost code must not share what is edited."""
    first, second = (standin.requisitions[each] for each in standin.of_case("progress_retainage")[:2])

    def edit(row: dict[str, object]) -> None:
        row["items"][0]["wbs_code"]["flat_code"] = "999.N"  # type: ignore[index]

    before = [item["wbs_code"]["flat_code"] for item in second["items"]]
    standin.update_requisition(first["id"], edit)
    after = standin.requisitions[second["id"]]["items"]
    assert [item["wbs_code"]["flat_code"] for item in after] == before


def test_work_that_is_put_right_moves_the_bills_after_it(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    follower = next(
        row for row in standin.requisitions.values() if row["previous_requisition_id"] == bill["id"]
    )
    costs, item = standin.costs(), bill["items"][0]
    work = money(item["work_completed_this_period"])
    standin.change_work(bill["id"], work - 1000)
    changed, after = standin.requisitions[bill["id"]], standin.requisitions[follower["id"]]
    earned = changed["summary"]["total_earned_less_retainage"]
    assert after["summary"]["less_previous_certificates_for_payment"] == earned
    assert after["updated_at"] > changed["updated_at"] > follower["updated_at"]
    project = standin.projects[bill["project_id"]]["project_number"]
    key = (project, item["wbs_code"]["flat_code"].partition(".")[0])
    final = standin.requisitions[standin.of_case("final_after_progress")[0]]
    assert final["commitment_id"] == bill["commitment_id"]
    assert standin.costs()[key] == costs[key] - 1000


def test_a_bill_is_added_and_goes_on_from_the_last(api: Api, standin: ProcoreStandIn) -> None:
    last = of_case(standin, "eu_contractor")
    made = standin.add_requisition(last["commitment_id"], Decimal("1000.00"))
    bill = api.requisition(standin.requisitions[made])
    assert (bill["number"], bill["previous_requisition_id"]) == (last["number"] + 1, last["id"])
    assert bill["items"][0]["work_completed_this_period"] == "1000.00"
    assert bill["summary"]["current_payment_due"] == "950.00"
    with pytest.raises(LookupError):
        standin.add_requisition(1, Decimal(1))


def test_a_direct_cost_is_added_and_changed(api: Api, standin: ProcoreStandIn) -> None:
    like = of_case(standin, "invoice_19")
    made = standin.add_direct_cost(like["id"], "RE-NEU")
    standin.change_amount(made, Decimal("100.00"))
    cost = api.direct_cost(standin.direct_costs[made])
    assert (cost["invoice_number"], cost["grand_total"]) == ("RE-NEU", "119.00")
    assert standin.direct_costs[like["id"]]["grand_total"] == like["grand_total"]


def test_what_was_deleted_is_gone(api: Api, standin: ProcoreStandIn) -> None:
    bill, cost = of_case(standin, "zero"), of_case(standin, "two_files")
    standin.delete_requisition(bill["id"])
    standin.delete_direct_cost(cost["id"])
    assert api.get(f"v1.1/requisitions/{bill['id']}", project_id=bill["project_id"]).status_code == 404
    path = f"v1.1/projects/{cost['project']['id']}/direct_costs"
    assert cost["id"] not in {row["id"] for row in api.body(path)}
    assert api.get(f"{path}/{cost['id']}").status_code == 404
    with pytest.raises(LookupError):
        standin.update_requisition(bill["id"], lambda _: None)


def test_files_are_added_and_removed(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "no_attachment")
    file = standin.add_attachment(cost["id"], "Nachgereicht.pdf", b"%PDF-1.4 neu")
    assert [row["id"] for row in api.direct_cost(cost)["attachments"]] == [file]
    assert standin.file_content(file) == b"%PDF-1.4 neu"
    standin.remove_attachments(cost["id"])
    assert api.direct_cost(cost)["attachments"] == []
    with pytest.raises(LookupError):
        standin.file_content(file)


def test_costs_are_of_approved_bills_without_tax_and_retainage(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "purchase_order")
    project = standin.projects[bill["project_id"]]["project_number"]
    one = standin.costs(lambda row: row["id"] == bill["id"])
    assert sum(one.values()) == money(bill["summary"]["total_completed_and_stored_to_date"])
    assert {key[0] for key in one} == {project}
    assert {key[1] for key in one} == {
        item["wbs_code"]["flat_code"].partition(".")[0] for item in bill["items"]
    }


@pytest.mark.parametrize(
    "case", ["payroll", "mirrored_direct_cost", "foreign_chf", "direct_cost_pending", "draft"]
)
def test_costs_leave_out_what_is_not_booked(standin: ProcoreStandIn, case: str) -> None:
    left_out = of_case(standin, case)["id"]
    assert standin.costs(lambda row: row["id"] == left_out) == {}


def test_costs_of_a_release_and_of_moved_materials(standin: ProcoreStandIn) -> None:
    release, moved = of_case(standin, "release_only"), of_case(standin, "materials_moved")
    assert set(standin.costs(lambda row: row["id"] == release["id"]).values()) == {Decimal("0.00")}
    work = sum(money(item["work_completed_this_period"]) for item in moved["items"])
    assert sum(standin.costs(lambda row: row["id"] == moved["id"]).values()) == work


def test_obligo_is_what_was_ordered_and_not_billed(standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "purchase_order")
    commitment = standin.commitments[bill["commitment_id"]]
    left = {key: value for key, value in standin.obligo().items() if key[1] == commitment["number"]}
    billed = money(bill["summary"]["total_completed_and_stored_to_date"])
    assert sum(left.values()) == money(commitment["grand_total"]) - billed
    standin.add_change_order(commitment["id"], Decimal("500.00"))
    standin.add_change_order(commitment["id"], Decimal("70.00"), status="pending")
    changed = {key: value for key, value in standin.obligo().items() if key[1] == commitment["number"]}
    assert sum(changed.values()) == sum(left.values()) + 500
    assert standin.commitments[commitment["id"]]["approved_change_orders"] == "500.00"
    standin.update_commitment(commitment["id"], lambda row: row.update(status="Void"))
    changed = {key: value for key, value in standin.obligo().items() if key[1] == commitment["number"]}
    assert set(changed.values()) == {Decimal("0.00")}


def test_a_terminated_commitment_leaves_nothing_and_a_finished_one_neither(standin: ProcoreStandIn) -> None:
    for case in ("terminated_commitment", "release_only"):
        commitment = standin.commitments[of_case(standin, case)["commitment_id"]]
        left = [value for key, value in standin.obligo().items() if key[1] == commitment["number"]]
        assert set(left) == {Decimal("0.00")}
    assert (
        standin.commitments[of_case(standin, "terminated_commitment")["commitment_id"]]["status"]
        == "Terminated"
    )
