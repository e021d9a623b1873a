"""By what a document is recognised that comes once more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.mapping.likeness import Marks, marks_of, names_of_party, plain_number
from mlconnector.model.entries import Entry, EntryLine, Ledger

SUPPLIER = names_of_party(["70010"], "north/1", "Bau GmbH", None)


def bill(number: str, gross: str = "-119", *, ledger: Ledger = "payable", **values: Any) -> Entry:
    line = EntryLine(
        account="70010", contra_account="3400", amount=Decimal(gross), tax_case="x", tax_rate=Decimal(19)
    )
    made = Entry(
        voucher="invoice/1",
        revision="a",
        kind="original",
        turn=1,
        document_date=date(2026, 7, 1),
        number=number,
        currency="EUR",
        lines=(line,),
        ledger=ledger,
    )
    return msgspec.structs.replace(made, **values)


def alike(one: Marks, other: Marks) -> tuple[bool, bool]:
    """Whether they have a mark in common: by number, by amount."""
    return bool(one.by_number & other.by_number), bool(one.by_amount & other.by_amount)


@pytest.mark.parametrize("spelled", ["RE17", "re-17", "RE 0017", "Re. 17", "R\uff25\uff11\uff17"])
def test_spellings_of_a_number_are_one(spelled: str) -> None:
    assert plain_number(spelled) == "re17"


@pytest.mark.parametrize(("one", "other"), [("RE-17", "RE-170"), ("RE-17", "AR-17"), ("17a", "17b")])
def test_other_numbers_stay_others(one: str, other: str) -> None:
    assert plain_number(one) != plain_number(other)


@given(st.text(max_size=20), st.sampled_from([" ", "-", "/", "."]), st.data())
def test_signs_and_case_never_tell_two_numbers_apart(number: str, sign: str, data: st.DataObject) -> None:
    plain = plain_number(number)
    at = data.draw(st.integers(0, len(plain)))
    assert plain_number(plain) == plain
    assert plain_number(f"{sign}{plain.upper()}{sign}") == plain_number(plain.upper())
    # A zero after the sign would be one that leads.
    if plain[at : at + 1] != "0":
        assert plain_number(plain[:at] + sign + plain[at:]) == plain


@given(st.integers(1, 10**9), st.integers(0, 6), st.text("abcXYZ", max_size=5))
def test_leading_zeros_never_tell_two_numbers_apart(digits: int, zeros: int, before: str) -> None:
    assert plain_number(f"{before}{'0' * zeros}{digits}") == plain_number(f"{before}-{digits}")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (bill("re-17"), (True, True)),
        (bill("re-17", "-200"), (True, False)),
        (bill("4711"), (False, True)),
        (bill("4711", "-200"), (False, False)),
        (bill("4711", document_date=date(2026, 7, 2)), (False, False)),
        (bill("RE17", "119"), (False, False)),
        (bill("RE17", ledger="receivable"), (False, False)),
    ],
    ids=["same", "number", "amount", "neither", "day", "credit note", "sale"],
)
def test_a_bill_is_recognised_by_number_or_by_amount_and_day(
    other: Entry, expected: tuple[bool, bool]
) -> None:
    assert alike(marks_of(bill("RE17"), SUPPLIER), marks_of(other, SUPPLIER)) == expected


def test_amount_in_another_currency_is_another_amount() -> None:
    foreign = bill("4711", currency="USD", exchange_rate=Decimal("1.1"))
    assert alike(marks_of(bill("RE17"), SUPPLIER), marks_of(foreign, SUPPLIER)) == (False, False)


def test_sales_are_recognised_by_their_number_alone() -> None:
    assert marks_of(bill("RE17", "119", ledger="receivable"), SUPPLIER).by_amount == frozenset()


@pytest.mark.parametrize(
    ("party", "same"),
    [
        (names_of_party(["70010"], "north/2", "Somebody", None), True),
        (names_of_party(["70011"], "south/1", "BAU-GmbH", None), True),
        (names_of_party(["70011"], "south/1", "Bau GmbH Nord", None), False),
    ],
    ids=["account", "name", "another"],
)
def test_a_supplier_is_known_by_account_or_name(party: frozenset[str], *, same: bool) -> None:
    assert alike(marks_of(bill("RE17"), SUPPLIER), marks_of(bill("re-17"), party)) == (same, same)


def test_a_supplier_is_known_by_its_vat_id() -> None:
    one = names_of_party(["70010"], "north/1", "Bau GmbH", "DE 136 695 976")
    other = names_of_party(["70011"], "south/1", "Bau Nord", "DE136695976")
    assert alike(marks_of(bill("1"), one), marks_of(bill("01"), other)) == (True, True)
