"""What debtors and creditors still owe: the very rows that were booked, added up under their Belegfeld 1."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.flow.report.open_items import Ageing, OpenItem, total
from mlconnector.model.vouchers import Allocation, DownPayment, Instalment, Kind, Retained, Voucher
from tests.flow.report.bookings import Ledger, paying, shown
from tests.mapping.builders import AUSTRIAN, cleared, line, party, payment, purchase, voucher


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def lines(ledger: Ledger, **more: Any) -> list[str]:
    return [shown(item) for item in ledger.items(**more)]


def credit_note(amount: str = "-50", number: str = "GS-1", **facts: Any) -> Voucher:
    return voucher(line(amount), kind=Kind.CREDIT_NOTE, number=number, external_id=number, **facts)


def paid(*allocations: Allocation, number: str = "Z-1", **facts: Any) -> Voucher:
    return payment(*allocations, number=number, external_id=number, **facts)


def test_an_invoice_is_open_until_it_is_paid(ledger: Ledger) -> None:
    ledger.book(voucher())
    assert lines(ledger) == ["RE-1: original 119.00, open 119.00 EUR"]
    ledger.book(paid(cleared()))
    assert lines(ledger) == []
    assert lines(ledger, all_items=True) == ["RE-1: original 119.00, payments -119.00, open 0.00 EUR"]


def test_a_part_payment_leaves_the_rest(ledger: Ledger) -> None:
    ledger.book(voucher())
    ledger.book(paid(cleared(amount="100")))
    assert lines(ledger) == ["RE-1: original 119.00, payments -100.00, open 19.00 EUR"]


def test_skonto_clears_like_money_whether_it_has_a_row_or_datev_s_column() -> None:
    for how in ("rows", "column"):
        of_datev = {"discount": "column", "discount_account": "8730"} if how == "column" else {}
        ledger = Ledger(paying(payments=of_datev))
        ledger.book(voucher())
        made = ledger.book(paid(cleared(amount="116.62", discount="2.38", rate="19")))
        assert (made.entry.lines[0].discount is not None) == (how == "column")
        assert lines(ledger, all_items=True) == [
            "RE-1: original 119.00, payments -116.62, discounts -2.38, open 0.00 EUR"
        ]


def test_an_overpayment_is_a_credit_balance_and_not_overdue(ledger: Ledger) -> None:
    ledger.book(voucher(due_date=date(2026, 8, 1)))
    ledger.book(paid(cleared(amount="126")))
    (item,) = ledger.items()
    assert shown(item) == "RE-1: original 119.00, payments -126.00, open -7.00 EUR"
    assert (item.days_overdue, item.ageing) == (0, Ageing(credit=Decimal("-7.00")))


def test_money_on_account_is_a_credit_balance_under_its_own_number(ledger: Ledger) -> None:
    ledger.book(paid(cleared(number=None, amount="50"), number="Z-7"))
    (item,) = ledger.items()
    assert (shown(item), item.has_document) == ("Z-7: payments -50.00, open -50.00 EUR", False)


def test_a_credit_note_has_an_item_of_its_own_or_clears_its_invoice() -> None:
    own = Ledger()
    own.book(voucher())
    own.book(credit_note(refers_to="RE-1"))
    assert lines(own) == [
        "GS-1: original -59.50, open -59.50 EUR",
        "RE-1: original 119.00, open 119.00 EUR",
    ]
    invoice_s = Ledger(paying(books={"credit_note_number": "invoice"}))
    invoice_s.book(voucher())
    invoice_s.book(credit_note(refers_to="RE-1"))
    assert lines(invoice_s) == ["RE-1: original 119.00, credits -59.50, open 59.50 EUR"]


def test_what_was_taken_back_is_shown_with_its_reversal_and_nothing_is_open(ledger: Ledger) -> None:
    ledger.take_back(ledger.book(voucher()))
    assert lines(ledger) == []
    assert lines(ledger, all_items=True) == ["RE-1: original 119.00, reversals -119.00, open 0.00 EUR"]


def test_of_a_corrected_invoice_the_amount_is_that_which_stands(ledger: Ledger) -> None:
    ledger.book(voucher())
    ledger.book(paid(cleared(amount="40")))
    ledger.book(voucher(line("200")))
    assert lines(ledger) == ["RE-1: original 238.00, payments -40.00, open 198.00 EUR"]


def test_a_payment_that_was_taken_back_opens_the_item_again(ledger: Ledger) -> None:
    ledger.book(voucher())
    ledger.take_back(ledger.book(paid(cleared())))
    assert lines(ledger) == ["RE-1: original 119.00, open 119.00 EUR"]


def test_a_paid_invoice_that_is_taken_back_leaves_the_money(ledger: Ledger) -> None:
    made = ledger.book(voucher())
    ledger.book(paid(cleared()))
    ledger.take_back(made)
    assert lines(ledger) == ["RE-1: original 119.00, payments -119.00, reversals -119.00, open -119.00 EUR"]


def test_creditors_have_the_other_sign(ledger: Ledger) -> None:
    ledger.book(purchase(due_date=date(2026, 8, 1)))
    ledger.book(paid(cleared(amount="100"), direction="purchase", party=party()))
    (item,) = ledger.items()
    assert shown(item) == "RE-1: original -119.00, payments 100.00, open -19.00 EUR"
    assert (item.ledger, item.days_overdue, item.ageing.days_30) == ("payable", 30, Decimal("-19.00"))


def test_foreign_money_is_open_in_its_currency_and_in_euro_at_the_rate_of_the_document(
    ledger: Ledger,
) -> None:
    abroad: dict[str, Any] = {"currency": "CHF", "party": party("AT", AUSTRIAN)}
    ledger.book(voucher(line("100", "0", supply="goods"), exchange_rate=Decimal("0.8"), **abroad))
    ledger.book(paid(cleared(amount="60"), exchange_rate=Decimal("0.9"), **abroad))
    (item,) = ledger.items()
    assert (item.amounts.open, item.euro.open) == (Decimal("40.00"), Decimal("50.00"))
    assert item.euro.original + item.euro.payments + item.euro.exchange == Decimal("50.00")
    ledger.book(paid(cleared(amount="40"), number="Z-2", exchange_rate=Decimal("0.7"), **abroad))
    assert ledger.items() == []


def test_a_fee_that_was_kept_back_does_not_stay_open() -> None:
    fees = {"PayPal": {"account": "4970", "tax_case": "purchase_without_tax"}}
    ledger = Ledger(paying(payments={"table": {"PayPal": "1360"}, "fees": fees}))
    ledger.book(voucher())
    ledger.book(paid(cleared(), fee=Decimal("2.50"), attributes={"payment_method": "PayPal"}))
    assert lines(ledger, all_items=True) == ["RE-1: original 119.00, payments -119.00, open 0.00 EUR"]


def test_a_request_for_a_down_payment_is_owed_once(ledger: Ledger) -> None:
    ledger.book(voucher(line("100"), number="AR-1", external_id="1", requests_down_payment=True))
    assert lines(ledger) == ["AR-1: original 119.00, open 119.00 EUR"]
    final = DownPayment(amount=Decimal(119), number="AR-1", tax_rate=Decimal(19), paid=False)
    ledger.book(voucher(line("300"), number="RE-2", external_id="2", down_payments=(final,)))
    assert lines(ledger, all_items=True) == [
        "AR-1: original 119.00, credits -119.00, open 0.00 EUR",
        "RE-2: original 357.00, open 357.00 EUR",
    ]


def test_a_bill_is_owed_without_what_is_kept_back_of_it() -> None:
    kept = Retained(withheld=Decimal(119), due_date=date(2031, 7, 14))
    ledger = Ledger(paying(retainage={"payable": "1701"}))
    ledger.book(
        purchase(line("1000"), number="AR-4", external_id="p", due_date=date(2026, 8, 14), retained=kept)
    )
    (item,) = ledger.items()
    assert shown(item) == "AR-4: original -1071.00, open -1071.00 EUR"
    assert (item.due_date, item.ageing.days_30) == (date(2026, 8, 14), Decimal("-1071.00"))


@pytest.mark.parametrize(
    ("due", "days", "age"),
    [
        ("2026-09-01", 0, "not_due"),
        ("2026-08-31", 0, "not_due"),
        ("2026-08-30", 1, "days_30"),
        ("2026-08-01", 30, "days_30"),
        ("2026-07-31", 31, "days_60"),
        ("2026-07-02", 60, "days_60"),
        ("2026-07-01", 61, "days_90"),
        ("2026-06-02", 90, "days_90"),
        ("2026-06-01", 91, "older"),
    ],
)
def test_an_item_ages_by_its_due_date(ledger: Ledger, due: str, days: int, age: str) -> None:
    ledger.book(voucher(due_date=date.fromisoformat(due)))
    (item,) = ledger.items()
    assert (item.days_overdue, item.ageing) == (days, Ageing(**{age: Decimal("119.00")}))


def test_without_a_due_date_the_age_counts_from_the_document_and_none_is_named(ledger: Ledger) -> None:
    ledger.book(voucher(document_date=date(2026, 8, 21)))
    (item,) = ledger.items()
    assert (item.due_date, item.days_overdue) == (None, 10)


def test_money_clears_the_part_that_is_due_first(ledger: Ledger) -> None:
    parts = [("2026-06-15", "50"), ("2026-08-15", "50"), ("2026-10-15", "19")]
    due = tuple(Instalment(amount=Decimal(amount), due_date=date.fromisoformat(day)) for day, amount in parts)
    ledger.book(voucher(instalments=due))
    ledger.book(paid(cleared(amount="60")))
    (item,) = ledger.items()
    assert (item.due_date, item.days_overdue) == (date(2026, 8, 15), 16)
    assert item.ageing == Ageing(not_due=Decimal("19.00"), days_30=Decimal("40.00"))


def test_what_is_not_transferred_yet_is_marked(ledger: Ledger) -> None:
    ledger.book(voucher())
    ledger.book(paid(cleared(amount="19")), stand="planned")
    (item,) = ledger.items()
    assert (item.amounts.open, item.planned, item.is_planned) == (Decimal("100.00"), Decimal("-19.00"), True)


def test_the_same_number_of_two_debtors_is_two_items(ledger: Ledger) -> None:
    ledger.book(voucher())
    ledger.book(voucher(external_id="2"), account="10002")
    assert [(one.account, one.total.open) for one in ledger.persons()] == [
        ("10001", Decimal("119.00")),
        ("10002", Decimal("119.00")),
    ]


AMOUNTS = st.decimals(min_value="0.01", max_value="99999", places=2)
INVOICES = st.lists(AMOUNTS, min_size=1, max_size=5)
# What happens after the invoices: to which of them, how much, and with how much Skonto.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["payment", "credit_note", "correction", "taken_back"]),
        st.integers(0, 4),
        AMOUNTS,
        st.decimals(min_value="0", max_value="9", places=2),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(invoices=INVOICES, events=EVENTS, purchases=st.booleans())
def test_what_is_open_is_invoices_less_credit_notes_payments_and_skonto_to_the_cent(
    invoices: list[Decimal], events: list[tuple[str, int, Decimal, Decimal]], purchases: bool
) -> None:
    ledger, sign = Ledger(), -1 if purchases else 1
    facts: dict[str, Any] = {"direction": "purchase" if purchases else "sale"}
    owed: dict[int, Decimal] = {}
    less = Decimal(0)

    def invoice(at: int, gross: Decimal) -> None:
        of = line(f"{gross}", method="inclusive")
        ledger.book(voucher(of, number=f"RE-{at}", external_id=f"{at}", **facts))
        owed[at] = gross

    for at, gross in enumerate(invoices):
        invoice(at, gross)
    for step, (event, which, amount, discount) in enumerate(events):
        at = which % len(invoices)
        if event == "correction":
            invoice(at, amount)
        elif event == "credit_note":
            of = line(f"{-amount}", method="inclusive")
            ledger.book(
                voucher(of, kind=Kind.CREDIT_NOTE, number=f"GS-{step}", external_id=f"g{step}", **facts)
            )
            less += amount
        else:
            taken = cleared(f"RE-{at}", f"{amount}", f"{discount}", "19")
            made = ledger.book(paid(taken, number=f"Z-{step}", **facts))
            less += amount + discount
            if event == "taken_back":
                ledger.take_back(made)
                less -= amount + discount
    expected = sign * (sum(owed.values(), Decimal(0)) - less)
    (person,) = ledger.persons(all_items=True)
    assert person.total.open == expected
    assert total(ledger.items()).open == expected
    assert all(_adds_up(item) for item in person.items)
    sums = ledger.balances().total()
    assert sums.debit == sums.credit


def _adds_up(item: OpenItem) -> bool:
    return sum(asdict(item.ageing).values(), Decimal(0)) == item.euro.open
