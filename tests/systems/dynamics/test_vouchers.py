from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Line, Voucher
from mlconnector.systems.dynamics.settings import Final
from mlconnector.systems.dynamics.shapes import FORMATTED, LOOKUP_TABLE
from mlconnector.systems.dynamics.vouchers import is_final, withdrawn
from mlconnector.systems.source import Reading
from tests.systems.dynamics.records import (
    CUSTOMER,
    DOLLAR,
    ORDER,
    PRODUCT,
    account,
    around,
    detail,
    exactly,
    invoice,
    keys,
    read,
    sample,
    settings,
)


def voucher(reading: Reading) -> Voucher:
    assert reading.voucher is not None
    return reading.voucher


def lines(reading: Reading) -> tuple[Line, ...]:
    return voucher(reading).lines


class TestSample:
    def test_the_sample_of_the_documentation_becomes_an_invoice(self) -> None:
        head = {
            **sample("sample.invoice_delta.json")["initial"]["value"][0],
            "createdon": "2026-11-03T10:00:00Z",
        }
        details = sample("sample.invoicedetails.json")["value"]
        found = voucher(read(head, details))
        assert found.number == "INV-01001-X1Y2Z3"
        assert (found.document_date, found.service_date) == (date(2026, 11, 3), date(2026, 11, 1))
        assert found.due_date == date(2026, 11, 30)
        assert found.stated_total == Decimal(1190)
        assert [(line.text, line.amount, line.tax_rate) for line in found.lines] == [
            ("Montage", Decimal(800), Decimal(19)),
            ("Anfahrt pauschal", Decimal(200), Decimal(19)),
        ]

    def test_its_later_state_is_withdrawn_under_the_same_identity(self) -> None:
        changes = sample("sample.invoice_delta.json")
        before = {**changes["initial"]["value"][0], "createdon": "2026-11-03T10:00:00Z"}
        after = {**changes["delta"]["value"][0], "createdon": "2026-11-03T10:00:00Z"}
        assert not is_final(after["statecode"], after["statuscode"], Final())
        taken_back = voucher(withdrawn(after, around(), settings()))
        assert taken_back.standing == "withdrawn"
        assert taken_back.identity == voucher(read(before, [])).identity


class TestFinal:
    @pytest.mark.parametrize(
        ("statecode", "statuscode", "expected"),
        [
            (0, 1, False),
            (0, 4, True),
            (1, 7, False),
            (2, 100001, True),
            (2, 100002, True),
            (3, 100003, False),
        ],
    )
    def test_what_is_final_unless_the_settings_say_otherwise(
        self, statecode: int, statuscode: int, expected: bool
    ) -> None:
        assert is_final(statecode, statuscode, Final()) is expected

    def test_a_status_of_ones_own_can_be_final_but_never_a_cancelled_one(self) -> None:
        rule = Final(statuscodes=frozenset({100010, 100003}), statecodes=frozenset())
        assert is_final(0, 100010, rule)
        assert not is_final(0, 4, rule)
        assert not is_final(3, 100003, rule)


class TestHead:
    def test_days_are_those_of_the_business_time_zone(self) -> None:
        found = voucher(read(invoice(datedelivered="2026-10-31T23:00:00Z", duedate="2026-11-30")))
        assert (found.document_date, found.service_date) == (date(2026, 11, 3), date(2026, 11, 1))
        assert found.due_date == date(2026, 11, 30)

    def test_the_invoice_date_is_that_of_the_first_column_that_is_filled(self) -> None:
        rule = settings(columns={"invoice_date": ["new_invoicedate", "msdyn_invoicedate"]})
        head = invoice(new_invoicedate=None, msdyn_invoicedate="2026-11-05")
        assert voucher(read(head, rule=rule)).document_date == date(2026, 11, 5)
        assert keys(read(head, rule=rule)) == []
        assert keys(read(invoice(), rule=rule)) == ["invoice_date_missing"]

    def test_without_a_day_of_delivery_the_last_one_of_the_lines_counts(self) -> None:
        details = [
            detail(actualdeliveryon="2026-10-04T22:00:00Z"),
            detail(number=2, actualdeliveryon="2026-10-06T22:00:00Z"),
        ]
        assert voucher(read(invoice(238.0, 38.0), details)).service_date == date(2026, 10, 7)

    def test_a_negative_total_is_a_credit_note(self) -> None:
        rule = settings(columns={"invoice_date": "createdon", "refers_to": "new_corrects"})
        found = voucher(read(invoice(-119.0, -19.0, new_corrects="INV-0"), [detail(-119.0, -19.0)], rule))
        assert (found.kind, found.refers_to, found.lines[0].amount) == (
            Kind.CREDIT_NOTE,
            "INV-0",
            Decimal(-100),
        )

    def test_terms_of_payment_are_called_as_users_see_them(self) -> None:
        head = invoice(paymenttermscode=2, **{f"paymenttermscode{FORMATTED}": "2% 10, Net 30"})
        assert voucher(read(head)).payment_terms == "2% 10, Net 30"
        assert voucher(read(invoice(paymenttermscode=2))).payment_terms == "2"

    def test_a_pricing_error_holds_the_invoice(self) -> None:
        assert keys(read(invoice(pricingerrorcode=1))) == ["pricing_error"]
        assert keys(read(invoice(pricingerrorcode=0))) == []

    def test_a_total_that_cannot_be_seen_holds_the_invoice(self) -> None:
        assert keys(read(invoice(None))) == ["total_missing"]

    def test_order_owner_and_configured_columns_are_attributes(self) -> None:
        rule = settings(
            columns={"invoice_date": "createdon", "cost_centre": "new_centre", "tax_class": "new_tax"}
        )
        head = invoice(_salesorderid_value=ORDER, _ownerid_value="o", new_centre="300", new_tax="Export")
        found = voucher(read(head, rule=rule))
        assert found.attributes == {
            "order": "ORD-1",
            "owner": "o",
            "cost_centre": "300",
            "tax_class": "Export",
        }
        assert found.lines[0].tax_code == "Export"


