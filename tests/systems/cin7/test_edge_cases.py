"""What Cin7 Core does that a reader of its description would not expect; each test names its case."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.errors import Broken
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.standins.faults import Fault
from mlconnector.systems.cin7.limits import call_limit
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.source import NOTHING_FINAL, Delivery, Reading, Reference, Source
from tests.conformance.source_suite import whole_pass
from tests.systems.cin7.rig import WEBHOOK_KEY, Cin7Rig, Row, cin7_rig, name_of, of_case, update

# What all look at is generated once.
pytestmark = pytest.mark.xdist_group("cin7-edge-cases")

DETAIL = r"(?i)^/ExternalApi/v2/sale$"


@pytest.fixture(scope="module")
def shared() -> Any:
    """An account that shows every case; its tests change nothing."""
    with cin7_rig(records=400) as rig:
        yield rig
        for source in rig.opened:
            source.close()


@pytest.fixture
def rig() -> Any:
    with cin7_rig() as rig:
        yield rig
        for source in rig.opened:
            source.close()


def readings(rig: Cin7Rig, record: Row) -> list[Reading]:
    return rig.open().fetch([Reference(name_of(record))])


def vouchers(rig: Cin7Rig, record: Row, kind: Kind | None = None) -> list[Voucher]:
    found = [one.voucher for one in readings(rig, record) if one.voucher is not None]
    return [one for one in found if kind is None or one.kind == kind]


def problems(rig: Cin7Rig, record: Row) -> list[Problem]:
    return [problem for one in readings(rig, record) for problem in one.problems]


class TestTheLimit:
    LIMITS = (
        (429, b'{"ErrorCode":429,"Exception":"You reached 60 calls per minute API limit"}'),
        (503, b""),
        (400, b"You have reached 60 calls per 60 seconds API limit."),
        (200, b'[{"ErrorCode":429,"Exception":"You reached 60 calls per minute API limit"}]'),
    )

    @pytest.mark.parametrize(("status", "body"), LIMITS)
    def test_it_is_known_however_it_is_answered_and_a_minute_passes(
        self, rig: Cin7Rig, status: int, body: bytes
    ) -> None:
        source, limit = rig.open(), call_limit(*settings_and_secrets(rig))
        rig.faults.add(Fault("status", path=rig.listing, status=status, body=body))
        with pytest.raises(TooMany) as caught:
            source.changes(None, None)
        assert (caught.value.after or 0) >= 60
        assert rig.outside.budget.left(limit).closed_for > 59

    def test_another_worker_of_the_key_waits_as_well(self, rig: Cin7Rig) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=503))
        with pytest.raises(TooMany):
            rig.open().changes(None, None)
        began = rig.outside.time.now()
        rig.open().changes(None, None)
        assert rig.outside.time.now() - began >= timedelta(seconds=60)

    def test_nothing_is_lost_by_it(self, rig: Cin7Rig) -> None:
        source = rig.open()
        rig.faults.add(Fault("status", path=DETAIL, status=503))
        name = name_of(of_case(rig.standin, "plain_19"))
        with pytest.raises(TooMany):
            source.fetch([Reference(name)])
        rig.outside.time.pass_by(60)
        assert source.fetch([Reference(name)])[0].voucher is not None

    def test_a_first_load_never_calls_more_often_than_cin7_allows(self) -> None:
        with cin7_rig(records=60, settings={"calls_per_minute": 55}, extra={"per_minute": "60"}) as rig:
            source = rig.open()
            references, _ = whole_pass(source, None)
            source.fetch(references)
            assert rig.standin.limits.busiest_minute() <= 60
            assert rig.standin.refused_calls == []
            assert len(rig.standin.calls) > 60


class TestTheList:
    def test_many_rows_of_one_moment_are_all_read_once(self, rig: Cin7Rig) -> None:
        moment = datetime(2026, 10, 12, 3, 15, tzinfo=UTC)
        for name in sorted(rig.first_load()):
            update(rig.standin, name, lambda raw: None, at=moment)
        source = rig.open()
        _, cursor = whole_pass(source, source.cursor_from(moment))
        references, _ = whole_pass(source, source.cursor_from(moment))
        assert sorted(each.external_id for each in references) == sorted(rig.first_load())
        assert cursor is not None

    def test_a_filter_that_cin7_ignores_is_noticed_before_everything_is_read_for_ever(
        self, rig: Cin7Rig
    ) -> None:
        source = rig.open()
        _, cursor = whole_pass(source, None)

        def all_of_them(answer: bytes) -> bytes:
            return json.dumps({**json.loads(answer), "Total": 4711}).encode()

        rig.faults.add(Fault("alter", path=rig.listing, times=100, alter=all_of_them))
        with pytest.raises(Broken, match="ignores UpdatedSince"):
            source.changes(cursor, None)

    def test_a_ping_names_every_listing_for_which_a_run_would_refuse(self, rig: Cin7Rig) -> None:
        def all_of_them(answer: bytes) -> bytes:
            return json.dumps({**json.loads(answer), "Total": 4711}).encode()

        of_credits = r"(?i)^/ExternalApi/v2/saleCreditNoteList$"
        rig.faults.add(Fault("alter", path=of_credits, times=100, alter=all_of_them))
        (step,) = [one for one in rig.open().check() if one.key == "cin7.lists"]
        assert (step.outcome, step.facts) == ("failed", {"lists": "credit_notes"})

    ODD = (
        (200, b'{"ErrorCode":500,"Exception":"something went wrong"}'),
        (200, b'[{"ErrorCode":400,"Exception":"bad"}]'),
        (200, b"<html><body>Sign in</body></html>"),
        (204, b""),
        (200, b""),
        (200, b'{"Total":0,"Page":1}'),
    )

    @pytest.mark.parametrize(("status", "body"), ODD)
    def test_an_error_or_a_page_of_html_with_200_is_no_empty_page(
        self, rig: Cin7Rig, status: int, body: bytes
    ) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=status, body=body, times=5))
        with pytest.raises(Broken):
            rig.open().changes(None, None)

    def test_a_row_that_leaves_the_window_while_it_is_read_lets_no_other_be_passed_over(self) -> None:
        with cin7_rig(records=300) as rig:
            source = rig.open()
            began = rig.outside.time.now() - timedelta(days=4000)
            first = source.changes(source.cursor_from(began), None)
            rig.outside.time.pass_by(60)
            update(rig.standin, first.references[0].external_id, lambda raw: None)
            found, position = list(first.references), first.position
            while position is not None:
                page = source.changes(source.cursor_from(began), position)
                found, position = [*found, *page.references], page.position
            assert {each.external_id for each in found} == rig.first_load()

    def test_once_a_day_unpaid_sales_are_looked_at_again(self) -> None:
        with cin7_rig(records=60, settings={"look_again_at_unpaid": True, "read": "sales"}) as rig:
            source = rig.open()
            _, cursor = whole_pass(source, None)
            rig.outside.time.pass_by(86_400)
            again, cursor = whole_pass(source, cursor)
            sale = of_case(rig.standin, "freight")
            assert name_of(sale) in {each.external_id for each in again}
            rig.outside.time.pass_by(3_600)
            assert whole_pass(source, cursor)[0] == []
            paid_without_a_trace(rig, sale)
            rig.outside.time.pass_by(86_400)
            assert name_of(sale) in {each.external_id for each in whole_pass(source, cursor)[0]}

    def test_a_sale_that_is_paid_without_a_trace_after_the_first_load_is_found(self) -> None:
        with cin7_rig(records=60, settings={"look_again_at_unpaid": True, "read": "sales"}) as rig:
            source = rig.open()
            _, cursor = whole_pass(source, None)
            sale = of_case(rig.standin, "freight")
            paid_without_a_trace(rig, sale)
            rig.outside.time.pass_by(3_600)
            assert name_of(sale) in {each.external_id for each in whole_pass(source, cursor)[0]}

    def test_a_sale_that_came_and_was_paid_without_a_trace_between_two_looks_is_found(self) -> None:
        with cin7_rig(records=60, settings={"look_again_at_unpaid": True, "read": "sales"}) as rig:
            source = rig.open()
            _, cursor = whole_pass(source, None)
            _, cursor = whole_pass(source, cursor)
            added = rig.standin.add_sale(of_case(rig.standin, "freight")["ID"])
            rig.outside.time.pass_by(3_600)
            found, cursor = whole_pass(source, cursor)
            sale = rig.standin.sale(added)
            assert name_of(sale) in {each.external_id for each in found}
            paid_without_a_trace(rig, sale)
            rig.outside.time.pass_by(86_400)
            assert name_of(sale) in {each.external_id for each in whole_pass(source, cursor)[0]}

    def test_a_look_at_unpaid_sales_finds_the_same_when_its_pages_are_read_again(self) -> None:
        with cin7_rig(records=60, settings={"look_again_at_unpaid": True, "read": "sales"}) as rig:
            source = rig.open()
            _, cursor = whole_pass(source, None)
            sale = of_case(rig.standin, "freight")
            paid_without_a_trace(rig, sale)
            rig.outside.time.pass_by(3_600)
            found, position = set(), None
            while True:
                page, again = source.changes(cursor, position), source.changes(cursor, position)
                if position is not None:
                    assert again == page
                found |= {each.external_id for each in again.references}
                position = again.position
                if position is None:
                    break
            assert name_of(sale) in found

    def test_what_a_look_that_was_given_up_had_still_before_it_is_looked_at_by_the_next(self) -> None:
        with cin7_rig(records=60, settings={"look_again_at_unpaid": True, "read": "sales"}) as rig:
            source = rig.open()
            _, cursor = whole_pass(source, None)
            sale = of_case(rig.standin, "freight")
            paid_without_a_trace(rig, sale)
            rig.outside.time.pass_by(3_600)
            page = source.changes(cursor, None)
            while not json.loads(page.position or "")["again"]:
                page = source.changes(cursor, page.position)
            rig.faults.add(Fault("alter", path=rig.listing, alter=lambda answer: b"{}"))
            with pytest.raises(Broken):
                source.changes(cursor, page.position)
            rig.outside.time.pass_by(60)
            assert name_of(sale) in {each.external_id for each in whole_pass(source, cursor)[0]}


def paid_without_a_trace(rig: Cin7Rig, sale: Row) -> None:
    """Pay an invoice of a sale, which does not count as changed by it."""
    stamp, invoice = sale["LastModifiedOn"], sale["Invoices"][0]
    assert not sale["CreditNotes"], "a credit would be left open"
    rig.standin.add_payment(sale["ID"], invoice["TaskID"], invoice["Total"], date(2026, 10, 1))
    rig.standin.update_sale(sale["ID"], lambda raw: raw.update(LastModifiedOn=stamp), moves=False)


class TestDocuments:
    def test_several_invoices_of_a_sale_are_vouchers_of_their_own(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "several_invoices")
        invoices = vouchers(shared, record, Kind.INVOICE)
        assert len(invoices) > 1
        assert len({one.external_id for one in invoices}) == len(invoices)
        assert [one.stated_total for one in invoices] == [one["Total"] for one in record["Invoices"]]

    def test_line_sums_may_miss_the_total_by_a_cent_and_the_total_is_kept(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "inclusive_cent")
        (invoice,) = vouchers(shared, record, Kind.INVOICE)
        assert invoice.stated_total == record["Invoices"][0]["Total"]
        assert {line.tax_method for line in invoice.lines} == {"inclusive"}

    @pytest.mark.parametrize("case", ["foreign_usd", "foreign_chf"])
    def test_each_document_has_the_inverse_of_its_own_rate(self, shared: Cin7Rig, case: str) -> None:
        record = of_case(shared.standin, case)
        (invoice,) = vouchers(shared, record, Kind.INVOICE)
        wanted = 1 / record["Invoices"][0]["CurrencyConversionRate"]
        assert invoice.exchange_rate is not None
        assert abs(invoice.exchange_rate - wanted) < Decimal("0.000001")
        for paid, raw in zip(
            vouchers(shared, record, Kind.PAYMENT), shared.standin.payments(record["ID"]), strict=True
        ):
            assert paid.exchange_rate is not None
            assert abs(paid.exchange_rate - 1 / raw["CurrencyRate"]) < Decimal("0.000001")

    def test_a_supplier_invoice_without_a_number_has_none(self, shared: Cin7Rig) -> None:
        (invoice,) = vouchers(shared, of_case(shared.standin, "no_number"), Kind.INVOICE)
        assert invoice.number is None

    def test_two_suppliers_may_have_one_number(self, shared: Cin7Rig) -> None:
        again = of_case(shared.standin, "same_number")
        number = again["Invoice"][0]["InvoiceNumber"]
        alike = [
            raw
            for raw in shared.standin.purchases.values()
            if any(invoice["InvoiceNumber"] == number for invoice in raw["Invoice"])
        ]
        found = [one for raw in alike for one in vouchers(shared, raw, Kind.INVOICE) if one.number == number]
        assert len(found) == len({one.party for one in found}) == 2

    def test_a_tax_rule_of_several_components_waits(self, shared: Cin7Rig) -> None:
        found = problems(shared, of_case(shared.standin, "component_rule"))
        assert {one.key for one in found} == {"tax_rule_without_rate"}

    def test_a_renamed_tax_rule_waits_and_is_not_matched_by_its_rate(self, rig: Cin7Rig) -> None:
        record = of_case(rig.standin, "plain_19")
        line = vouchers(rig, record)[0].lines[0]
        assert (line.tax_code, line.tax_code_decides) == ("19% USt", True)
        rig.standin.rename_tax_rule("19% USt", "19 Prozent")
        assert {one.key for one in problems(rig, record)} == {"tax_rule_unknown"}

    def test_a_rate_that_drifted_from_the_documents_tax_waits(self, rig: Cin7Rig) -> None:
        record = of_case(rig.standin, "plain_19")

        def drift(raw: Row) -> None:
            raw["Invoices"][0]["Lines"][0]["Tax"] += Decimal(3)

        rig.standin.update_sale(record["ID"], drift)
        assert "line_tax_differs" in {one.key for one in problems(rig, record)}

    def test_a_credit_note_without_a_sale_is_read(self, shared: Cin7Rig) -> None:
        references, _ = whole_pass(shared.open(), None)
        record = of_case(shared.standin, "credit_standalone")
        assert name_of(record) in {each.external_id for each in references}
        (note,) = vouchers(shared, record, Kind.CREDIT_NOTE)
        assert note.stated_total == -record["CreditNotes"][0]["Total"]
        assert all(line.amount < 0 for line in note.lines)

    def test_free_lines_and_invoices_of_nought_book_nothing(self, shared: Cin7Rig) -> None:
        free = of_case(shared.standin, "free_line")
        (invoice,) = vouchers(shared, free, Kind.INVOICE)
        assert len(invoice.lines) == sum(line["Total"] != 0 for line in free["Invoices"][0]["Lines"])
        (nought,) = vouchers(shared, of_case(shared.standin, "zero_invoice"), Kind.INVOICE)
        assert nought.lines == ()
        assert nought.stated_total == 0

    @pytest.mark.parametrize("case", ["freight", "rounding_charge"])
    def test_lines_and_additional_charges_are_both_summed(self, shared: Cin7Rig, case: str) -> None:
        record = of_case(shared.standin, case)
        (invoice,) = vouchers(shared, record, Kind.INVOICE)
        raw = record["Invoices"][0]
        assert raw["AdditionalCharges"]
        assert sum(line.amount for line in invoice.lines) == raw["TotalBeforeTax"]

    def test_a_discount_as_a_line_lowers_the_sum(self, shared: Cin7Rig) -> None:
        (invoice,) = vouchers(shared, of_case(shared.standin, "document_discount"), Kind.INVOICE)
        assert any(line.amount < 0 for line in invoice.lines)

    @pytest.mark.parametrize("case", ["landed_cost", "service"])
    def test_a_purchase_with_nothing_but_charges_is_read(self, shared: Cin7Rig, case: str) -> None:
        ids = [id_ for id_, shown in shared.standin.cases().items() if shown == case]
        record = next(shared.standin.purchases[id_] for id_ in ids if id_ in shared.standin.purchases)
        (invoice,) = vouchers(shared, record, Kind.INVOICE)
        assert record["Invoice"][0]["Lines"] == []
        assert invoice.lines
        assert invoice.direction == "purchase"

    def test_a_drop_ship_pair_is_two_vouchers(self, shared: Cin7Rig) -> None:
        ids = [id_ for id_, shown in shared.standin.cases().items() if shown == "drop_ship"]
        pair = [id_ in shared.standin.sales for id_ in ids]
        assert {True, False} <= set(pair)

    def test_a_purchase_of_any_type_is_read_as_advanced_purchase(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "goods_19")
        vouchers(shared, record)
        urls = [exchange.url for exchange in shared.outside.log.exchanges]
        asked = {url.rpartition("/v2/")[2].partition("?")[0] for url in urls}
        assert "advanced-purchase" in asked
        assert "purchase" not in asked

    def test_a_day_is_never_shifted_whatever_stands_beside_it(self, rig: Cin7Rig) -> None:
        record = of_case(rig.standin, "plain_19")
        for written in ("2026-07-31T00:00:00", "2026-07-31T22:30:00Z", "2026-07-31T23:59:59.9999999Z"):
            record["Invoices"][0]["InvoiceDate"] = written
            assert vouchers(rig, record)[0].document_date == date(2026, 7, 31)

    @pytest.mark.parametrize("case", ["draft", "not_available", "voided"])
    def test_what_is_not_final_is_nothing(self, shared: Cin7Rig, case: str) -> None:
        (reading,) = readings(shared, of_case(shared.standin, case))
        assert (reading.voucher, reading.reason) == (None, NOTHING_FINAL)

    def test_a_status_that_nobody_knows_is_held(self, rig: Cin7Rig) -> None:
        record = of_case(rig.standin, "plain_19")
        rig.standin.update_sale(record["ID"], lambda raw: raw["Invoices"][0].update(Status="PENDING"))
        assert [one.key for one in problems(rig, record)] == ["record_unreadable"]

    def test_goods_go_to_the_ship_to_address_and_come_from_the_location(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "delivery_elsewhere")
        (invoice,) = vouchers(shared, record, Kind.INVOICE)
        assert invoice.ship_to is not None
        assert invoice.party is not None
        assert invoice.ship_to.country != invoice.party.country
        assert invoice.ship_from is not None

    def test_a_tax_office_number_is_no_vat_id(self, shared: Cin7Rig) -> None:
        (invoice, *_) = vouchers(shared, of_case(shared.standin, "tax_office_number"), Kind.INVOICE)
        assert invoice.party is not None
        assert invoice.party.vat_id is None


class TestPayments:
    def test_each_payment_is_a_voucher_that_clears_its_invoice(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "full_payment")
        paid = vouchers(shared, record, Kind.PAYMENT)[0]
        raw = shared.standin.payments(record["ID"])[0]
        (allocation,) = paid.allocations
        assert (allocation.number, allocation.amount) == (raw["InvoiceNumber"], raw["Amount"])
        assert paid.attributes["payment_method"] == raw["Account"]

    def test_a_credit_that_is_used_moves_no_money(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "credit_used")
        used = [one for one in vouchers(shared, record, Kind.PAYMENT) if len(one.allocations) == 2]
        assert used
        for one in used:
            assert sum(allocation.amount for allocation in one.allocations) == 0

    def test_a_deposit_that_is_used_moves_no_money(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "deposit_used")
        (used,) = vouchers(shared, record, Kind.PAYMENT)
        assert sum(allocation.amount for allocation in used.allocations) == 0
        assert used.allocations[0].number == record["Invoice"][0]["InvoiceNumber"]

    def test_a_prepayment_without_an_invoice_waits(self, shared: Cin7Rig) -> None:
        record = of_case(shared.standin, "prepayment")
        assert "prepayment_undecided" in {one.key for one in problems(shared, record)}

    def test_a_prepayment_may_stand_on_account(self) -> None:
        with cin7_rig(settings={"payments": {"prepayment": "on_account"}}) as rig:
            record = of_case(rig.standin, "prepayment")
            (paid,) = vouchers(rig, record, Kind.PAYMENT)
            assert paid.allocations[0].number is None
            assert problems(rig, record) == []

    def test_a_refund_goes_the_other_way(self, shared: Cin7Rig) -> None:
        number = next(one for one, case in shared.standin.labels().items() if case == "credit_refunded")
        record = next(
            raw
            for raw in shared.standin.sales.values()
            if any(note["CreditNoteNumber"] == number for note in raw["CreditNotes"])
        )
        back = [one for one in vouchers(shared, record, Kind.PAYMENT) if one.allocations[0].amount < 0]
        assert [one.allocations[0].number for one in back] == [number]

    def test_an_account_may_mean_skonto(self) -> None:
        with cin7_rig(records=60, settings={"payments": {"discount_accounts": ["404"]}}) as rig:
            record = of_case(rig.standin, "plain_19")
            task = record["Invoices"][0]["TaskID"]
            rig.standin.add_payment(record["ID"], task, Decimal(2), date(2026, 9, 1), "404")
            (paid,) = vouchers(rig, record, Kind.PAYMENT)
            allocation = paid.allocations[0]
            assert (allocation.amount, allocation.discount) == (Decimal(0), Decimal(2))

    def test_what_a_provider_keeps_back_comes_by_rule_and_only_of_money_from_customers(self) -> None:
        fees = {"092": {"percent": "1.5", "fixed": "0.25"}}
        with cin7_rig(settings={"payments": {"fees": fees}}) as rig:
            record = of_case(rig.standin, "plain_19")
            task = record["Invoices"][0]["TaskID"]
            rig.standin.add_payment(record["ID"], task, Decimal(100), date(2026, 9, 1), "092")
            rig.standin.add_payment(record["ID"], task, Decimal(10), date(2026, 9, 2), "090")
            paid = vouchers(rig, record, Kind.PAYMENT)
            assert [(one.allocations[0].amount, one.fee) for one in paid] == [
                (Decimal(100), Decimal("1.75")),
                (Decimal(10), None),
            ]


class TestFiles:
    def test_the_invoice_is_chosen_by_its_name_and_pick_lists_and_photos_are_not(
        self, shared: Cin7Rig
    ) -> None:
        source = shared.open()
        seen = 0
        for record in list(shared.standin.sales.values())[:60]:
            for one in source.fetch([Reference(name_of(record))]):
                for attachment in one.voucher.attachments if one.voucher else ():
                    seen += 1
                    assert "pick" not in attachment.file_name.lower()
                    assert attachment.file_name.lower().endswith((".pdf", ".xml"))
        assert seen

    def test_its_address_is_asked_for_anew_and_the_key_stays_with_cin7(self, shared: Cin7Rig) -> None:
        source = shared.open()
        attachment = first_attachment(shared, source)
        content = source.download(attachment, 10_000_000)
        shared.outside.time.pass_by(3_600)
        assert source.download(attachment, 10_000_000) == content
        assert shared.standin.leaks == []
        assert shared.standin.writes == []


class TestWebhooks:
    BODIES = (
        b'{"SaleTaskID":"91EE7B1D-BD35-4E43-B98A-DB86BE777624","EventType":"Sale/InvoiceAuthorised"}',
        b'{"SaleID":"91ee7b1d-bd35-4e43-b98a-db86be777624","EventType":"Sale/Undo","DocumentDate":"29/01/2018"}',
    )

    @pytest.mark.parametrize("body", BODIES)
    def test_an_id_of_any_case_is_a_hint_and_one_that_is_not_there_changes_nothing(
        self, shared: Cin7Rig, body: bytes
    ) -> None:
        source = shared.open()
        hint = source.verify(Delivery({"authorization": f"Bearer {WEBHOOK_KEY}"}, body))
        assert hint.external_ids == ("sale/91ee7b1d-bd35-4e43-b98a-db86be777624",)
        (reading,) = source.fetch([Reference(hint.external_ids[0])])
        assert (reading.voucher, reading.reason) == (None, "gone")

    def test_events_of_other_records_concern_nothing(self, shared: Cin7Rig) -> None:
        body = b'{"EventType":"Stock/AvailableStockLevelChanged"}'
        hint = shared.open().verify(Delivery({"authorization": f"Bearer {WEBHOOK_KEY}"}, body))
        assert hint.external_ids == ()


def settings_and_secrets(rig: Cin7Rig) -> tuple[Any, Any]:
    return rig.system.settings_model.model_validate(dict(rig.settings)), rig.secrets


def first_attachment(rig: Cin7Rig, source: Source) -> str:
    references, _ = whole_pass(source, None)
    return next(
        attachment.external_id
        for one in source.fetch(references)
        if one.voucher is not None
        for attachment in one.voucher.attachments
    )
