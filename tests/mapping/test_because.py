"""Explaining: no field of a row is without a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.mapping.because import explained
from mlconnector.mapping.drafts import entry as entry_of
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.vouchers import Allocation, Kind, Voucher
from mlconnector.texts.catalogue import reason, word
from tests.mapping.builders import AUSTRIAN, draft, line, party, rules, voucher


def entry(of: Voucher, by: Rules | None = None) -> Entry:
    person = "10001" if of.direction == "sale" else "70001"
    return entry_of(draft(of, by), person=person, document=None, revision="r", turn=1)


def why(made: Entry, number: int = 1) -> dict[str, tuple[str, str]]:
    """Value and rule of each field of a row."""
    return {one.field: (one.value, one.rule) for one in explained(made, number)}


def payment(**discount: Any) -> Voucher:
    paid = (
        Allocation(number="RE-1", amount=Decimal(50), **discount),
        Allocation(number=None, amount=Decimal(10)),
    )
    bare = voucher(kind=Kind.PAYMENT, number="Z-1", allocations=paid)
    return msgspec.structs.replace(bare, lines=())


def test_every_field_of_an_invoice_has_a_reason() -> None:
    sale = voucher(
        line("100"),
        due_date=date(2026, 8, 14),
        service_date=date(2026, 7, 1),
        attributes={"cost_centre": "A"},
    )
    by = rules(cost_centre_1={"table": {"A": "100"}}, supply="goods")
    assert why(entry(sale, by)) == {
        "amount": ("119.00", "gross_of_lines"),
        "side": ("S", "side_of_debit"),
        "tax_case": ("domestic_19", "case_by_facts"),
        "supply": ("goods", "setting"),
        "tax_key": ("", "automatic_account"),
        "account": ("8400", "default_of_case"),
        "number": ("RE-1", "number_of_voucher"),
        "due_date": ("2026-08-14", "due_date_of_voucher"),
        "date": ("2026-07-31", "date_of_voucher"),
        "service_date": ("2026-07-01", "service_date_of_voucher"),
        "debtor": ("10001", "number_in_books"),
        "cost_centre_1": ("100", "by_attribute"),
        "text": ("Holzbau Müller GmbH RE-1", "text_of_facts"),
    }


def test_they_come_in_the_order_in_which_a_booking_is_read() -> None:
    fields = [one.field for one in explained(entry(voucher()), 1)]
    assert fields == ["amount", "side", "tax_case", "tax_key", "account", "number", "date", "debtor", "text"]


def test_each_row_has_its_own_reasons() -> None:
    made = entry(voucher(line("100"), line("50", "7")))
    assert [why(made, number)["tax_case"][0] for number in (1, 2)] == ["domestic_19", "domestic_7"]
    assert [one.facts["lines"] for one in explained(made, 2) if one.field == "amount"] == ["2"]


def test_foreign_money_names_currency_and_rate() -> None:
    made = entry(voucher(currency="USD", exchange_rate=Decimal("1.2")))
    assert why(made)["currency"] == ("USD", "currency_of_voucher")
    assert why(made)["exchange_rate"] == ("1.2", "rate_of_voucher")


def test_sales_to_other_member_states_name_vat_id_and_rate() -> None:
    goods = entry(voucher(line("100", "0"), party=party("AT", AUSTRIAN)), rules(supply="goods"))
    assert why(goods)["eu_vat_id"] == (AUSTRIAN, "vat_id_of")
    far = voucher(line("100", "20"), party=party("AT", is_business=False))
    assert why(entry(far, rules(supply="goods", oss=True)))["eu_rate"] == ("20", "rate_of_destination")


def test_a_credit_note_under_its_invoices_number_says_so() -> None:
    note = voucher(line("-100"), kind=Kind.CREDIT_NOTE, number="GS-1", refers_to="RE-1")
    made = entry(note, rules({"credit_note_number": "invoice"}))
    assert why(made)["number"] == ("RE-1", "number_of_invoice")
    assert why(made)["side"] == ("H", "side_of_credit")


def test_a_payment_says_what_it_clears_and_where_the_money_is() -> None:
    made = entry(payment(), rules(payments={"default": "1200"}))
    assert why(made, 1)["amount"] == ("50.00", "paid_amount")
    assert why(made, 1)["contra_account"] == ("1200", "setting")
    assert [why(made, number)["number"] for number in (1, 2)] == [
        ("RE-1", "paid_document"),
        ("Z-1", "on_account"),
    ]


@pytest.mark.parametrize(
    ("settings", "row", "field", "reason_of_it"),
    [
        ({}, 2, "discount", ("8736", "seeded_discount")),
        ({"granted": {"19": "8700"}}, 2, "discount_key", ("3", "key_of_case")),
        ({"discount": "column"}, 1, "discount", ("1.00", "discount_by_datev")),
        (
            {"discount": "column", "discount_account": "8736"},
            1,
            "discount",
            ("1.00", "discount_of_setting"),
        ),
    ],
)
def test_skonto_says_where_it_goes(
    settings: dict[str, Any], row: int, field: str, reason_of_it: tuple[str, str]
) -> None:
    paid = payment(discount=Decimal(1), discount_rate=Decimal(19))
    made = entry(paid, rules(payments={"default": "1200", **settings}))
    assert why(made, row)[field] == reason_of_it


def test_a_reversal_says_what_it_takes_back() -> None:
    made = entry(voucher())
    back = reversed_entry(made, revision="r2", turn=1)
    (takes_back,) = (one for one in explained(back, 1) if one.field == "reversal")
    assert takes_back.facts == {"entry": made.content_key}
    assert why(back)["side"] == ("H", "side_of_credit")


def test_every_reason_can_be_read_in_both_languages() -> None:
    made = entry(voucher(line("100"), line("1", "7"), line("-1", "7"), stated_total=Decimal("119.01")))
    for one in explained(made, 1):
        for said in (reason(one.rule, one.facts, "de"), reason(one.rule, one.facts, "en")):
            assert said != one.rule
            assert "–" not in said
        assert word("field", one.field, "de") != one.field