class TestCurrency:
    def test_the_rate_is_units_for_a_euro_where_the_euro_is_the_base(self) -> None:
        head = invoice(_transactioncurrencyid_value=DOLLAR, exchangerate=1.0842)
        found = voucher(read(head))
        assert (found.currency, found.exchange_rate) == ("USD", Decimal("1.0842"))

    def test_another_base_gives_no_rate(self) -> None:
        head = invoice(_transactioncurrencyid_value=DOLLAR, exchangerate=1.0)
        assert voucher(read(head, surroundings=around(base="USD"))).exchange_rate is None

    def test_euros_need_none(self) -> None:
        assert (
            voucher(read(invoice(exchangerate=0.92), surroundings=around(base="USD"))).exchange_rate is None
        )

    def test_an_unknown_currency_holds_the_invoice(self) -> None:
        assert "currency_unknown" in keys(read(surroundings=around(currencies={})))


class TestLines:
    def test_amounts_are_exact(self) -> None:
        (line,) = lines(read(invoice(0.3, 0.05), [detail(0.3, 0.05)]))
        assert (line.amount, line.tax_rate) == (Decimal("0.25"), Decimal(19))

    def test_a_written_in_product_has_its_text_and_says_so(self) -> None:
        written = detail(isproductoverridden=True, _productid_value=None, productdescription="Anfahrt")
        (line,) = lines(read(details=[written]))
        assert (line.text, line.product, line.product_code) == ("Anfahrt", None, None)
        assert line.attributes == {"write_in": "yes"}

    def test_a_product_brings_code_and_category(self) -> None:
        product = {"productid": PRODUCT, "name": "Montage", "productnumber": "MONT", "new_category": 2}
        product[f"new_category{FORMATTED}"] = "Montage"
        rule = settings(columns={"invoice_date": "createdon", "category": "product.new_category"})
        (line,) = lines(read(rule=rule, surroundings=around(products={PRODUCT: product})))
        assert (line.product, line.product_code, line.category) == ("Montage", "MONT", "Montage")

    def test_lines_follow_their_numbers_and_what_moves_nothing_is_left_out(self) -> None:
        details = [detail(number=3, description="3"), detail(0.0, 0.0, 2), detail(number=1, description="1")]
        assert [line.text for line in lines(read(invoice(238.0, 38.0), details))] == [
            "Montage – 1",
            "Montage – 3",
        ]

    def test_a_price_that_contains_the_tax_is_recognised(self) -> None:
        (line,) = lines(read(details=[detail(119.0, 19.0, baseamount=119.0)]))
        assert (line.tax_method, line.amount, line.tax_rate) == ("inclusive", Decimal(119), Decimal(19))

    def test_a_tax_that_fits_no_rate_holds_the_invoice_with_all_such_lines(self) -> None:
        details = [detail(116.0, 16.0), detail(116.0, 16.0, 2)]
        reading = read(invoice(232.0, 32.0), details)
        (problem,) = reading.problems
        assert problem.key == "tax_rate_unclear"
        assert problem.facts["line"] == "Montage, Montage"
        assert (problem.facts["tax"], problem.facts["net"]) == ("16", "100")
        assert keys(read(invoice(232.0, 32.0), details, settings(tax_rates=[0, 7, 16, 19]))) == []

    def test_a_column_with_the_rate_goes_before_the_amount(self) -> None:
        rule = settings(columns={"invoice_date": "createdon", "tax_rate": "invoicedetail.new_rate"})
        (line,) = lines(read(details=[detail(0.06, 0.01, new_rate=19)], rule=rule))
        assert line.tax_rate == 19

    def test_taxes_that_were_rounded_on_each_of_many_lines_still_make_up_the_total(self) -> None:
        details = [detail(1.23, 0.2, number) for number in range(1, 31)]
        found = lines(read(invoice(36.9, 6.0), details))
        assert {(line.tax_method, line.amount) for line in found} == {("inclusive", Decimal("1.23"))}
        assert totals(found, "EUR").gross == Decimal("36.9")

    def test_the_tax_of_a_line_is_not_hidden_behind_another_rate(self) -> None:
        rule = settings(columns={"invoice_date": "createdon", "tax_rate": "invoicedetail.new_rate"})
        (line,) = lines(read(invoice(107.0, 7.0), [detail(107.0, 7.0, new_rate=19)], rule))
        assert (line.tax_method, line.amount) == ("exclusive", Decimal(100)), "so its total differs"

    def test_a_line_without_an_amount_holds_the_invoice(self) -> None:
        assert keys(read(details=[detail(extendedamount=None)])) == ["line_unreadable"]


