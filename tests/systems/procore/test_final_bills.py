"""Progress bills as down payments, and the last bill: by the client's rule, never by Procore's mark alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.source_suite import whole_pass
from tests.systems.procore.looking import held_by, net, put, settled_chain, voucher
from tests.systems.procore.rig import ProcoreRig, Row, name_of, procore_rig

pytestmark = pytest.mark.xdist_group("procore-final-bills")

BY_NUMBER = {"bills": "down_payments", "final_bill": {"number": "^SR"}}
FIELD = "custom_field_4711"


def rig_of(rule: Row, records: int = 60) -> Any:
    return procore_rig(records, settings={"requisitions": rule})


@pytest.fixture
def rig() -> Iterator[ProcoreRig]:
    """An account whose last bills are known by their number."""
    with rig_of(BY_NUMBER) as made:
        yield made
        for source in made.opened:
            source.close()


def total(bill: Row) -> Decimal:
    return Decimal(bill["summary"]["total_completed_and_stored_to_date"])


class TestPerformance:
    def test_the_mark_of_the_last_bill_decides_nothing(self, shared: ProcoreRig) -> None:
        *_, before, last = settled_chain(shared.standin)
        assert last["final"]
        found = voucher(shared, last)
        assert net(found) == total(last) - total(before)
        assert not found.requests_down_payment
        assert found.down_payments == ()

    def test_a_rule_for_final_invoices_needs_down_payments(self) -> None:
        with rig_of({**BY_NUMBER, "bills": "performance"}) as rig:
            assert voucher(rig, settled_chain(rig.standin)[-1]).down_payments == ()


class TestDownPayments:
    def test_progress_bills_ask_for_down_payments(self, rig: ProcoreRig) -> None:
        for bill in settled_chain(rig.standin)[:-1]:
            found = voucher(rig, bill)
            assert found.requests_down_payment
            assert found.down_payments == ()

    def test_the_final_invoice_has_the_whole_performance_and_lists_what_it_settles(
        self, rig: ProcoreRig
    ) -> None:
        *earlier, last = settled_chain(rig.standin)
        found = voucher(rig, last)
        assert not found.requests_down_payment
        assert net(found) == total(last)
        assert [one.number for one in found.down_payments] == [one["invoice_number"] for one in earlier]
        assert sum(one.amount for one in found.down_payments) == total(earlier[-1])

    def test_down_payments_are_gross_at_the_rate_of_the_contract(self) -> None:
        with rig_of(BY_NUMBER) as first:
            vendor = settled_chain(first.standin)[-1]["vendor_id"]
        with procore_rig(
            settings={"requisitions": BY_NUMBER, "vendor_tax": {str(vendor): "19"}, "tax_codes": "facts"}
        ) as rig:
            *earlier, last = settled_chain(rig.standin)
            codes = {item["_tax_code_id"] for item in last["items"]}
            found = voucher(rig, last)
            rate = Decimal(19) if codes == {None} else Decimal(0)
            assert {one.tax_rate for one in found.down_payments} == {rate}
            assert found.down_payments[0].amount == round(total(earlier[0]) * (1 + rate / 100), 2)

    def test_what_procore_knows_as_paid_is_told_and_nothing_is_known_of_the_rest(
        self, rig: ProcoreRig
    ) -> None:
        *earlier, last = settled_chain(rig.standin)
        told = [one.paid for one in voucher(rig, last).down_payments]
        assert told == [True if one["payment_date"] else None for one in earlier]

    def test_a_payment_may_be_noted_at_the_commitment_alone(self, rig: ProcoreRig) -> None:
        first, *_, last = settled_chain(rig.standin)
        for row in rig.standin.table("payments").values():
            row["requisition_id"] = None
        rig.standin.requisitions[first["id"]]["payment_date"] = None
        assert voucher(rig, last).down_payments[0].paid is None
        payment = next(iter(rig.standin.table("payments").values()))
        payment |= {"contract_id": last["commitment_id"], "project_id": last["project_id"]}
        payment |= {"requisition_id": first["id"], "amount": str(total(first))}
        assert voucher(rig, last).down_payments[0].paid is True

    def test_the_field_of_a_company_may_say_which_is_the_final_invoice(self) -> None:
        by_field = {"custom_field": FIELD, "value": "Schlussrechnung"}
        with rig_of({"bills": "down_payments", "final_bill": by_field}) as rig:
            *_, last = settled_chain(rig.standin)
            assert held_by(rig, last) == ["procore_final_undecided"]
            for value in ("Schlussrechnung", {"id": 1, "label": "Schlussrechnung"}):
                put(rig, last, custom_fields={FIELD: {"data_type": "lov_entry", "value": value}})
                assert len(voucher(rig, last).down_payments) == 4


class TestRuleAndMark:
    def test_a_mark_without_a_rule_waits(self) -> None:
        with rig_of({"bills": "down_payments"}) as rig:
            assert held_by(rig, settled_chain(rig.standin)[-1]) == ["procore_final_undecided"]

    def test_a_bill_by_the_rule_that_procore_does_not_call_the_last_waits(self, rig: ProcoreRig) -> None:
        *_, before, _ = settled_chain(rig.standin)
        put(rig, before, invoice_number="SR-1")
        assert held_by(rig, before) == ["procore_final_undecided"]


class TestChain:
    def test_a_down_payment_that_is_not_approved_any_more_holds_the_final_invoice(
        self, rig: ProcoreRig
    ) -> None:
        first, *_, last = settled_chain(rig.standin)
        put(rig, first, status="revise_and_resubmit")
        assert held_by(rig, last) == ["procore_previous_open"]

    def test_a_down_payment_that_is_gone_holds_the_final_invoice(self, rig: ProcoreRig) -> None:
        first, *_, last = settled_chain(rig.standin)
        rig.standin.delete_requisition(first["id"])
        assert held_by(rig, last) == ["procore_previous_gone"]

    def test_the_bill_just_before_is_told_once(self, rig: ProcoreRig) -> None:
        *_, before, last = settled_chain(rig.standin)
        put(rig, before, status="under_review")
        assert held_by(rig, last) == ["procore_previous_open"]
        rig.standin.delete_requisition(before["id"])
        assert held_by(rig, last).count("procore_previous_gone") == 1

    def test_with_a_bill_all_later_ones_are_read_again_whatever_their_stamps(self, rig: ProcoreRig) -> None:
        source = rig.open()
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3_600)
        first, *later = settled_chain(rig.standin)
        put(rig, first, billing_date="2026-05-02")
        found = {each.external_id for each in whole_pass(source, cursor)[0]}
        assert {name_of(one) for one in (first, *later)} <= found

    def test_an_edited_bill_is_another_revision_and_so_is_the_final_invoice_that_settles_it(self) -> None:
        with rig_of({**BY_NUMBER, "certified_otherwise": "book"}) as rig:
            first, second, *_, last = settled_chain(rig.standin)
            before = [voucher(rig, one) for one in (first, second, last)]
            work = Decimal(first["items"][0]["work_completed_this_period"])
            rig.standin.change_work(first["id"], work + 100)
            after = [voucher(rig, rig.standin.requisitions[one["id"]]) for one in (first, second, last)]
            assert net(after[0]) == net(before[0]) + 100
            assert net(after[1]) == net(before[1])
            assert after[2].down_payments[0].amount == before[2].down_payments[0].amount + 100
