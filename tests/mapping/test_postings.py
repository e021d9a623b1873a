"""Postings: what DATEV makes of every line, and that debit and credit are always the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.drafts import entry as entry_of
from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.postings import account_name, postings, tax_differences
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine, reversed_entry
from mlconnector.model.vouchers import Allocation, Kind, Voucher
from tests.mapping.builders import AUSTRIAN, draft, line, party, rules, voucher

DEBTOR, CREDITOR = "10001", "70001"


def entry(of: Voucher, by: Rules | None = None) -> Entry:
    person = DEBTOR if of.direction == "sale" else CREDITOR
    return entry_of(draft(of, by), person=person, document=None, revision="r", turn=1)


def shown(of: Voucher, by: Rules | None = None) -> list[tuple[str, str, str]]:
    """Side, account and amount of each posting."""
    used = by or rules()
    return [(one.side, one.account, f"{one.amount:.2f}") for one in postings(entry(of, used), used)]


def purchase(*lines: Any, country: str = "DE", vat_id: str | None = None, **facts: Any) -> Voucher:
    supplier = party(country, vat_id)
    return voucher(*lines, direction="purchase", party=supplier, **facts)


def payment(*allocations: Allocation, direction: str = "sale") -> Voucher:
    bare = voucher(kind=Kind.PAYMENT, direction=direction, number="Z-1", allocations=allocations)
    return msgspec.structs.replace(bare, lines=())


def buying(**mapping: Any) -> Rules:
    return rules(default_expense=True, supply="service", **mapping)


def test_a_sale_is_gross_on_the_debtor_net_on_the_revenue_and_tax_on_its_account() -> None:
    assert shown(voucher(line("100"))) == [
        ("S", DEBTOR, "119.00"),
        ("H", "8400", "100.00"),
        ("H", "1776", "19.00"),
    ]


def test_a_credit_note_has_the_sides_swapped() -> None:
    note = voucher(line("-100"), kind=Kind.CREDIT_NOTE)
    assert shown(note) == [("H", DEBTOR, "119.00"), ("S", "8400", "100.00"), ("S", "1776", "19.00")]


def test_accounts_have_the_length_and_the_chart_of_the_client() -> None:
    by = rules({"chart": "SKR04", "account_length": 6})
    assert [account for _, account, _ in shown(voucher(line("100")), by)][1:] == ["440000", "380600"]


def test_a_purchase_deducts_its_input_tax() -> None:
    assert shown(purchase(line("100")), buying()) == [
        ("H", CREDITOR, "119.00"),
        ("S", "3400", "100.00"),
        ("S", "1576", "19.00"),
    ]


def test_without_deduction_the_whole_gross_is_cost() -> None:
    by = buying(input_tax=False)
    assert shown(purchase(line("100")), by) == [("H", CREDITOR, "119.00"), ("S", "3200", "119.00")]


def test_reverse_charge_owes_and_deducts_tax_on_top() -> None:
    service = purchase(line("100", "0"), country="AT", vat_id=AUSTRIAN)
    assert shown(service, buying(own_rate=19)) == [
        ("H", CREDITOR, "100.00"),
        ("S", "3123", "100.00"),
        ("S", "1577", "19.00"),
        ("H", "1787", "19.00"),
    ]


def test_tax_that_is_owed_but_not_deducted_is_part_of_the_cost() -> None:
    service = purchase(line("100", "0"), country="AT", vat_id=AUSTRIAN)
    found = shown(service, buying(own_rate=19, input_tax=False))
    assert found == [
        ("H", CREDITOR, "100.00"),
        ("S", "3100", "100.00"),
        ("S", "3100", "19.00"),
        ("H", "", "19.00"),
    ]


def test_what_carries_no_tax_has_two_postings() -> None:
    sale = voucher(line("100", "0"), party=party("AT", AUSTRIAN))
    assert shown(sale, rules(supply="goods")) == [("S", DEBTOR, "100.00"), ("H", "8125", "100.00")]


def test_tax_whose_account_the_seeds_do_not_know_has_no_account_and_says_so() -> None:
    sale = voucher(line("100", "20"), party=party("AT", is_business=False))
    by = rules(oss=True, supply="goods")
    tax = postings(entry(sale, by), by)[-1]
    assert (tax.account, tax.name, tax.amount) == ("", "Steuer laut DATEV", Decimal("20.00"))


def test_a_payment_moves_money_and_no_tax() -> None:
    by = rules(payments={"default": "1200"})
    assert shown(payment(Allocation(number="RE-1", amount=Decimal(119))), by) == [
        ("H", DEBTOR, "119.00"),
        ("S", "1200", "119.00"),
    ]


def test_skonto_takes_its_tax_back() -> None:
    by = rules(payments={"default": "1200"})
    paid = Allocation(
        number="RE-1", amount=Decimal("116.62"), discount=Decimal("2.38"), discount_rate=Decimal(19)
    )
    assert shown(payment(paid), by)[2:] == [
        ("H", DEBTOR, "2.38"),
        ("S", "8736", "2.00"),
        ("S", "1776", "0.38"),
    ]
    assert shown(payment(paid, direction="purchase"), by)[2:] == [
        ("S", CREDITOR, "2.38"),
        ("H", "3736", "2.00"),
        ("H", "1576", "0.38"),
    ]


def test_skonto_on_an_account_that_is_not_automatic_takes_tax_back_by_its_key() -> None:
    by = rules(payments={"default": "1200", "granted": {"19": "8700"}})
    paid = Allocation(number="RE-1", amount=Decimal(0), discount=Decimal("2.38"), discount_rate=Decimal(19))
    assert shown(payment(paid), by) == [("H", DEBTOR, "2.38"), ("S", "8700", "2.00"), ("S", "1776", "0.38")]


def test_skonto_without_tax_is_all_discount() -> None:
    by = rules(payments={"default": "1200"}, small_business=True)
    paid = Allocation(number="RE-1", amount=Decimal(0), discount=Decimal("2.38"), discount_rate=Decimal(0))
    assert shown(payment(paid), by) == [("H", DEBTOR, "2.38"), ("S", "8707", "2.38")]


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        ({}, [("S", "", "2.38")]),
        ({"discount_account": "8736"}, [("S", "8736", "2.00"), ("S", "1776", "0.38")]),
    ],
)
def test_skonto_in_datevs_own_column_clears_the_open_item_with_the_payment(
    settings: dict[str, str], taken: list[tuple[str, str, str]]
) -> None:
    by = rules(payments={"default": "1200", "discount": "column", **settings})
    paid = Allocation(
        number="RE-1", amount=Decimal("116.62"), discount=Decimal("2.38"), discount_rate=Decimal(19)
    )
    assert shown(payment(paid), by) == [("H", DEBTOR, "119.00"), ("S", "1200", "116.62"), *taken]


def test_each_posting_has_the_name_of_its_account() -> None:
    used = rules()
    made = entry(voucher(line("100")))
    assert [one.name for one in postings(made, used)] == [
        "Holzbau Müller GmbH",
        "Erlöse 19 % USt",
        "Umsatzsteuer 19 %",
    ]
    assert account_name("8999", made, used) == ""


def test_tax_is_rounded_half_up_for_each_line_and_the_difference_to_the_document_is_told() -> None:
    by = rules(cost_centre_1={"attribute": "centre", "table": {"a": "1", "b": "2", "c": "3"}})
    parts = [msgspec.structs.replace(line("0.09"), attributes={"centre": centre}) for centre in "abc"]
    sale = voucher(*parts)
    (difference,) = tax_differences(sale, entry(sale, by), by)
    booked = sum(one.amount for one in postings(entry(sale, by), by) if one.part == "tax")
    assert (difference.rate, difference.document, difference.booked) == (
        Decimal(19),
        Decimal("0.05"),
        booked,
    )
    assert booked == Decimal("0.06")


def test_a_document_that_adds_up_as_datev_does_has_no_difference() -> None:
    sale = voucher(line("100"), line("50", "7"))
    assert tax_differences(sale, entry(sale), rules()) == ()


_AMOUNTS = st.decimals("-99999", "99999", places=2).filter(lambda amount: amount != 0)
_CASES = st.sampled_from([*tax_cases(), PAYMENT, DISCOUNT, "a case of former times"])


@st.composite
def _lines(draw: st.DrawFn) -> EntryLine:
    amount = draw(_AMOUNTS)
    discount = draw(st.none() | st.just((amount / 50).quantize(Decimal("0.01"))))
    return EntryLine(
        account=DEBTOR,
        contra_account=draw(st.sampled_from(["8400", "8200", "8736", "3100", "1200", "9999"])),
        amount=amount,
        tax_case=draw(_CASES),
        tax_rate=draw(st.sampled_from([Decimal(19), Decimal(7), Decimal(0), Decimal("5.5")])),
        tax_added=draw(st.booleans()),
        tax_key=draw(st.sampled_from(["", "3", "9", "100", "777"])),
        discount=discount,
        discount_account=draw(st.sampled_from(["", "8736", "8700", "9998"])),
    )


@given(st.lists(_lines(), min_size=1, max_size=4), st.sampled_from(["SKR03", "SKR04", "own"]))
def test_debit_and_credit_of_every_line_are_the_same(lines: list[EntryLine], chart: str) -> None:
    made = Entry(
        voucher="invoice/1",
        revision="r",
        kind="original",
        turn=1,
        document_date=date(2026, 7, 1),
        number="RE-1",
        currency="EUR",
        lines=tuple(lines),
    )
    by = rules({"chart": chart})
    for one in (made, reversed_entry(made, revision="r", turn=2)):
        for number in range(1, len(lines) + 1):
            sides = {"S": Decimal(0), "H": Decimal(0)}
            for posting in postings(one, by):
                assert posting.amount > 0
                if posting.of_line == number:
                    sides[posting.side] += posting.amount
            assert sides["S"] == sides["H"]