class TestDiscounts:
    def head(self, **values: Any) -> dict[str, Any]:
        return invoice(totallineitemamount=200.0, **values)

    def test_a_discount_on_the_whole_is_shared_out_over_the_rates(self) -> None:
        details = [detail(117.1, 17.1), detail(106.3, 6.3, 2)]
        reading = read(self.head(total=203.4, tax=23.4, totaldiscountamount=20.0), details)
        assert keys(reading) == []
        assert [(line.amount, line.tax_rate) for line in lines(reading)] == [
            (Decimal(90), Decimal(19)),
            (Decimal(90), Decimal(7)),
        ]

    def test_it_may_be_an_amount_and_a_percentage(self) -> None:
        details = [detail(117.1, 17.1), detail(106.3, 6.3, 2)]
        head = self.head(total=203.4, tax=23.4, discountamount=10.0, discountpercentage=5.0)
        assert [line.amount for line in lines(read(head, details))] == [90, 90]

    def test_tax_of_the_full_price_holds_the_invoice(self) -> None:
        reading = read(self.head(total=209.0, tax=19.0, totaldiscountamount=10.0), [detail()])
        (problem,) = reading.problems
        assert problem.key == "tax_before_discount"
        assert (problem.facts["stated"], problem.facts["tax"]) == ("19", "17.10")


class TestFreight:
    def test_freight_holds_the_invoice_until_somebody_says_how_it_is_taxed(self) -> None:
        assert keys(read(invoice(168.0, freightamount=49.0))) == ["freight_unclear"]

    def test_freight_of_untaxed_goods_is_untaxed(self) -> None:
        reading = read(invoice(150.0, 0.0, freightamount=50.0), [detail(100.0, 0.0)])
        assert keys(reading) == []
        line = lines(reading)[-1]
        assert (line.amount, line.tax_rate, line.ancillary) == (Decimal(50), Decimal(0), True)

    def test_freight_is_split_over_the_rates_where_the_tax_of_the_invoice_contains_its_own(self) -> None:
        # 300 at 19 % and 100 at 7 %; of 40 net freight 30 have 19 % and 10 have 7 %: 5.70 and 0.70 tax.
        details = [detail(357.0, 57.0), detail(107.0, 7.0, 2)]
        reading = read(invoice(510.4, 70.4, freightamount=40.0), details)
        assert keys(reading) == []
        assert totals(lines(reading), "EUR").gross == Decimal("510.4")
        assert [(line.amount, line.tax_rate) for line in lines(reading) if line.ancillary] == [
            (Decimal(30), Decimal(19)),
            (Decimal(10), Decimal(7)),
        ]

    def test_so_little_freight_that_its_tax_is_a_cent_or_two_is_not_proved_by_the_total(self) -> None:
        assert keys(read(invoice(119.05, freightamount=0.05))) == ["freight_unclear"]

    def test_freight_follows_the_goods_where_the_settings_say_whether_it_contains_its_tax(self) -> None:
        rule = settings(freight={"amount_is": "gross"})
        details = [detail(107.0, 7.0)]
        reading = read(invoice(111.99, 7.0, freightamount=4.99), details, rule)
        assert keys(reading) == []
        line = lines(reading)[-1]
        assert (line.amount, line.tax_rate, line.tax_method) == (Decimal("4.99"), Decimal(7), "inclusive")

    def test_goods_of_unclear_tax_are_said_once_and_not_for_their_freight_too(self) -> None:
        reading = read(invoice(160.0, 11.0, freightamount=49.0), [detail(111.0, 11.0)])
        assert keys(reading) == ["tax_rate_unclear"]

    @pytest.mark.parametrize(("meant", "method"), [("gross", "inclusive"), ("net", "exclusive")])
    def test_freight_is_a_line_by_the_setting(self, meant: str, method: str) -> None:
        rule = settings(freight={"tax_rate": 19, "amount_is": meant, "product_code": "FRACHT"})
        reading = read(invoice(168.0, freightamount=49.0), rule=rule)
        assert keys(reading) == []
        line = lines(reading)[-1]
        assert (line.text, line.amount, line.tax_rate) == ("Fracht", Decimal(49), Decimal(19))
        assert line.tax_method == method
        assert (line.category, line.product_code, line.attributes) == ("Fracht", "FRACHT", {"freight": "yes"})
        assert line.ancillary


