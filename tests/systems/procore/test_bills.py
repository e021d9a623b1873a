"""Subcontractor invoices as a building company has them; each test names its case."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mlconnector.model.vouchers import Kind
from tests.conformance.source_suite import whole_pass
from tests.systems.procore.looking import (
    alter,
    chain_of,
    held_by,
    net,
    previous,
    put,
    reading,
    status,
    voucher,
)
from tests.systems.procore.rig import APPROVED, ProcoreRig, Row, name_of, of_case, procore_rig

pytestmark = pytest.mark.xdist_group("procore-bills")

ONE_BILL = r"/requisitions/\d+$"
NO_TAXES = "2026-002"


def bill_without_taxes(rig: ProcoreRig) -> Row:
    """An approved subcontractor's bill of the project for which taxes were never switched on."""
    projects = rig.standin.projects
    return next(
        one
        for one in rig.standin.requisitions.values()
        if projects[one["project_id"]]["project_number"] == NO_TAXES
        and one["status"] == APPROVED
        and one["commitment_type"] == "WorkOrderContract"
        and Decimal(one["summary"]["current_payment_due"]) > 0
    )


class TestTax:
    def test_section_13b_with_the_tax_feature_off_has_no_code_and_is_left_to_the_mapping(
        self, shared: ProcoreRig
    ) -> None:
        found = voucher(shared, bill_without_taxes(shared))
        assert {(line.tax_code, line.tax_rate, line.tax_code_decides) for line in found.lines} == {
            (None, Decimal(0), False)
        }
        assert found.building_work
        assert {line.supply for line in found.lines} == {"on_site"}

    def test_a_company_that_refuses_to_list_tax_codes_has_none(self, rig: ProcoreRig) -> None:
        status(rig, r"/tax_codes$", 403)
        assert voucher(rig, bill_without_taxes(rig)).lines

    def test_a_code_of_nought_is_told_as_the_code_and_not_as_the_case(self, shared: ProcoreRig) -> None:
        found = [
            line
            for case in ("reverse_charge", "eu_contractor", "progress_retainage")
            for id_ in shared.standin.of_case(case)
            for line in voucher(shared, shared.standin.requisitions[id_]).lines
        ]
        told = {(line.tax_code, line.tax_rate, line.tax_code_decides) for line in found}
        assert told == {("V0", Decimal(0), True), (None, Decimal(0), False)}

    def test_where_procore_knows_no_tax_the_rate_of_the_vendor_is_a_rule_of_the_settings(self) -> None:
        with procore_rig() as first:
            record = bill_without_taxes(first)
        with procore_rig(settings={"vendor_tax": {str(record["vendor_id"]): "19"}}) as rig:
            found = voucher(rig, record)
            assert {(line.tax_code, line.tax_rate) for line in found.lines} == {(None, Decimal(19))}
            assert found.stated_total == round(net(found) * Decimal("1.19"), 2)

    @pytest.mark.parametrize("case", ["tax_19", "purchase_order"])
    def test_the_gross_of_the_bill_is_what_procore_shows(self, shared: ProcoreRig, case: str) -> None:
        record = of_case(shared.standin, case)
        found = voucher(shared, record)
        tax = Decimal(record["summary"]["tax_applicable_to_this_payment"])
        assert tax
        assert found.stated_total == net(found) + tax
        assert {(line.tax_code, line.tax_rate) for line in found.lines} == {("V19", Decimal(19))}

    def test_goods_of_a_purchase_order_are_no_building_work(self, shared: ProcoreRig) -> None:
        found = voucher(shared, of_case(shared.standin, "purchase_order"))
        assert not found.building_work
        assert {line.supply for line in found.lines} == {"goods"}

    def test_tax_of_another_amount_than_that_of_the_codes_waits(self, rig: ProcoreRig) -> None:
        alter(rig, ONE_BILL, lambda row: row["summary"].update(tax_applicable_to_this_payment="1.00"))
        record = of_case(rig.standin, "tax_19")
        assert held_by(rig, record) == ["procore_tax_differs"]

    @pytest.mark.parametrize(("base", "keys"), [("payment", ["procore_tax_on_due"]), ("work", [])])
    def test_tax_on_the_part_that_is_due_is_a_case_of_its_own(self, base: str, keys: list[str]) -> None:
        with procore_rig(extra={"tax_base": base}) as rig:
            record = of_case(rig.standin, "tax_19")

            def withhold(row: Row) -> None:
                for item in row["items"]:
                    item["work_completed_retainage_percent_this_period"] = "10.00"

            rig.standin.update_requisition(record["id"], withhold)
            rig.standin.change_work(record["id"], Decimal(record["items"][0]["work_completed_this_period"]))
            assert held_by(rig, record) == keys

    def test_a_tax_code_that_the_company_has_not_waits_and_leaves_no_line(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "tax_19")
        code = record["items"][0]["_tax_code_id"]
        alter(rig, r"/tax_codes$", lambda rows: rows.remove(next(one for one in rows if one["id"] == code)))
        found = reading(rig, record)
        assert [one.key for one in found.problems] == ["procore_tax_code_unknown"]
        assert found.voucher is not None
        assert found.voucher.lines == ()

    def test_a_contract_that_cannot_be_seen_takes_the_tax_codes_with_it_and_the_bill_waits(
        self, rig: ProcoreRig
    ) -> None:
        record = of_case(rig.standin, "reverse_charge")
        rig.standin.delete_commitment(record["commitment_id"])
        assert held_by(rig, record) == ["procore_contract_gone"]

    def test_a_line_that_the_contract_has_not_any_more_waits(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "change_order_items")
        order = next(
            one
            for one in rig.standin.change_orders.values()
            if one["contract_id"] == record["commitment_id"] and one["status"] == APPROVED
        )
        rig.standin.update_record("change_orders", order["id"], lambda row: row.update(status="void"))
        assert held_by(rig, record) == ["procore_line_gone"]


