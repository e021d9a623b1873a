"""Sums and balances: what DATEV has on each account after the rows that it got, its own postings included."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.flow.report.balances import Balances, in_euro
from mlconnector.model.entries import Entry
from mlconnector.model.vouchers import Kind
from tests.flow.report.bookings import Ledger, paying
from tests.mapping.builders import AUSTRIAN, cleared, document, line, party, payment, purchase, voucher


def told(made: Balances) -> list[str]:
    """A row for each account: number, debit, credit, balance, rows, and what DATEV has to do with it."""
    return [
        f"{one.number} {one.euro.debit} {one.euro.credit} {one.euro.balance} {one.rows} {one.by_datev}"
        for one in made.accounts
    ]


def test_the_tax_of_an_automatic_account_is_datev_s_own_posting() -> None:
    ledger = Ledger()
    ledger.book(voucher(line("100"), line("50", "7")))
    ledger.book(payment(cleared(amount="100")))
    assert told(ledger.balances()) == [
        "1200 100.00 0.00 100.00 1 no",
        "1771 0.00 3.50 -3.50 1 yes",
        "1776 0.00 19.00 -19.00 1 yes",
        "8300 0.00 50.00 -50.00 1 no",
        "8400 0.00 100.00 -100.00 1 no",
        "10001 172.50 100.00 72.50 3 no",
    ]


def test_tax_that_the_client_owes_itself_is_owed_and_deducted() -> None:
    ledger = Ledger(paying(supply="service", own_rate=19))
    ledger.book(purchase(line("100", "0"), country="AT", vat_id=AUSTRIAN))
    made = ledger.balances()
    own = {one.number: (one.euro.debit, one.euro.credit) for one in made.accounts if one.by_datev == "yes"}
    assert sorted(own.values()) == [
        (Decimal("0.00"), Decimal("19.00")),
        (Decimal("19.00"), Decimal("0.00")),
    ]
    assert [one.which for one in made.accounts][-1] == "payable"


def test_a_reversal_swaps_the_sides_and_a_generalumkehr_lowers_them() -> None:
    for way, person in (
        ("swap", "10001 119.00 119.00 0.00 2 no"),
        ("generalumkehr", "10001 0.00 0.00 0.00 2 no"),
    ):
        ledger = Ledger(paying(books={"reversals": way}))
        ledger.take_back(ledger.book(voucher()))
        assert told(ledger.balances())[-1] == person


def test_foreign_money_is_summed_in_euro_as_datev_taxes_it_and_beside_that_in_its_currency() -> None:
    ledger = Ledger()
    ledger.book(voucher(line("100.01"), currency="CHF", exchange_rate=Decimal("0.93")))
    made = ledger.balances()
    assert told(made) == [
        "1776 0.00 20.43 -20.43 1 yes",
        "8400 0.00 107.54 -107.54 1 no",
        "10001 127.97 0.00 127.97 1 no",
    ]
    assert {one.number: one.foreign["CHF"].balance for one in made.accounts} == {
        "1776": Decimal("-19.00"),
        "8400": Decimal("-100.01"),
        "10001": Decimal("119.01"),
    }


def test_what_is_nothing_in_euro_moves_nothing() -> None:
    assert in_euro(document(currency="JPY", rate="1000000000")) is None


def test_the_net_of_a_document_is_converted_as_its_amount_is() -> None:
    # 30.03 CHF are 32.29 EUR; 10.01 CHF alone are 10.76
    untaxed = {"rate": 0, "region": "domestic", "case": "purchase_without_tax"}
    ledger = Ledger(paying(tax_case=[untaxed]))
    rates = (line("10.01"), line("10.01", "7"), line("10.01", "0"))
    made = ledger.book(purchase(*rates, currency="CHF", exchange_rate=Decimal("0.93"))).entry
    assert nets_in_euro(made) == ["-10.77", "-10.76", "-10.76"]
    some = msgspec.structs.replace(
        made, lines=(msgspec.structs.replace(made.lines[0], net=None), *made.lines[1:])
    )
    assert nets_in_euro(some) == ["None", "-10.77", "-10.76"]


def nets_in_euro(of: Entry) -> list[str]:
    books = in_euro(of)
    assert books is not None
    return [f"{one.net}" for one in books.lines]


def test_persons_come_after_the_accounts_and_both_kinds_make_the_total() -> None:
    ledger = Ledger()
    ledger.book(voucher())
    ledger.book(purchase(external_id="2"))
    made = ledger.balances()
    assert [(one.which, one.number) for one in made.accounts][-2:] == [
        ("receivable", "10001"),
        ("payable", "70001"),
    ]
    assert made.total("receivable").balance == Decimal("119.00")
    assert made.total("payable").balance == Decimal("-119.00")
    assert made.total().balance == Decimal("0.00")


AMOUNTS = st.decimals(min_value="0.01", max_value="99999", places=2)
LINES = st.lists(st.tuples(AMOUNTS, st.sampled_from(["19", "7"])), min_size=1, max_size=4)
DOCUMENTS = st.lists(
    st.tuples(LINES, st.sampled_from(["sale", "purchase", "abroad", "credit_note", "taken_back"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(documents=DOCUMENTS, way=st.sampled_from(["swap", "generalumkehr"]))
def test_debit_and_credit_are_the_same_whatever_was_booked(
    documents: list[tuple[list[tuple[Decimal, str]], str]], way: str
) -> None:
    ledger = Ledger(paying(books={"reversals": way, "credit_notes": way}))
    for at, (lines, what) in enumerate(documents):
        sign = -1 if what == "credit_note" else 1
        made = [line(f"{sign * amount}", rate) for amount, rate in lines]
        named = {"number": f"RE-{at}", "external_id": f"{at}"}
        if what == "abroad":
            ledger.book(voucher(*made, currency="CHF", exchange_rate=Decimal("0.9371"), **named))
        elif what == "purchase":
            ledger.book(purchase(*made, **named))
        elif what == "credit_note":
            ledger.book(voucher(*made, kind=Kind.CREDIT_NOTE, **named))
        else:
            booked = ledger.book(voucher(*made, **named))
            if what == "taken_back":
                ledger.take_back(booked)
    made_of_it = ledger.balances()
    assert made_of_it.total().debit == made_of_it.total().credit
    for currency in {each for one in made_of_it.accounts for each in one.foreign}:
        foreign = [one.foreign[currency] for one in made_of_it.accounts if currency in one.foreign]
        assert sum(one.balance for one in foreign) == 0


def test_a_party_is_a_debtor_whatever_country_it_is_in() -> None:
    ledger = Ledger()
    ledger.book(voucher(line("100", "0", supply="goods"), party=party("AT", AUSTRIAN)))
    assert [(one.which, one.name) for one in ledger.balances().accounts if one.which != "general"] == [
        ("receivable", "Holzbau Müller GmbH")
    ]
