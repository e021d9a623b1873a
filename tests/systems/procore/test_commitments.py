"""What is still to come of contracts and orders (Obligo); each test names its case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.systems.procore.source import CONCURRENCY
from mlconnector.systems.source import Reading, Reference
from tests.conformance.source_suite import whole_pass
from tests.systems.procore.looking import alter, chain_of, contract_name, net, paths, reading_of, status
from tests.systems.procore.rig import ProcoreRig, Row, of_case, procore_rig, update
from tests.systems.procore.rig import name_of as bill_name

pytestmark = pytest.mark.xdist_group("procore-commitments")

READ = {"commitments": {"read": True}}
Obligo = dict[tuple[str, str, str], Decimal]


@pytest.fixture
def rig() -> Iterator[ProcoreRig]:
    """An account of which commitments are read."""
    with procore_rig(settings=READ) as made:
        yield made
        for source in made.opened:
            source.close()


def contract_of(rig: ProcoreRig, case: str) -> Row:
    return rig.standin.commitments[of_case(rig.standin, case)["commitment_id"]]


def commitment(rig: ProcoreRig, row: Row) -> Voucher:
    found = reading_of(rig, contract_name(row))
    assert found.problems == ()
    assert found.voucher is not None
    assert found.voucher.kind == Kind.COMMITMENT
    return found.voucher


def readings(rig: ProcoreRig) -> list[Reading]:
    return rig.open().fetch([Reference(contract_name(one)) for one in rig.standin.commitments.values()])


def to_come(found: list[Reading]) -> Obligo:
    """What the vouchers say is to come, by project, contract and cost code; what is nought left out."""
    sums: Obligo = {}
    for one in found:
        assert one.voucher is not None
        for line in one.voucher.lines:
            facts = one.voucher.attributes
            key = (facts["project"], facts["contract"], line.attributes["cost_code"])
            sums[key] = sums.get(key, Decimal(0)) + line.amount
    return {key: amount for key, amount in sums.items() if amount}


def wanted(rig: ProcoreRig) -> Obligo:
    return {key: amount for key, amount in rig.standin.obligo().items() if amount}


class TestObligo:
    def test_it_is_contracts_with_change_orders_less_what_was_billed(self, rig: ProcoreRig) -> None:
        assert wanted(rig)
        assert to_come(readings(rig)) == wanted(rig)

    def test_it_is_that_of_a_larger_account_as_well(self) -> None:
        with procore_rig(records=200, settings=READ) as rig:
            assert to_come(readings(rig)) == wanted(rig)

    def test_an_approved_change_order_adds_to_it_and_a_pending_one_does_not(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "reverse_charge")
        before = net(commitment(rig, row))
        rig.standin.add_change_order(row["id"], Decimal("5000.00"), "pending")
        assert net(commitment(rig, row)) == before
        rig.standin.add_change_order(row["id"], Decimal("-1500.00"))
        assert net(commitment(rig, row)) == before - 1500
        assert to_come(readings(rig)) == wanted(rig)

    def test_a_draw_down_takes_from_it(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "purchase_order")
        before = net(commitment(rig, row))
        rig.standin.add_requisition(row["id"], Decimal("100.00"))
        assert net(commitment(rig, row)) == before - 100
        rig.standin.add_requisition(row["id"], Decimal("50.00"), status="draft")
        assert net(commitment(rig, row)) == before - 100

    def test_what_was_billed_beyond_the_contract_is_negative(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "reverse_charge")
        rig.standin.add_requisition(row["id"], Decimal(row["grand_total"]))
        assert net(commitment(rig, row)) < 0
        assert to_come(readings(rig)) == wanted(rig)

    def test_a_bill_that_is_not_approved_any_more_gives_it_back(self, rig: ProcoreRig) -> None:
        bill = of_case(rig.standin, "reverse_charge")
        row = rig.standin.commitments[bill["commitment_id"]]
        update(rig.standin, bill_name(bill), lambda raw: raw.update(status="revise_and_resubmit"))
        assert net(commitment(rig, row)) == Decimal(row["revised_contract"])


class TestEnds:
    def test_a_contract_that_was_terminated_binds_nothing(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "terminated_commitment")
        assert row["status"] == "Terminated"
        found = commitment(rig, row)
        assert (found.standing, found.lines) == ("withdrawn", ())

    def test_one_that_is_terminated_later_is_read_again(self, rig: ProcoreRig) -> None:
        source = rig.open()
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3_600)
        row = contract_of(rig, "reverse_charge")
        rig.standin.update_commitment(row["id"], lambda raw: raw.update(status="Void"))
        (found,) = source.fetch(whole_pass(source, cursor)[0])
        assert found.voucher is not None
        assert (found.external_id, found.voucher.standing) == (contract_name(row), "withdrawn")

    def test_one_in_the_bin_is_listed_and_gone(self, rig: ProcoreRig) -> None:
        source = rig.open()
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3_600)
        row = contract_of(rig, "long_number")
        rig.standin.delete_commitment(row["id"])
        (found,) = source.fetch(whole_pass(source, cursor)[0])
        assert (found.external_id, found.voucher, found.reason) == (contract_name(row), None, "gone")

    @pytest.mark.parametrize("state", ["Draft", "Out For Signature"])
    def test_one_that_is_not_signed_binds_nothing_unless_the_settings_say_so(self, state: str) -> None:
        for states, standing in ((["Approved"], "withdrawn"), (["Approved", state], "final")):
            with procore_rig(settings={"commitments": {"read": True, "work_orders": states}}) as rig:
                row = contract_of(rig, "reverse_charge")
                rig.standin.update_commitment(row["id"], lambda raw: raw.update(status=state))
                assert commitment(rig, row).standing == standing

    def test_a_purchase_order_has_states_of_its_own(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "purchase_order")
        rig.standin.update_commitment(row["id"], lambda raw: raw.update(status="Partially Received"))
        assert commitment(rig, row).standing == "final"

    def test_a_state_that_nobody_knows_waits(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "reverse_charge")
        rig.standin.update_commitment(row["id"], lambda raw: raw.update(status="Suspended"))
        found = reading_of(rig, contract_name(row))
        assert [one.key for one in found.problems] == ["record_unreadable"]


class TestReading:
    def test_they_are_read_on_request_alone(self, shared: ProcoreRig) -> None:
        whole_pass(shared.open(), None)
        assert not [one for one in paths(shared) if one.endswith("_contracts")]

    def test_with_every_bill_its_contract_is_read_again(self, rig: ProcoreRig) -> None:
        source = rig.open()
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3_600)
        *_, last = chain_of(rig.standin, "reverse_charge")
        update(rig.standin, bill_name(last), lambda row: row.update(billing_date="2026-08-03"))
        found = {each.external_id for each in whole_pass(source, cursor)[0]}
        assert contract_name(rig.standin.commitments[last["commitment_id"]]) in found

    def test_where_bills_may_not_be_read_that_commitment_waits_alone(self, rig: ProcoreRig) -> None:
        row, cost = contract_of(rig, "reverse_charge"), of_case(rig.standin, "mixed_tax")
        status(rig, r"/v1\.1/requisitions$", 403, b'{"errors":"You do not have permission"}')
        held, there = rig.open().fetch([Reference(contract_name(row)), Reference(bill_name(cost))])
        assert [one.key for one in held.problems] == ["record_unavailable"]
        assert there.problems == ()

    def test_a_line_without_an_amount_waits(self, rig: ProcoreRig) -> None:
        row = contract_of(rig, "reverse_charge")
        alter(rig, r"_contracts/\d+$", lambda raw: raw["line_items"][0].update(amount=None))
        found = reading_of(rig, contract_name(row))
        assert [one.key for one in found.problems] == ["record_unreadable"]


class TestSets:
    def test_many_read_at_once_are_what_each_is_by_itself(self, rig: ProcoreRig) -> None:
        references = whole_pass(rig.open(), None)[0]
        at_once = rig.open().fetch(references)
        assert len(at_once) > 60
        assert at_once == [found for each in references for found in rig.open().fetch([each])]

    def test_what_they_share_is_asked_for_by_each_thread_once_at_most(self, rig: ProcoreRig) -> None:
        references = whole_pass(rig.open(), None)[0]
        before = len(paths(rig))
        rig.open().fetch(references)
        asked = Counter(paths(rig)[before:])
        of_all = [path for path in asked if path.endswith(("v1.0/projects", "tax_codes", "billing_periods"))]
        vendors = [path for path in asked if "/vendors/" in path]
        assert len(of_all) > 2
        assert len(vendors) > 5
        assert max(asked[path] for path in (*of_all, *vendors)) <= CONCURRENCY
