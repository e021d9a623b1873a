"""What would make a wrong row without a word: facts that are missing or disagree hold, and say which."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.systems.source import Reference
from tests.systems.procore.looking import chain_of, contract_name, held_by, put, reading, voucher
from tests.systems.procore.rig import ProcoreRig, Row, of_case, plain, procore_rig


def number_project(rig: ProcoreRig, project: int, number: str | None) -> None:
    rig.standin.update_record("projects", project, lambda row: row.update(project_number=number))


class TestProjects:
    def test_one_without_a_number_is_no_cost_centre(self, rig: ProcoreRig) -> None:
        record = plain(rig.standin)
        number_project(rig, record["project"]["id"], None)
        assert held_by(rig, record) == ["procore_project_nameless"]

    def test_two_with_one_number_as_datev_writes_it_are_told_apart_by_nobody(self, rig: ProcoreRig) -> None:
        record = plain(rig.standin)
        other = next(one for one in rig.standin.projects if one != record["project"]["id"])
        own = rig.standin.projects[record["project"]["id"]]["project_number"]
        number_project(rig, other, own.replace("-", "/"))
        assert held_by(rig, record) == ["procore_project_twice"]
        (step,) = [one for one in rig.open().check() if one.key == "procore.projects"]
        assert (step.outcome, step.cause) == ("warning", "procore_project_numbers")


class TestPayees:
    def test_what_an_employee_paid_at_a_vendor_is_owed_to_the_employee(self) -> None:
        with procore_rig(settings={"direct_costs": {"employees": "creditor"}}) as rig:
            record = plain(rig.standin)
            employee = of_case(rig.standin, "expense_employee")["employee"]
            put(rig, record, direct_cost_type="expense", employee=employee)
            party = reading(rig, record).voucher
            assert party is not None
            assert party.party is not None
            assert party.party.external_id == f"employee/{employee['id']}"


class TestBuildingWork:
    def test_an_order_with_a_cost_type_of_subcontractors_is_work_on_a_building_too(
        self, rig: ProcoreRig
    ) -> None:
        bill = of_case(rig.standin, "purchase_order")
        assert not voucher(rig, bill).building_work
        types = rig.standin.table("line_item_types").values()
        subcontract = next(one for one in types if one["base_type"] == "commitment")

        def of_subcontractors(row: Row) -> None:
            for line in row["line_items"]:
                line["line_item_type"] = dict(subcontract)

        rig.standin.update_commitment(bill["commitment_id"], of_subcontractors)
        assert voucher(rig, bill).building_work


class TestBills:
    def test_no_more_is_released_than_was_kept_back(self, rig: ProcoreRig) -> None:
        bill = of_case(rig.standin, "release_only")
        before = rig.standin.requisitions[bill["previous_requisition_id"]]["summary"]

        def release_too_much(row: Row) -> None:
            released = Decimal(before["total_retainage"]) + 5000
            row["items"][0]["work_completed_retainage_released_this_period"] = f"{released}"
            row["items"][0]["materials_stored_retainage_released_this_period"] = "0.00"
            row["summary"] |= {"total_retainage": "-5000.00", "current_payment_due": f"{released}"}

        rig.standin.update_requisition(bill["id"], release_too_much)
        assert "procore_retainage_impossible" in held_by(rig, bill)

    def test_a_claim_that_only_the_lines_tell_counts_as_well(self, rig: ProcoreRig) -> None:
        bill = of_case(rig.standin, "progress_retainage")

        def claim(row: Row) -> None:
            row["total_claimed_amount"] = None
            row["items"][0]["subcontractor_claimed_amount"] = "99999.00"

        rig.standin.update_requisition(bill["id"], claim)
        assert held_by(rig, bill) == ["procore_certified_otherwise"]

    def test_nothing_falls_due_before_it_was_written(self) -> None:
        for due_date, held in (("period", ["procore_due_before"]), ("none", [])):
            bills = {"bills": "performance", "due_date": due_date}
            with procore_rig(settings={"requisitions": bills}) as rig:
                bill = of_case(rig.standin, "progress_retainage")
                period = bill["period_id"]
                rig.standin.update_record(
                    "billing_periods", period, lambda row: row.update(due_date="2026-01-02")
                )
                assert held_by(rig, bill) == held

    def test_one_without_a_number_waits_where_no_other_shall_stand_in(self) -> None:
        bills = {"bills": "performance", "without_number": "hold"}
        with procore_rig(settings={"requisitions": bills}) as rig:
            bill = of_case(rig.standin, "bill_without_number")
            found = reading(rig, bill).voucher
            assert found is not None
            assert found.number is None


class TestContracts:
    def test_a_change_order_without_lines_is_noticed_by_the_sum_of_the_contract(self) -> None:
        with procore_rig(settings={"commitments": {"read": True}}) as rig:
            bill = chain_of(rig.standin, "progress_retainage")[0]
            contract = rig.standin.commitments[bill["commitment_id"]]
            more = Decimal(contract["revised_contract"]) + 50_000
            rig.standin.update_commitment(contract["id"], lambda row: row.update(revised_contract=f"{more}"))
            (found,) = rig.open().fetch([Reference(contract_name(contract))])
            assert [one.key for one in found.problems] == ["procore_contract_sum_differs"]
