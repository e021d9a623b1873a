"""Direct costs as a building company has them; each test names its case."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.model.money import exact
from mlconnector.model.vouchers import Kind
from mlconnector.systems.procore.direct_costs import MIRRORED, NOT_WANTED
from tests.systems.procore.looking import alter, held_by, net, put, reading, status, voucher
from tests.systems.procore.rig import ProcoreRig, Row, name_of, of_case, plain, procore_rig, update

pytestmark = pytest.mark.xdist_group("procore-costs")

ONE_COST = r"/direct_costs/\d+$"


class TestAmounts:
    def test_two_cost_codes_and_two_tax_codes_of_which_procore_rounds_the_tax_once(
        self, shared: ProcoreRig
    ) -> None:
        record = of_case(shared.standin, "mixed_tax")
        found = voucher(shared, record)
        assert [(line.amount, line.tax_code) for line in found.lines] == [
            (Decimal("33.33"), "V19"),
            (Decimal("10.07"), "V7"),
        ]
        assert len({line.attributes["cost_code"] for line in found.lines}) == 2
        taxes = [line.amount * line.tax_rate / 100 for line in found.lines]
        rounded_apart = sum((round(tax, 2) for tax in taxes), Decimal(0))
        assert found.stated_total == net(found) + round(sum(taxes, Decimal(0)), 2)
        assert found.stated_total != net(found) + rounded_apart

    def test_a_credit_is_a_credit_note(self, shared: ProcoreRig) -> None:
        record = of_case(shared.standin, "credit_direct_cost")
        found = voucher(shared, record)
        assert found.kind == Kind.CREDIT_NOTE
        assert net(found) == Decimal("-240.00")
        assert found.stated_total == Decimal(record["grand_total"]) < 0

    def test_a_negative_line_of_a_positive_cost_stays_a_line(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "xml_beside_pdf")
        rig.standin.change_amount(record["id"], Decimal("-5.00"))
        found = voucher(rig, rig.standin.direct_costs[record["id"]])
        assert found.kind == Kind.DIRECT_COST
        assert found.lines[0].amount == Decimal("-5.00")

    def test_the_tax_of_a_line_has_to_be_that_of_its_code(self, rig: ProcoreRig) -> None:
        alter(rig, ONE_COST, lambda row: row["line_items"][0].update(total_amount="1.00"))
        assert held_by(rig, plain(rig.standin)) == ["procore_tax_differs"]

    def test_an_archived_tax_code_is_known_and_one_that_is_gone_waits(self, rig: ProcoreRig) -> None:
        record = plain(rig.standin)
        codes = rig.standin.table("tax_codes").values()
        archived = next(one["id"] for one in codes if one["archived"])
        rig.standin.update_direct_cost(
            record["id"], lambda row: row["line_items"][0].update(tax_code_id=archived)
        )
        rig.standin.change_amount(record["id"], Decimal(100))
        assert voucher(rig, record).lines[0].tax_code == "V16"
        rig.standin.update_direct_cost(record["id"], lambda row: row["line_items"][0].update(tax_code_id=1))
        found = reading(rig, record)
        assert [one.key for one in found.problems] == ["procore_tax_code_unknown"]
        assert found.voucher is not None
        assert found.voucher.lines == ()

    def test_with_the_tax_feature_off_the_rate_of_the_vendor_is_a_rule_of_the_settings(self) -> None:
        with procore_rig() as first:
            record = of_case(first.standin, "tax_feature_off")
            assert {(line.tax_code, line.tax_rate) for line in voucher(first, record).lines} == {
                (None, Decimal(0))
            }
        with procore_rig(settings={"vendor_tax": {str(record["vendor_id"]): "19"}}) as rig:
            found = voucher(rig, record)
            assert {(line.tax_code, line.tax_rate) for line in found.lines} == {(None, Decimal(19))}
            assert found.stated_total_is == "net"
            assert str(found.stated_total) == str(exact(Decimal(record["grand_total"])))


class TestMirrors:
    def test_one_whose_bill_is_found_is_left_out(self, shared: ProcoreRig) -> None:
        found = reading(shared, of_case(shared.standin, "mirrored_direct_cost"))
        assert (found.voucher, found.reason, found.problems) == (None, MIRRORED, ())

    def test_one_whose_bill_is_found_may_wait_instead(self) -> None:
        with procore_rig(settings={"direct_costs": {"mirrored": "hold"}}) as rig:
            assert "procore_mirror" in held_by(rig, of_case(rig.standin, "mirrored_direct_cost"))

    def test_one_without_a_bill_waits(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "mirrored_direct_cost")
        put(rig, record, invoice_number="of nobody")
        assert "procore_mirror_alone" in held_by(rig, record)

    def test_two_documents_without_a_number_are_no_double(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "mirrored_direct_cost")
        for bill in list(rig.standin.requisitions.values()):
            put(rig, bill, invoice_number=None)
        put(rig, record, invoice_number=None)
        assert "procore_mirror_alone" in held_by(rig, record)

    def test_the_same_number_of_another_vendor_is_no_double(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "mirrored_direct_cost")
        other = next(id_ for id_ in rig.standin.vendors if id_ != record["vendor_id"])
        put(rig, record, vendor_id=other)
        assert "procore_mirror_alone" in held_by(rig, record)

    def test_where_bills_may_not_be_read_that_cost_waits_alone(self, rig: ProcoreRig) -> None:
        status(rig, r"/v1\.1/requisitions$", 403, b'{"errors":"You do not have permission"}')
        assert held_by(rig, of_case(rig.standin, "mirrored_direct_cost")) == ["record_unavailable"]
        assert voucher(rig, of_case(rig.standin, "mixed_tax")).lines


class TestPeople:
    def test_what_an_employee_paid_waits_or_makes_a_creditor(self) -> None:
        for rule, keys in (("hold", ["procore_employee"]), ("creditor", [])):
            costs = {"employees": rule, "without_number": "id"}
            with procore_rig(settings={"direct_costs": costs, "default_country": "DE"}) as rig:
                record = of_case(rig.standin, "expense_employee")
                found = reading(rig, record)
                assert [one.key for one in found.problems] == keys
                assert found.voucher is not None
                assert found.voucher.number == f"DK-{record['id']}"
                assert found.voucher.party is not None
                assert found.voucher.party.external_id == f"employee/{record['employee']['id']}"
                assert (found.voucher.party.street, found.voucher.party.email) == (None, None)

    def test_wages_are_left_out_by_default_and_read_on_request(self) -> None:
        for types, reason in ((["invoice", "expense"], NOT_WANTED), (["payroll"], "")):
            with procore_rig(settings={"direct_costs": {"types": types}}) as rig:
                found = reading(rig, of_case(rig.standin, "payroll"))
                assert found.reason == reason
                assert (found.voucher is None) == bool(reason)

    def test_a_cost_of_nobody_waits(self, rig: ProcoreRig) -> None:
        nobody = {"vendor": None, "vendor_id": None, "vendor_name": None}
        update(rig.standin, name_of(plain(rig.standin)), lambda row: row.update(nobody))
        assert held_by(rig, plain_without_vendor(rig)) == ["party_missing"]


def plain_without_vendor(rig: ProcoreRig) -> Row:
    return next(
        one
        for one in rig.standin.direct_costs.values()
        if one["vendor_id"] is None and one["direct_cost_type"] == "invoice"
    )


class TestStates:
    def test_what_is_not_approved_is_withdrawn(self, shared: ProcoreRig) -> None:
        for case in ("direct_cost_pending", "direct_cost_draft"):
            assert voucher(shared, of_case(shared.standin, case)).standing == "withdrawn"

    def test_what_is_in_the_bin_is_withdrawn(self, rig: ProcoreRig) -> None:
        record = plain(rig.standin)
        put(rig, record, deleted_at="2026-08-01T08:00:00Z")
        assert voucher(rig, record).standing == "withdrawn"

    @pytest.mark.parametrize("odd", [{"status": "in_dispute"}, {"direct_cost_type": "subscription"}])
    def test_a_state_or_type_that_nobody_knows_waits(self, rig: ProcoreRig, odd: Row) -> None:
        record = plain(rig.standin)
        update(rig.standin, name_of(record), lambda row: row.update(odd))
        assert held_by(rig, record) == ["record_unreadable"]


class TestNumbers:
    def test_one_without_a_number_has_none_or_its_id_by_rule(self) -> None:
        for rule in ("hold", "id"):
            with procore_rig(settings={"direct_costs": {"without_number": rule}}) as rig:
                record = of_case(rig.standin, "no_number")
                assert voucher(rig, record).number == (f"DK-{record['id']}" if rule == "id" else None)

    def test_a_number_that_comes_again_in_another_year_is_another_document(self, shared: ProcoreRig) -> None:
        first, second = (shared.standin.direct_costs[id_] for id_ in shared.standin.of_case("reused_number"))
        found = [voucher(shared, one) for one in (first, second)]
        assert {one.number for one in found} == {"4711"}
        assert len({one.external_id for one in found}) == 2
        assert len({one.document_date.year for one in found}) == 2

    def test_the_day_on_which_it_came_counts_where_somebody_said_so(self, rig: ProcoreRig) -> None:
        record = plain(rig.standin)
        put(rig, record, direct_cost_date=None, received_date="2026-07-31")
        assert held_by(rig, record) == ["procore_day_missing"]
        put(rig, record, received_date=None)
        assert held_by(rig, record) == ["record_unreadable"]
        with procore_rig(settings={"direct_costs": {"without_day": "received"}}) as other:
            put(other, record, direct_cost_date=None, received_date="2026-07-31")
            assert str(voucher(other, record).document_date) == "2026-07-31"
