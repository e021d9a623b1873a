"""The foot of a Buchungsliste adds up what its rows are, as the documents have it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.flow.preview.booking_list import Previewed, listed
from mlconnector.flow.preview.sums import CaseKey, Sums
from mlconnector.mapping.drafts import entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import reversed_entry
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Allocation, Kind, Voucher
from tests.mapping.builders import AUSTRIAN, draft, line, party, rules, voucher

SALE_19 = CaseKey("domestic_19", Decimal(19), "EUR")


def shown(of: Voucher, by: Rules) -> Previewed:
    person = "10001" if of.direction == "sale" else "70001"
    made = entry(draft(of, by), person=person, document=None, revision="r", turn=1)
    return listed(Previewed(of.external_id, number=of.number or "", voucher=of), [made], by)


def sums(by: Rules, *vouchers: Voucher) -> Sums:
    found = Sums(by)
    for one in vouchers:
        found.add(shown(one, by))
    return found


def amounts(found: Sums, key: CaseKey) -> tuple[str, str, str]:
    one = found.cases[key]
    return f"{one.net:.2f}", f"{one.tax:.2f}", f"{one.gross:.2f}"


def paid(**discount: Any) -> Voucher:
    allocation = Allocation(number="RE-1", amount=Decimal("116.62"), **discount)
    bare = voucher(kind=Kind.PAYMENT, number="Z-1", allocations=(allocation,))
    return msgspec.structs.replace(bare, lines=())


def test_credit_notes_count_negative_and_the_sides_are_those_of_the_rows() -> None:
    note = voucher(line("-50"), kind=Kind.CREDIT_NOTE, number="GS-1", external_id="2")
    found = sums(rules(), voucher(line("100")), note)
    assert amounts(found, SALE_19) == ("50.00", "9.50", "59.50")
    assert (found.debit, found.credit) == ({"EUR": Decimal("119.00")}, {"EUR": Decimal("59.50")})
    assert (found.vouchers, found.rows, found.persons) == (2, 2, {"receivable": {"10001"}})


def test_each_rate_and_each_currency_has_its_own_sum() -> None:
    mixed = voucher(line("100"), line("50", "7"))
    dollars = voucher(line("10"), currency="USD", exchange_rate=Decimal("1.2"), external_id="2")
    found = sums(rules(), mixed, dollars)
    assert set(found.cases) == {
        SALE_19,
        CaseKey("domestic_7", Decimal(7), "EUR"),
        CaseKey("domestic_19", Decimal(19), "USD"),
    }


def test_purchases_count_as_their_documents_do() -> None:
    bought = voucher(line("100"), direction="purchase")
    found = sums(rules(default_expense=True, supply="goods"), bought)
    assert amounts(found, CaseKey("input_tax_19", Decimal(19), "EUR")) == ("100.00", "19.00", "119.00")
    assert found.persons == {"payable": {"70001"}}


def test_tax_that_comes_on_top_is_not_in_the_gross() -> None:
    service = voucher(line("100", "0"), direction="purchase", party=party("AT", AUSTRIAN))
    found = sums(rules(default_expense=True, supply="service", own_rate=19), service)
    key = CaseKey("eu_service_received_19", Decimal(19), "EUR")
    assert amounts(found, key) == ("100.00", "19.00", "100.00")
    assert found.cases[key].added


def test_payments_count_positive_and_skonto_takes_tax_back() -> None:
    by = rules(payments={"default": "1200"})
    found = sums(by, paid(discount=Decimal("2.38"), discount_rate=Decimal(19)))
    assert amounts(found, CaseKey("payment", Decimal(0), "EUR")) == ("116.62", "0.00", "116.62")
    assert amounts(found, CaseKey("discount", Decimal(19), "EUR")) == ("-2.00", "-0.38", "-2.38")


def test_skonto_in_datevs_own_column_is_counted_beside_the_payment() -> None:
    by = rules(payments={"default": "1200", "discount": "column", "discount_account": "8736"})
    found = sums(by, paid(discount=Decimal("2.38"), discount_rate=Decimal(19)))
    assert amounts(found, CaseKey("payment", Decimal(0), "EUR")) == ("116.62", "0.00", "116.62")
    assert amounts(found, CaseKey("discount", Decimal(0), "EUR")) == ("-2.00", "-0.38", "-2.38")


def test_what_takes_a_booking_back_cancels_it() -> None:
    by, sale = rules(), voucher(line("100"))
    made = entry(draft(sale, by), person="10001", document=None, revision="r", turn=1)
    found = Sums(by)
    found.add(listed(Previewed("815", voucher=sale), [reversed_entry(made, revision="s", turn=1), made], by))
    assert amounts(found, SALE_19) == ("0.00", "0.00", "0.00")


def test_what_waits_is_counted_by_cause_and_what_is_left_out_by_reason() -> None:
    found = Sums(rules())
    problem = Problem("country_unknown", {"country": "XX"}, ("country",))
    for number in ("1", "2"):
        found.add(Previewed(number, problems=(problem,)))
    found.add(Previewed("3", ignored="zero_value"))
    assert (found.held, found.waits[problem.cause].vouchers) == (2, ["1", "2"])
    assert found.ignored == {"zero_value": ["3"]}


def test_rounding_and_lines_left_out_are_noted_with_their_voucher() -> None:
    sale = voucher(line("100"), line("0", text="Zugabe"), stated_total=Decimal("119.01"))
    found = sums(rules(), sale)
    assert [(label, why.field, why.value) for label, why in found.notes] == [
        ("RE-1", "dropped", "Zugabe"),
        ("RE-1", "rounding", "0.01"),
    ]


def test_proposals_that_nobody_has_confirmed_are_named() -> None:
    by = rules()
    found = sums(by, voucher(line("100")))
    assert [one.name for one in found.unconfirmed()] == ["tax_case:domestic_19", "account:8400"]
    confirmed = {one.name: one.fingerprint for one in found.unconfirmed()}
    after = sums(by.model_copy(update={"confirmed": confirmed}), voucher(line("100")))
    assert after.unconfirmed() == ()


def test_a_document_whose_tax_datev_works_out_otherwise_is_named() -> None:
    centres = {"attribute": "centre", "table": {"a": "1", "b": "2", "c": "3"}}
    parts = [msgspec.structs.replace(line("0.09"), attributes={"centre": centre}) for centre in "abc"]
    found = sums(rules(cost_centre_1=centres), voucher(*parts, document_date=date(2026, 7, 1)))
    ((label, currency, difference),) = found.differences
    assert (label, currency, difference.booked - difference.document) == ("RE-1", "EUR", Decimal("0.01"))
