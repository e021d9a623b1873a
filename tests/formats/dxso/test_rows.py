from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.formats.dxso import Allowed, LedgerFile
from mlconnector.formats.dxso.xml import local_name, parse
from mlconnector.formats.extf.text import Change
from mlconnector.model.entries import Entry, EntryLine, reversed_entry
from tests.formats.dxso.examples import bill, entry, made
from tests.formats.extf.examples import line


def rows(file: LedgerFile) -> list[Mapping[str, str]]:
    return [{local_name(each): each.text or "" for each in row} for row in parse(file.content)[0]]


def row(given: Entry) -> Mapping[str, str]:
    (only,) = rows(made(given))
    return only


def together(given: Entry) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in parse(made(given).content)[0].attrib.items()}


def changes(given: Entry) -> list[Change]:
    return list(made(given).changes)


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        (entry(), "119.00"),
        (entry(line(amount=Decimal(-119))), "-119.00"),
        (reversed_entry(entry(), revision="r2", turn=1), "-119.00"),
        (bill(), "23.80"),
        (reversed_entry(bill(), revision="r2", turn=1), "-23.80"),
    ],
    ids=["invoice", "credit note", "reversal", "bill", "reversed bill"],
)
def test_an_invoice_is_positive_and_a_correction_negative_in_both_ledgers(given: Entry, amount: str) -> None:
    assert row(given)["amount"] == amount
    assert together(given)["consolidatedAmount"] == amount


def test_several_rows_add_up_to_the_total() -> None:
    given = entry(line(amount=Decimal("0.10")), line(amount=Decimal("0.20")), line(amount=Decimal("-0.05")))
    assert [each["amount"] for each in rows(made(given))] == ["0.10", "0.20", "-0.05"]
    assert together(given)["consolidatedAmount"] == "0.25"


def test_accounts_keys_and_costs_are_written_as_belege_online_takes_them() -> None:
    written = row(
        entry(line(contra_account="0420", tax_key="0009", cost_centre_1=" 100 ", cost_centre_2="B 2"))
    )
    assert (written["accountNo"], written["bpAccountNo"], written["buCode"]) == ("420", "10001", "9")
    assert (written["costCategoryId"], written["costCategoryId2"]) == ("100", "B 2")


def test_what_has_no_value_is_left_out() -> None:
    plain = entry(line(text=""), party_id="", party_name="", party_city="")
    assert row(plain).keys() == {
        "date",
        "amount",
        "accountNo",
        "tax",
        "currencyCode",
        "invoiceId",
        "bpAccountNo",
    }


def test_the_document_number_becomes_belegfeld_1() -> None:
    given = entry(number="RE 2026.11/Ü_1")
    assert row(given)["invoiceId"] == together(given)["consolidatedInvoiceId"] == "RE-2026-11/Ue-1"
    assert [change.field for change in changes(given)] == ["invoiceId", "invoiceId"]


@pytest.mark.parametrize(
    ("changed", "element", "after", "reason"),
    [
        ({"party_name": "x" * 51}, "customerName", "x" * 50, "shortened"),
        ({"party_city": "x" * 31}, "customerCity", "x" * 30, "shortened"),
        ({"party_name": "a\nb"}, "customerName", "a b", "control_characters"),
        ({"party_name": "🚀 Start"}, "customerName", "Start", "outside_bmp"),
        ({"party_id": "K" * 16}, "partyId", None, "dropped"),
        ({"due_date": date(2026, 11, 20)}, "dueDate", None, "dropped"),
        ({"service_date": date(2026, 11, 21)}, "deliveryDate", None, "dropped"),
        ({"payment_terms": "8"}, "paymentConditionsId", None, "dropped"),
        ({"payment_terms": "10", "due_date": date(2026, 12, 1)}, "paymentConditionsId", None, "dropped"),
        ({"payment_terms": "9", "due_date": date(2026, 12, 1)}, "dueDate", None, "dropped"),
    ],
)
def test_what_is_shortened_or_left_out_is_listed(
    changed: dict[str, Any], element: str, after: str | None, reason: str
) -> None:
    given = entry(**changed)
    assert row(given).get(element) == after
    assert [(change.field, change.reason) for change in changes(given)][-1] == (element, reason)


@pytest.mark.parametrize(
    ("changed", "element", "after", "reason"),
    [
        ({"text": "x" * 31}, "bookingText", "x" * 30, "shortened"),
        ({"tax_rate": Decimal("5.125")}, "tax", None, "dropped"),
        ({"tax_rate": Decimal(100)}, "tax", None, "dropped"),
        ({"eu_vat_id": "at u123 456-78"}, "vatId", "ATU12345678", "replaced"),
        ({"eu_vat_id": "GR123456789"}, "vatId", "EL123456789", "replaced"),
        ({"eu_vat_id": "ATU1234567890123"}, "vatId", None, "dropped"),
        ({"eu_vat_id": "QQ", "eu_rate": Decimal(20)}, "shipToCountry", None, "dropped"),
    ],
)
def test_what_is_changed_in_a_line_is_listed(
    changed: dict[str, Any], element: str, after: str | None, reason: str
) -> None:
    given = entry(line(**changed))
    assert row(given).get(element) == after
    assert (element, reason) in [(change.field, change.reason) for change in changes(given)]


