from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.model.entries import Because, Entry, EntryLine, decode, encode, reversed_entry


def entry_line(amount: str = "119.00", account: str = "10000", contra: str = "8400") -> EntryLine:
    return EntryLine(
        account=account,
        contra_account=contra,
        amount=Decimal(amount),
        tax_case="domestic_19",
        tax_rate=Decimal(19),
    )


def entry(*lines: EntryLine, currency: str = "EUR", rate: Decimal | None = None) -> Entry:
    return Entry(
        voucher="invoice/815",
        revision="r1",
        kind="original",
        turn=1,
        document_date=date(2026, 7, 31),
        number="RE-1",
        currency=currency,
        exchange_rate=rate,
        lines=lines or (entry_line(),),
        because=(Because("account", "8400", "mapping.revenue row 1"),),
    )


any_amount = st.decimals(min_value=-99_999, max_value=99_999, places=2).filter(bool)
any_entry = st.lists(any_amount, min_size=1, max_size=9).map(
    lambda amounts: entry(
        *(entry_line(str(amount), contra=str(8400 + i)) for i, amount in enumerate(amounts))
    )
)


@given(any_entry)
def test_every_entry_balances(made: Entry) -> None:
    assert sum(amount for _, amount in made.legs()) == 0
    assert sum(amount for account, amount in made.legs() if account == "10000") == made.total


@given(any_entry)
def test_a_reversal_takes_the_entry_back_to_nothing(made: Entry) -> None:
    back = reversed_entry(made, revision="r2", turn=1)
    balance: dict[str, Decimal] = {}
    for account, amount in [*made.legs(), *back.legs()]:
        balance[account] = balance.get(account, Decimal(0)) + amount
    assert set(balance.values()) == {Decimal(0)}


def test_a_reversal_keeps_accounts_keys_dates_and_number_and_says_what_it_takes_back() -> None:
    made = entry()
    back = reversed_entry(made, revision="r2", turn=1)
    assert back.kind == "reversal"
    assert (back.number, back.document_date, back.currency) == ("RE-1", made.document_date, "EUR")
    assert msgspec.structs.replace(back.lines[0], amount=made.lines[0].amount, text="") == made.lines[0]
    assert back.lines[0].text == "Storno"
    assert back.because[0].facts == {"entry": made.content_key}


def test_an_amount_of_zero_is_no_booking() -> None:
    with pytest.raises(ValueError, match="zero"):
        entry_line("0.00")


def test_an_account_is_not_booked_against_itself() -> None:
    with pytest.raises(ValueError, match="against itself"):
        entry_line(contra="10000")


def test_an_entry_without_lines_is_none() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        msgspec.structs.replace(entry(), lines=())


@pytest.mark.parametrize(("currency", "rate"), [("USD", None), ("EUR", Decimal(1))])
def test_an_exchange_rate_goes_with_foreign_money_and_only_with_it(
    currency: str, rate: Decimal | None
) -> None:
    with pytest.raises(ValueError, match="exchange rate"):
        entry(currency=currency, rate=rate)


def test_what_an_entry_books_is_named_by_voucher_revision_kind_and_turn() -> None:
    assert entry().content_key == "invoice/815@r1:original:1"


@given(any_entry)
def test_an_entry_survives_being_stored(made: Entry) -> None:
    assert decode(encode(made)) == made
    assert encode(decode(encode(made))) == encode(made)


def test_a_reversal_is_booked_on_the_day_of_its_original_while_that_is_open() -> None:
    back = reversed_entry(entry(), revision="r2", turn=1, open_from=date(2026, 7, 1))
    assert (back.posting_date, back.posted_on) == (None, date(2026, 7, 31))


def test_a_reversal_of_a_closed_day_is_booked_on_the_first_open_one_under_the_day_of_its_document() -> None:
    back = reversed_entry(entry(), revision="r2", turn=1, open_from=date(2026, 9, 1))
    assert (back.document_date, back.posted_on) == (date(2026, 7, 31), date(2026, 9, 1))
