"""Foreign money clears its item in euro too: what is left is a gain or a loss, and bears no tax."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, Held, entry
from mlconnector.mapping.open_items import Cleared, open_items
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import cleared, document, payment, rules


def sold(amount: str = "1000", rate: str | None = "1.1", currency: str = "USD", **facts: Any) -> Entry:
    line = EntryLine(
        account="10001",
        contra_account="8120",
        amount=Decimal(amount),
        tax_case="export_goods",
        tax_rate=Decimal(0),
    )
    return document(line, currency=currency, rate=rate, **facts)


def bought(amount: str = "1000", rate: str = "1.1") -> Entry:
    (line,) = sold(amount, rate).lines
    owed = msgspec.structs.replace(line, account="70001", amount=-line.amount, tax_case="import_goods")
    return document(owed, currency="USD", rate=rate)


def by(**payments: Any) -> Rules:
    """Rates that are easy to reckon with need not be those of the month."""
    return rules(payments={"default": "1200", **payments}, exchange_rate_limit=1000)


def paid(amount: str = "1000", rate: str = "1.1", discount: str = "0", **facts: Any) -> Voucher:
    values = {"currency": "USD", "exchange_rate": Decimal(rate), **facts}
    return payment(cleared("RE-1", amount, discount), **values)


def booked(of: Voucher, before: Sequence[Entry] = (), made_by: Rules | None = None) -> Entry:
    known: Cleared = open_items(before or [sold()])
    decision = decide(of, made_by or by(), cleared=known)
    assert isinstance(decision, Draft), decision
    return entry(decision, person="10001", document=None, revision="r1", turn=1)


def difference(of: Voucher, *before: Entry, made_by: Rules | None = None) -> tuple[str, str] | None:
    """Account and amount of the line that levels the item; None where there is none."""
    lines = [one for one in booked(of, before, made_by).lines if one.tax_case == "exchange_difference"]
    assert len(lines) <= 1
    return (lines[0].contra_account, f"{lines[0].amount:f}") if lines else None


def problem(of: Voucher, *before: Entry, made_by: Rules | None = None) -> str:
    decision = decide(of, made_by or by(), cleared=open_items(before))
    assert isinstance(decision, Held), decision
    (found,) = decision.problems
    return found.cause


@pytest.mark.parametrize(
    ("rate", "expected"),
    [("1.05", ("2660", "43.29")), ("1.2", ("2150", "-75.76")), ("1.1", None)],
)
def test_a_customer_pays_more_or_less_than_stands_in_the_books(
    rate: str, expected: tuple[str, str] | None
) -> None:
    assert difference(paid(rate=rate)) == expected


@pytest.mark.parametrize(("rate", "expected"), [("1.05", ("2150", "-43.29")), ("1.2", ("2660", "75.76"))])
def test_for_a_supplier_it_is_the_other_way_round(rate: str, expected: tuple[str, str]) -> None:
    assert difference(paid(rate=rate, direction="purchase"), bought()) == expected


def test_it_is_in_euro_on_the_person_account_under_the_number_of_the_document() -> None:
    (line,) = [one for one in booked(paid(rate="1.2")).lines if one.tax_case == "exchange_difference"]
    assert (line.currency, line.account, line.number) == ("EUR", "10001", "RE-1")
    assert (line.tax_key, line.tax_rate) == ("", Decimal(0))


def left_in_euro(*entries: Entry) -> Decimal:
    return open_items(entries)["RE-1"].euro


def test_the_item_is_even_in_euro_afterwards() -> None:
    assert left_in_euro(sold(), booked(paid(rate="1.2345"))) == 0


@pytest.mark.parametrize("rates", [("1.05", "1.2", "1.3"), ("1.1", "1.1", "1.1"), ("0.93", "1.07", "1.1")])
def test_part_payments_leave_no_cent_in_the_end(rates: Sequence[str]) -> None:
    entries = [sold("100")]
    for number, (amount, rate) in enumerate(zip(("33.33", "33.33", "33.34"), rates, strict=True)):
        entries.append(booked(paid(amount, rate, external_id=f"{number}"), entries))
    assert left_in_euro(*entries) == 0


def test_a_part_payment_realises_its_part() -> None:
    assert difference(paid("500", "1.2")) == ("2150", "-37.88")


def test_what_is_paid_beyond_the_item_is_on_account_at_its_own_rate() -> None:
    assert difference(paid("1200", "1.2")) == ("2150", "-75.76")
    assert difference(paid("100", "1.2"), sold(), booked(paid())) is None


def test_credit_notes_under_the_number_count() -> None:
    note = msgspec.structs.replace(sold("-400", "1.1"), voucher="credit_note/9")
    assert difference(paid("600", "1.2"), sold(), note) == ("2150", "-45.45")
    assert left_in_euro(sold(), note, booked(paid("600", "1.2"), [sold(), note])) == 0


def test_skonto_has_the_rate_of_the_document_and_no_difference() -> None:
    made = booked(paid("970", "1.05", "30"))
    (skonto,) = [one for one in made.lines if one.tax_case == "discount"]
    assert (skonto.exchange_rate, skonto.currency) == (Decimal("1.1"), "")
    assert left_in_euro(sold(), made) == 0


def test_skonto_in_foreign_money_is_not_left_to_datevs_column() -> None:
    vat = msgspec.structs.replace(sold().lines[0], tax_case="domestic_19", tax_rate=Decimal(19))
    known = document(vat, currency="USD", rate="1.1")
    made = booked(paid("970", "1.05", "30"), [known], by(discount="column"))
    assert [one.discount for one in made.lines] == [None, None, None]


def test_without_the_document_the_payment_waits() -> None:
    assert problem(paid()) == "cleared_document_unknown:number=RE-1"


def test_payments_alone_are_no_document() -> None:
    assert open_items([booked(paid())]) == {}


def test_money_on_account_needs_no_document() -> None:
    made = decide(payment(cleared(None), currency="USD", exchange_rate=Decimal(1)), by())
    assert isinstance(made, Draft)


@pytest.mark.parametrize(
    ("of", "before"),
    [
        (paid(), sold(currency="CHF")),
        (paid(), sold(currency="EUR", rate=None)),
        (payment(cleared("RE-1", "1000")), sold()),
    ],
)
def test_a_payment_in_another_currency_than_the_document_waits(of: Voucher, before: Entry) -> None:
    assert problem(of, before) == "cleared_currency_differs:number=RE-1"


def test_in_euro_there_is_none() -> None:
    assert difference(payment(cleared("RE-1", "1000")), sold(currency="EUR", rate=None)) is None


def test_the_client_may_have_accounts_of_its_own() -> None:
    named = by(exchange_gain="2661", exchange_loss="2151")
    assert difference(paid(rate="1.05"), made_by=named) == ("2661", "43.29")
    assert difference(paid(rate="1.2"), made_by=named) == ("2151", "-75.76")


def test_an_own_chart_has_to_name_them() -> None:
    own = rules({"chart": "own"}, payments={"default": "1200"})
    assert problem(paid(rate="1.2"), sold(), made_by=own) == "exchange_account_missing:effect=loss"


@pytest.mark.parametrize("number", ["8400", "1400", "26600"])
def test_an_account_that_cannot_take_it_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match="exchange_gain"):
        by(exchange_gain=number)


def test_money_of_whoever_pays_goes_to_the_account_on_which_the_document_stands() -> None:
    lines = booked(payment(cleared("RE-1", "1000")), [sold(currency="EUR", rate=None)]).lines
    assert {one.account for one in lines} == {"10001"}
    moved = [msgspec.structs.replace(one, account="10777") for one in sold().lines]
    elsewhere = document(*moved, currency="USD", rate="1.1")
    assert {one.account for one in booked(paid(rate="1.2"), [elsewhere]).lines} == {"10777"}


def test_a_document_on_several_accounts_waits() -> None:
    other = msgspec.structs.replace(sold().lines[0], account="10002")
    both = open_items([sold(), msgspec.structs.replace(sold(), lines=(other,))])
    decision = decide(paid(), by(), cleared=both)
    assert isinstance(decision, Held)
    assert [one.key for one in decision.problems] == ["cleared_on_several_accounts"]


def test_a_payment_of_several_documents_counts_on_each_of_them_whoever_paid() -> None:
    elsewhere = msgspec.structs.replace(sold().lines[0], account="10777")
    both = payment(cleared("RE-9", "5"), cleared("RE-1", "1000"), external_id="9")
    decision = decide(both, by(), cleared=open_items([document(elsewhere)]))
    assert isinstance(decision, Draft)
    made = entry(decision, person="10001", document=None, revision="r1", turn=1)
    assert {one.account for one in made.lines} == {"10001", "10777"}
    assert open_items([document(elsewhere), made])["RE-1"].amount == 0