@pytest.mark.parametrize(
    ("rate", "written", "reasons"),
    [
        ("1.1479", "1.147900", []),
        ("1.14790049", "1.147900", ["rounded"]),
        ("9999.999999", "9999.999999", []),
        ("10000", None, ["dropped"]),
        ("17000.5", None, ["dropped"]),
        ("0.0000001", None, ["dropped"]),
    ],
)
def test_a_rate_has_six_decimals_or_is_left_to_datev(
    rate: str, written: str | None, reasons: list[str]
) -> None:
    given = entry(currency="USD", exchange_rate=Decimal(rate))
    assert row(given).get("exchangeRate") == written
    assert [change.reason for change in changes(given)] == reasons
    assert together(given)["consolidatedCurrencyCode"] == "USD"


def test_dates_that_fit_are_written_for_the_whole_and_for_each_row() -> None:
    given = entry(due_date=date(2026, 11, 21), service_date=date(2026, 11, 20))
    assert (row(given)["dueDate"], row(given)["deliveryDate"]) == ("2026-11-21", "2026-11-20")
    assert together(given)["consolidatedDeliveryDate"] == "2026-11-20"


def test_terms_of_payment_stand_alone() -> None:
    assert row(entry(payment_terms="010"))["paymentConditionsId"] == "10"
    blocked = row(entry(payment_terms="9", due_date=date(2026, 12, 1)))
    assert blocked["paymentConditionsId"] == "9"


def test_the_one_stop_shop_names_countries_and_the_own_vat_id() -> None:
    written = row(
        entry(line(eu_vat_id="EL", eu_rate=Decimal(24), origin_vat_id="DE 136695976", tax_rate=Decimal(0)))
    )
    assert (written["shipToCountry"], written["shipFromCountry"]) == ("GR", "DE")
    assert (written["ownVatId"], written["tax"]) == ("DE136695976", "24.00")
    assert "vatId" not in written


def test_a_supply_to_a_business_abroad_names_its_vat_id_and_no_country() -> None:
    written = row(entry(line(eu_vat_id="FRXX999999999")))
    assert written["vatId"] == "FRXX999999999"
    assert written.keys().isdisjoint({"shipToCountry", "shipFromCountry", "ownVatId"})


def test_a_rate_of_destination_makes_it_the_one_stop_shop_even_with_a_vat_id() -> None:
    written = row(entry(line(eu_vat_id="FRXX999999999", eu_rate=Decimal("5.5"))))
    assert (written["vatId"], written["shipToCountry"], written["tax"]) == ("FRXX999999999", "FR", "5.50")


def test_the_rate_of_an_origin_has_no_field_and_is_listed() -> None:
    given = entry(line(origin_vat_id="PL", origin_rate=Decimal(23)))
    assert [(change.field, change.reason) for change in changes(given)] == [("origin_rate", "dropped")]
    assert row(given)["shipFromCountry"] == "PL"


def test_suppliers_have_their_own_elements() -> None:
    assert row(bill())["supplierName"] == "Bürobedarf Söhne"
    assert row(bill())["supplierCity"] == "Ulm"


@pytest.mark.parametrize(
    ("company", "sender"),
    [("Musterholz GmbH", "Musterholz GmbH"), ("x" * 41, "x" * 40), (" ", "ml-connector")],
)
def test_the_sender_is_the_company(company: str, sender: str) -> None:
    file = made(entry(), company=company)
    assert parse(file.content).get("generator_info") == sender
    assert [change.reason for change in file.changes] == (["shortened"] if len(company) > 40 else [])


def test_names_of_files_are_plain_and_differ_for_entries_of_the_same_number() -> None:
    first, second = made(entry(number="Ä/ö 7$")), made(entry(number="Ä/ö 7$", revision="r2"))
    assert first.name.startswith("Ae-oe-7_")
    assert first.name != second.name
    assert first.name == made(entry(number="Ä/ö 7$")).name
    assert made(entry(number="$$$")).name.startswith("Beleg_")


def test_tax_that_comes_on_top_is_not_shown_as_part_of_the_amount() -> None:
    own: EntryLine = line(tax_added=True, tax_key="94")
    file = made(entry(own), allowed=Allowed(tax_added=True))
    assert "tax" not in rows(file)[0]
    assert [change.field for change in file.changes] == ["tax"]
