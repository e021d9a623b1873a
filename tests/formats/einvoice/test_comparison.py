"""An e-invoice has to say what is booked: number, date, kind, parties, reference, currencies and totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.formats.einvoice.comparison import Difference, differences, remarks, speaks_of_down_payments
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.invoice import EInvoice
from mlconnector.formats.einvoice.seller import Seller
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Voucher
from tests.formats.einvoice.builders import BUYER, SELLER, VOUCHER, changed, line, xml


def einvoice(**terms: Any) -> EInvoice:
    found = examine(xml(**terms), rules=False).invoice
    assert found is not None
    return found


SAME = einvoice()


def compared(of: Voucher, with_: EInvoice = SAME, tolerance: str = "0", **more: Any) -> list[Difference]:
    return differences(of, totals(of.lines, of.currency), with_, Decimal(tolerance), **more)


def party(**facts: Any) -> Voucher:
    return changed(party=msgspec.structs.replace(BUYER, **facts))


GIVEN_BACK = changed(kind=Kind.CREDIT_NOTE, lines=(line("-200.00"), line("-20.00", "7")))


def test_nothing_differs_where_both_say_the_same() -> None:
    assert compared(VOUCHER) == []


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"number": "RE-2026-0043"}, Difference("number", "RE-2026-0043", "RE-2026-0042")),
        ({"number": "re-2026-0042"}, Difference("number", "re-2026-0042", "RE-2026-0042")),
        ({"number": "RE 2026 0042"}, Difference("number", "RE 2026 0042", "RE-2026-0042")),
        ({"document_date": date(2026, 11, 1)}, Difference("date", "2026-11-01", "2026-10-31")),
        ({"currency": "USD"}, Difference("currency", "USD", "EUR")),
        (
            {"party": msgspec.structs.replace(BUYER, vat_id="ATU13585627")},
            Difference("vat_id", "ATU13585627", "DE129273398"),
        ),
    ],
)
def test_each_difference_is_shown_side_by_side(facts: dict[str, Any], found: Difference) -> None:
    assert compared(changed(**facts)) == [found]


def test_all_differences_are_shown_at_once() -> None:
    other = changed(number="X", document_date=date(2026, 1, 1), lines=(line("100"),))
    assert [one.field for one in compared(other)] == ["number", "date", "net", "tax", "gross"]


def test_amounts_are_shown_in_plain_numbers() -> None:
    (net, tax, gross) = compared(changed(lines=(line("100"),)))
    assert (net, tax, gross) == (
        Difference("net", "100", "220"),
        Difference("tax", "19", "39.4"),
        Difference("gross", "119", "259.4"),
    )


def test_blanks_around_a_number_do_not_matter() -> None:
    assert compared(changed(number=" RE-2026-0042 ")) == []


def test_the_way_a_vat_id_is_written_does_not_matter() -> None:
    assert compared(changed(party=msgspec.structs.replace(BUYER, vat_id="de 129.273.398"))) == []


def test_a_vat_id_that_only_one_of_them_has_is_no_difference() -> None:
    assert compared(changed(party=msgspec.structs.replace(BUYER, vat_id=None))) == []
    assert compared(VOUCHER, replace(SAME, buyer_vat_id="")) == []
    assert compared(changed(party=None)) == []


def test_in_a_purchase_the_sellers_vat_id_is_compared() -> None:
    bought = changed(direction="purchase", party=msgspec.structs.replace(BUYER, vat_id="DE136695976"))
    assert compared(bought) == []
    other = changed(direction="purchase", party=msgspec.structs.replace(BUYER, vat_id="ATU13585627"))
    assert compared(other)[0] == Difference("vat_id", "ATU13585627", "DE136695976")


def test_a_credit_note_states_positive_amounts_for_negative_ones() -> None:
    given_back = changed(kind=Kind.CREDIT_NOTE, lines=(line("-200.00"), line("-20.00", "7")))
    assert compared(given_back, einvoice(BT_3="381")) == []
    assert compared(given_back) == [
        Difference("type", "credit_note", "380"),
        Difference("net", "-220", "220"),
        Difference("tax", "-39.4", "39.4"),
        Difference("gross", "-259.4", "259.4"),
    ]


def test_tax_that_was_rounded_elsewhere_may_be_off_where_the_gross_is_the_same() -> None:
    cent = replace(SAME, net=Decimal("220.01"), tax=Decimal("39.39"))
    assert [one.field for one in compared(VOUCHER, cent)] == ["net", "tax"]
    assert compared(VOUCHER, cent, "0.05") == []


def test_a_gross_that_is_off_by_a_cent_is_a_difference_within_any_tolerance() -> None:
    cent = replace(SAME, gross=Decimal("259.41"), payable=Decimal("259.41"))
    assert compared(VOUCHER, cent, "0.05") == [Difference("gross", "259.4", "259.41")]


def test_an_invoice_that_does_not_state_its_tax_has_what_gross_and_net_leave() -> None:
    assert compared(VOUCHER, replace(SAME, tax=None)) == []


class TestTheKindOfDocument:
    @pytest.mark.parametrize("code", ["380", "389", "877", "751", "388"])
    def test_an_invoice_is_one_under_every_code_for_it(self, code: str) -> None:
        assert compared(VOUCHER, replace(SAME, type_code=code)) == []

    @pytest.mark.parametrize("code", ["384", "325", "130", "999"])
    def test_another_code_is_a_difference(self, code: str) -> None:
        assert compared(VOUCHER, replace(SAME, type_code=code)) == [Difference("type", "invoice", code)]

    def test_an_invoice_voucher_is_no_credit_note(self) -> None:
        fields = [one.field for one in compared(VOUCHER, replace(SAME, type_code="381"))]
        assert fields == ["type", "net", "tax", "gross"]

    @pytest.mark.parametrize("code", ["380", "384", "751"])
    def test_a_credit_note_may_be_an_invoice_over_less_than_nothing(self, code: str) -> None:
        sums = {name: -getattr(SAME, name) for name in ("net", "tax", "gross", "payable")}
        assert compared(GIVEN_BACK, replace(SAME, type_code=code, **sums)) == []

    def test_two_wrongs_do_not_make_an_invoice(self) -> None:
        sums = {name: -getattr(SAME, name) for name in ("net", "tax", "gross", "payable")}
        assert compared(VOUCHER, replace(SAME, type_code="381", **sums)) == [
            Difference("type", "invoice", "381")
        ]

    @pytest.mark.parametrize("code", ["380", "751"])
    def test_a_direct_cost_is_invoiced_by_its_supplier(self, code: str) -> None:
        cost = changed(kind=Kind.DIRECT_COST, direction="purchase", party=None)
        assert compared(cost, replace(SAME, type_code=code)) == []

    def test_a_payment_has_no_invoice(self) -> None:
        assert "type" in {one.field for one in compared(changed(kind=Kind.PAYMENT))}


class TestTheParties:
    @pytest.mark.parametrize(
        "name",
        [
            "Holzbau Mueller",
            "HOLZBAU MÜLLER GmbH & Co. KG",
            "Müller Holzbau",
            "Holzbau Müler G.m.b.H.",
            "Müller",
        ],
    )
    def test_a_name_may_be_written_in_any_way(self, name: str) -> None:
        assert compared(party(name=name, vat_id=None)) == []

    def test_another_name_is_a_difference_where_no_vat_id_says_who_it_is(self) -> None:
        assert compared(party(name="Zimmerei Nord", vat_id=None)) == [
            Difference("party", "Zimmerei Nord", "Holzbau Müller GmbH")
        ]
        assert compared(party(name="Zimmerei Nord")) == []

    def test_a_trading_name_is_a_name(self) -> None:
        traded = replace(SAME, buyer_names=("HBM Beteiligungen SE", "Zimmerei Nord"))
        assert compared(party(name="Zimmerei Nord", vat_id=None), traded) == []

    def test_another_country_is_a_difference(self) -> None:
        assert compared(party(country="AT")) == [Difference("country", "AT", "DE")]

    @pytest.mark.parametrize(
        ("ours", "theirs"), [("GR", "EL"), ("GB", "UK"), ("GB", "XI"), (None, "AT"), ("AT", "")]
    )
    def test_one_country_has_several_codes_and_one_that_is_not_said_is_none(
        self, ours: str | None, theirs: str
    ) -> None:
        assert compared(party(country=ours), replace(SAME, buyer_country=theirs)) == []

    def test_greek_vat_ids_begin_in_two_ways(self) -> None:
        greek = replace(SAME, buyer_vat_id="GR 094259216")
        assert compared(party(vat_id="EL094259216"), greek) == []

    @pytest.mark.parametrize("vat_id", ["DE136695976", None])
    def test_a_sale_that_the_customer_has_issued_goes_the_other_way(self, vat_id: str | None) -> None:
        found = compared(party(name="Musterholz", vat_id=vat_id))
        assert Difference("direction", "sale", "Musterholz GmbH") in found

    def test_a_purchase_that_we_have_issued_goes_the_other_way(self) -> None:
        found = compared(changed(direction="purchase"))
        assert Difference("direction", "purchase", "Holzbau Müller GmbH") in found

    def test_we_are_the_seller_of_a_sale_and_the_buyer_of_a_purchase(self) -> None:
        assert compared(VOUCHER, own=SELLER) == []
        other = Seller.model_validate(
            SELLER.model_dump() | {"vat_id": "DE129273398", "name": "Holzbau Müller"}
        )
        assert compared(VOUCHER, own=other) == [
            Difference("own", "Holzbau Müller (DE129273398)", "Musterholz GmbH (DE136695976)")
        ]
        bought = changed(
            direction="purchase", party=msgspec.structs.replace(BUYER, name="Musterholz", vat_id=None)
        )
        assert compared(bought, own=other) == []
        assert [one.field for one in compared(bought, own=SELLER)] == ["own"]


class TestTheInvoiceThatIsCorrected:
    GIVEN = einvoice(BT_3="381", BG_3=[{"BT-25": "RE-1"}, {"BT-25": "RE-2"}])

    def test_is_one_of_those_that_the_credit_note_names(self) -> None:
        assert compared(msgspec.structs.replace(GIVEN_BACK, refers_to="RE-2"), self.GIVEN) == []

    def test_is_a_difference_where_it_is_another_one(self) -> None:
        found = compared(msgspec.structs.replace(GIVEN_BACK, refers_to="RE-3"), self.GIVEN)
        assert found == [Difference("refers_to", "RE-3", "RE-1, RE-2")]

    def test_is_only_noted_where_the_voucher_names_none(self) -> None:
        assert compared(GIVEN_BACK, self.GIVEN) == []
        assert not speaks_of_down_payments(GIVEN_BACK, self.GIVEN)
        assert [note.rule for note in remarks(GIVEN_BACK, self.GIVEN)] == ["einvoice_corrects"]


class TestTheCurrencyOfTheTax:
    DOLLARS = replace(SAME, currency="USD", tax_currency="EUR", accounting_tax=Decimal("36.48"))
    VOUCHER = changed(currency="USD", exchange_rate=Decimal("1.08"))

    def test_the_tax_in_euro_is_that_of_the_exchange_rate(self) -> None:
        assert compared(self.VOUCHER, self.DOLLARS, exchange_rate=Decimal("1.08")) == []

    def test_a_tax_by_another_rate_is_a_difference(self) -> None:
        found = compared(self.VOUCHER, self.DOLLARS, exchange_rate=Decimal("1.10"))
        assert found == [Difference("tax_in_euro", "35.82", "36.48")]

    def test_a_tax_that_is_not_declared_in_euro_is_a_difference(self) -> None:
        assert compared(VOUCHER, replace(SAME, tax_currency="CHF", accounting_tax=Decimal(36))) == [
            Difference("tax_currency", "EUR", "CHF")
        ]

    def test_a_tax_in_the_currency_of_the_invoice_says_nothing_new(self) -> None:
        assert compared(VOUCHER, replace(SAME, tax_currency="EUR")) == []


class TestTheAmountDue:
    def test_is_what_is_booked(self) -> None:
        assert compared(VOUCHER, replace(SAME, payable=Decimal(0))) == [Difference("payable", "259.4", "0")]

    def test_may_be_rounded_and_that_is_noted(self) -> None:
        rounded = replace(SAME, payable=Decimal("259.35"))
        assert compared(VOUCHER, rounded, "0.05") == []
        (note,) = remarks(VOUCHER, rounded)
        assert (note.rule, note.facts) == ("einvoice_rounded", {"gross": "259.4", "payable": "259.35"})


class TestDownPayments:
    def test_an_invoice_like_any_other_is_none(self) -> None:
        assert not speaks_of_down_payments(VOUCHER, SAME)
        assert not speaks_of_down_payments(VOUCHER, replace(SAME, prepaid=Decimal("0.00"), type_code="877"))

    @pytest.mark.parametrize("syntax", ["factur-x", "ubl-2.1"])
    def test_what_was_paid_in_advance_is_one(self, syntax: str) -> None:
        found = examine(xml(syntax, BT_113="59.50", BT_115="199.90"), rules=False).invoice
        assert found is not None
        assert speaks_of_down_payments(VOUCHER, found)
        assert compared(VOUCHER, found) == []

    def test_so_is_one_that_was_paid_in_advance_as_a_whole(self) -> None:
        assert speaks_of_down_payments(VOUCHER, replace(SAME, prepaid=SAME.gross, payable=Decimal(0)))

    @pytest.mark.parametrize("code", ["386", "326", "875", "876", "500", "211"])
    def test_so_is_a_code_for_one_and_it_is_no_difference_of_its_own(self, code: str) -> None:
        asked = replace(SAME, type_code=code)
        assert speaks_of_down_payments(VOUCHER, asked)
        assert compared(VOUCHER, asked) == []

    def test_so_is_an_invoice_that_settles_earlier_ones(self) -> None:
        assert speaks_of_down_payments(VOUCHER, replace(SAME, preceding=("AR-1",)))
        assert not speaks_of_down_payments(changed(refers_to="AR-1"), replace(SAME, preceding=("AR-1",)))
        assert not speaks_of_down_payments(VOUCHER, replace(SAME, preceding=("RE-1",), type_code="384"))