class TestParties:
    def test_a_company_has_its_own_name_and_the_address_of_the_invoice(self) -> None:
        rule = settings(columns={"invoice_date": "createdon", "vat_id": "account.new_vatid"})
        head = invoice(
            billto_name="z. H. Herrn Müller", billto_line1="Weg 1", billto_line2="Hof", billto_city="Wien"
        )
        head["billto_country"] = "Austria"
        found = around(customers={f"account/{CUSTOMER}": account(new_vatid="atu 123.456-78")})
        party = voucher(read(head, rule=rule, surroundings=found)).party
        assert party is not None
        assert (party.name, party.street, party.city) == ("Muster AG", "Weg 1 Hof", "Wien")
        assert (party.country, party.vat_id, party.is_business) == ("AT", "ATU12345678", True)
        assert party.external_id == f"account/{CUSTOMER}"

    def test_without_an_address_on_the_invoice_the_customers_counts(self) -> None:
        found = around(
            customers={f"account/{CUSTOMER}": account(address1_country="CH", address1_line1="Ring 2")}
        )
        party = voucher(read(invoice(billto_country=None), surroundings=found)).party
        assert party is not None
        assert (party.street, party.city, party.country) == ("Ring 2", "Köln", "CH")

    def test_a_person_is_no_business(self) -> None:
        head = invoice(**{f"_customerid_value{LOOKUP_TABLE}": "contact"})
        person = {"contactid": CUSTOMER, "fullname": "Anna Muster", "new_debtor": "10001"}
        rule = settings(
            columns={"invoice_date": "createdon", "debtor_number": ["account.a", "contact.new_debtor"]}
        )
        found = around(customers={f"contact/{CUSTOMER}": person})
        party = voucher(read(head, rule=rule, surroundings=found)).party
        assert party is not None
        assert (party.name, party.is_business, party.account) == ("Anna Muster", False, "10001")

    @pytest.mark.parametrize(
        ("label", "expected"), [("Firma", True), ("privat ", False), ("Verein", None), (None, True)]
    )
    def test_a_column_may_say_who_is_a_business(self, label: str | None, expected: bool | None) -> None:
        rule = settings(
            columns={"invoice_date": "createdon", "customer_kind": "account.customertypecode"},
            customer_kinds={"business": ["Firma"], "consumer": ["Privat"]},
        )
        row = account(customertypecode=None if label is None else 3)
        row[f"customertypecode{FORMATTED}"] = label
        found = around(customers={f"account/{CUSTOMER}": row})
        party = voucher(read(rule=rule, surroundings=found)).party
        assert party is not None
        assert party.is_business is expected

    @pytest.mark.parametrize(
        ("values", "key"),
        [
            ({"_customerid_value": None}, "party_missing"),
            ({"_customerid_value": PRODUCT}, "party_not_visible"),
            ({"billto_country": "BRD (alt)"}, "country_unknown"),
        ],
    )
    def test_a_customer_who_is_not_certain_holds_the_invoice(self, values: dict[str, Any], key: str) -> None:
        assert keys(read(invoice(**values))) == [key]

    def test_a_missing_country_is_the_one_of_the_settings(self) -> None:
        party = voucher(read(invoice(billto_country=None), rule=settings(default_country="DE"))).party
        assert party is not None
        assert party.country == "DE"


def test_the_same_content_has_the_same_revision_however_numbers_are_written() -> None:
    one, other = invoice(119.0), exactly({**invoice(119.0), "totalamount": 119})
    assert voucher(read(one)).revision() == voucher(read(other)).revision()