class TestRetainage:
    def test_it_is_withheld_of_the_whole_performance_until_its_day(self) -> None:
        rules = {"requisitions": {"bills": "performance", "retainage_months": 60}}
        with procore_rig(settings=rules) as rig:
            record = of_case(rig.standin, "progress_retainage")
            found = voucher(rig, record)
            assert found.retained is not None
            assert net(found) == Decimal(record["summary"]["total_completed_and_stored_to_date"])
            assert found.retained.withheld == Decimal(record["summary"]["total_retainage"]) > 0
            assert found.retained.released == 0
            end = date.fromisoformat(record["requisition_end"])
            assert found.retained.due_date == end.replace(year=end.year + 5)

    def test_a_bill_that_only_releases_it_has_no_lines_and_no_tax(self, shared: ProcoreRig) -> None:
        record = of_case(shared.standin, "release_only")
        found = voucher(shared, record)
        before = Decimal(previous(shared.standin, record)["summary"]["total_retainage"])
        assert found.lines == ()
        assert found.stated_total is None
        assert found.retained is not None
        assert (found.retained.withheld, found.retained.released) == (Decimal(0), before)
        assert before == Decimal(record["summary"]["current_payment_due"]) > 0

    def test_it_may_be_released_in_parts_while_more_is_withheld(self, shared: ProcoreRig) -> None:
        first, second = map(
            shared.standin.requisitions.__getitem__, shared.standin.of_case("release_in_parts")[:2]
        )
        both, rest = voucher(shared, first).retained, voucher(shared, second).retained
        assert both is not None
        assert rest is not None
        assert both.withheld > 0
        assert both.released > 0
        assert rest.withheld == 0
        assert rest.released == Decimal(first["summary"]["total_retainage"])

    def test_what_is_due_is_performance_less_what_is_withheld_of_every_bill(self, shared: ProcoreRig) -> None:
        due = {
            name_of(one): Decimal(one["summary"]["current_payment_due"])
            for one in shared.standin.requisitions.values()
            if one["status"] == APPROVED
        }
        for record in shared.standin.requisitions.values():
            if record["status"] == APPROVED:
                found = voucher(shared, record)
                kept = found.retained.withheld - found.retained.released if found.retained else Decimal(0)
                assert net(found) - kept == due.pop(name_of(record))
        assert due == {}


