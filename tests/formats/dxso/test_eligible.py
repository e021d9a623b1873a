from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.formats.dxso import Allowed, NotForDxso, ledger_file, not_for_dxso
from mlconnector.model.entries import Entry, reversed_entry
from tests.formats.dxso.examples import COMPANY, bill, entry, made
from tests.formats.extf.examples import line


def reasons(given: Entry, account_length: int = 4, **options: Any) -> list[str]:
    return [found.rule for found in not_for_dxso(given, account_length=account_length, **options)]


@pytest.mark.parametrize(
    "given", [entry(), bill(), entry(line(amount=Decimal(-1))), reversed_entry(bill(), revision="r2", turn=1)]
)
def test_invoices_corrections_and_reversals_are_carried(given: Entry) -> None:
    assert reasons(given) == []


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (entry(voucher="payment/1"), "DXSO-E-01"),
        (entry(voucher="commitment/1"), "DXSO-E-01"),
        (entry(number="  "), "DXSO-E-02"),
        (entry(document_date=date(1752, 12, 31)), "DXSO-E-03"),
        (entry(currency="XXX", exchange_rate=Decimal(1)), "DXSO-E-04"),
        (entry(line(), line(amount=Decimal("-119.00"))), "DXSO-E-05"),
        (entry(line(amount=Decimal("10000000000.00"))), "DXSO-E-06"),
        (entry(line(amount=Decimal("1.005"))), "DXSO-E-06"),
        (entry(line(amount=Decimal("9999999999.00")), line(amount=Decimal(1))), "DXSO-E-06"),
        (entry(*[line(amount=Decimal(1))] * 5001), "DXSO-E-07"),
        (entry(line(), line(account="10002")), "DXSO-E-08"),
        (entry(line(account="1200", contra_account="1360")), "DXSO-E-09"),
        (entry(line(account="123456")), "DXSO-E-09"),
        (entry(line(account="1200", contra_account="10001")), "DXSO-E-10"),
        (entry(line(account="70001")), "DXSO-E-11"),
        (bill(line(account="10001", contra_account="4930")), "DXSO-E-11"),
        (entry(line(contra_account="84000")), "DXSO-E-08"),
        (entry(line(contra_account="840000")), "DXSO-E-12"),
        (entry(line(contra_account="0000")), "DXSO-E-12"),
        (entry(line(contra_account="Erlöse")), "DXSO-E-12"),
        (entry(line(number="RE-1")), "DXSO-E-13"),
        (entry(line(discount=Decimal("2.38"))), "DXSO-E-14"),
        (entry(line(cost_centre_1="x" * 37)), "DXSO-E-15"),
        (entry(line(cost_centre_2="x" * 37)), "DXSO-E-15"),
        (entry(line(tax_key="12345")), "DXSO-E-16"),
        (entry(line(tax_key="A")), "DXSO-E-16"),
        (entry(line(tax_added=True)), "DXSO-E-18"),
        (entry(line(matter="7")), "DXSO-E-19"),
        (entry(line(key_rate=Decimal(19))), "DXSO-E-19"),
        (entry(line(key_country="FR")), "DXSO-E-19"),
    ],
)
def test_what_it_cannot_carry_is_said_before_anything_is_written(given: Entry, rule: str) -> None:
    assert rule in reasons(given)
    with pytest.raises(NotForDxso) as refused:
        made(given)
    assert rule in {reason.rule for reason in refused.value.reasons}


def test_every_reason_is_said_at_once_with_its_line() -> None:
    found = not_for_dxso(entry(line(tax_key="x"), line(number="other"), number=""), account_length=4)
    assert [(each.rule, each.line) for each in found] == [
        ("DXSO-E-02", 0),
        ("DXSO-E-16", 1),
        ("DXSO-E-13", 2),
    ]


@pytest.mark.parametrize("key", ["9", "0009", "40"])
def test_keys_are_released_by_data(key: str) -> None:
    given = entry(line(tax_key=key))
    assert reasons(given, allowed=Allowed()) == []
    assert reasons(given, allowed=Allowed(tax_keys=frozenset({"9", "40"}))) == []
    assert reasons(given, allowed=Allowed(tax_keys=frozenset({"3"}))) == ["DXSO-E-17"]


def test_tax_on_top_can_be_released() -> None:
    given = bill(line(account="70001", contra_account="3123", amount=Decimal(-100), tax_added=True))
    assert reasons(given) == ["DXSO-E-18"]
    assert reasons(given, allowed=Allowed(tax_added=True)) == []


@pytest.mark.parametrize(
    ("length", "person", "contra", "expected"),
    [
        (4, "10001", "8400", []),
        (4, "69999", "1", []),
        (6, "1000001", "840000", []),
        (6, "10001", "8400", ["DXSO-E-09"]),
        (8, "100000001", "84000000", []),
        (5, "100001", "8400", []),
        (4, "00001", "8400", ["DXSO-E-09"]),
    ],
)
def test_accounts_go_by_the_account_length(
    length: int, person: str, contra: str, expected: list[str]
) -> None:
    assert reasons(entry(line(account=person, contra_account=contra)), length) == expected


def test_reasons_have_texts_in_both_languages() -> None:
    (reason,) = not_for_dxso(entry(voucher="payment/1"), account_length=4)
    assert "EXTF" in reason.text("de").cure
    assert "EXTF" in reason.text("en").cure


def test_the_refusal_names_the_entry() -> None:
    with pytest.raises(NotForDxso, match="payment/1@r1:original:1: DXSO-E-01"):
        ledger_file(entry(voucher="payment/1"), account_length=4, company=COMPANY)