class TestAmounts:
    def test_materials_that_are_moved_to_work_completed_count_once(self, shared: ProcoreRig) -> None:
        stored, moved = chain_of(shared.standin, "stored_materials")
        item = moved["items"][0]
        assert Decimal(item["materials_moved"]) > 0
        amounts = [net(voucher(shared, one)) for one in (stored, moved)]
        assert sum(amounts) == Decimal(moved["summary"]["total_completed_and_stored_to_date"])
        assert amounts[1] == Decimal(item["work_completed_this_period"])

    def test_lines_of_change_orders_belong_to_the_bill(self, shared: ProcoreRig) -> None:
        record = of_case(shared.standin, "change_order_items")
        kinds = [item["item_type"] for item in record["items"]]
        found = voucher(shared, record)
        assert kinds.count("change_order_item") == 2
        assert len(found.lines) == len(kinds)
        assert any(line.amount < 0 for line in found.lines), "one of them takes something away"
        earlier = Decimal(previous(shared.standin, record)["summary"]["total_completed_and_stored_to_date"])
        whole = Decimal(record["summary"]["total_completed_and_stored_to_date"])
        assert net(found) == whole - earlier

    def test_a_negative_bill_is_a_credit_note_and_gives_back_what_was_withheld_of_it(
        self, shared: ProcoreRig
    ) -> None:
        record = of_case(shared.standin, "negative_requisition")
        found = voucher(shared, record)
        assert found.kind == Kind.CREDIT_NOTE
        assert all(line.amount < 0 for line in found.lines)
        assert found.retained is not None
        assert found.retained.withheld == 0
        assert found.retained.released > 0

    def test_a_bill_of_nought_books_nothing(self, shared: ProcoreRig) -> None:
        found = voucher(shared, of_case(shared.standin, "zero"))
        assert (found.lines, found.retained, found.stated_total) == ((), None, None)

    def test_payment_and_parts_that_disagree_wait(self, rig: ProcoreRig) -> None:
        alter(rig, ONE_BILL, lambda row: row["summary"].update(current_payment_due="0.01"))
        assert held_by(rig, of_case(rig.standin, "tax_19")) == ["procore_due_differs"]

    def test_lines_and_sums_that_disagree_wait(self, rig: ProcoreRig) -> None:
        alter(rig, ONE_BILL, lambda row: row["items"][0].update(total_completed_and_stored_to_date="0.01"))
        assert "procore_lines_differ" in held_by(rig, of_case(rig.standin, "reverse_charge"))

    def test_a_payment_with_its_tax_agrees_as_well(self, rig: ProcoreRig) -> None:
        def with_tax(row: Row) -> None:
            sums = row["summary"]
            due = Decimal(sums["current_payment_due"]) + Decimal(sums["tax_applicable_to_this_payment"])
            sums["current_payment_due"] = str(due)

        alter(rig, ONE_BILL, with_tax)
        assert held_by(rig, of_case(rig.standin, "tax_19")) == []

    def test_two_lines_that_cannot_be_told_apart_wait(self, rig: ProcoreRig) -> None:
        alter(rig, ONE_BILL, lambda row: row["items"].append(dict(row["items"][0], id=1)))
        assert held_by(rig, of_case(rig.standin, "tax_19")) == ["record_unreadable"]


class TestStates:
    def test_a_bill_that_was_cut_waits_or_is_booked_as_certified_by_rule(self) -> None:
        for rule, keys in (("hold", ["procore_certified_otherwise"]), ("book", [])):
            rules = {"requisitions": {"bills": "performance", "certified_otherwise": rule}}
            with procore_rig(settings=rules) as rig:
                record = of_case(rig.standin, "approved_as_noted")
                found = reading(rig, record)
                assert [one.key for one in found.problems] == keys
                assert found.voucher is not None
                certified = Decimal(record["summary"]["total_completed_and_stored_to_date"])
                assert net(found.voucher) == certified < Decimal(record["total_claimed_amount"])

    @pytest.mark.parametrize(
        "case", ["draft", "under_review", "revise_and_resubmit", "pending_owner_approval"]
    )
    def test_what_is_not_approved_is_withdrawn_and_no_part_of_a_first_load(
        self, shared: ProcoreRig, case: str
    ) -> None:
        record = of_case(shared.standin, case)
        assert voucher(shared, record).standing == "withdrawn"
        listed = {each.external_id for each in whole_pass(shared.open(), None)[0]}
        assert name_of(record) not in listed

    def test_a_state_that_nobody_knows_is_listed_and_waits(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "tax_19")
        put(rig, record, status="in_dispute")
        assert name_of(record) in {each.external_id for each in whole_pass(rig.open(), None)[0]}
        assert held_by(rig, record) == ["record_unreadable"]

    def test_the_bill_before_has_to_be_approved(self, rig: ProcoreRig) -> None:
        first, second, *_ = chain_of(rig.standin, "progress_retainage")
        put(rig, first, status="revise_and_resubmit")
        assert held_by(rig, second) == ["procore_previous_open"]

    def test_the_bill_before_has_to_be_there(self, rig: ProcoreRig) -> None:
        first, second, *_ = chain_of(rig.standin, "progress_retainage")
        rig.standin.delete_requisition(first["id"])
        assert "procore_previous_gone" in held_by(rig, second)


class TestNumbers:
    def test_a_bill_without_a_number_has_that_of_its_contract(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "tax_19")
        contract = rig.standin.commitments[record["commitment_id"]]["number"]
        for empty in (None, "", " ", "0"):
            put(rig, record, invoice_number=empty)
            assert voucher(rig, record).number == f"{contract}-{record['number']}"

    def test_numbers_that_are_long_or_odd_are_kept_as_they_are_written(self, shared: ProcoreRig) -> None:
        long, odd = chain_of(shared.standin, "long_number")
        assert len(long["invoice_number"]) > 36
        assert odd["invoice_number"].endswith("/ä")
        for record in (long, odd):
            assert voucher(shared, record).number == record["invoice_number"]

    def test_the_title_names_the_contract_and_which_bill_of_it_this_is(self, shared: ProcoreRig) -> None:
        record = of_case(shared.standin, "release_only")
        assert voucher(shared, record).title == f"{record['contract_name']} Nr. {record['number']}"
