from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.formats.extf import NotBookable
from mlconnector.model.entries import Entry, reversed_entry
from tests.formats.extf.examples import DOCUMENT, booked, entry, line

AMOUNT = "Umsatz (ohne Soll/Haben-Kz)"
SIDE = "Soll/Haben-Kennzeichen"


def one(given: Entry, **options: Any) -> Any:
    (row,) = booked(given, **options).rows
    return row


def test_a_positive_amount_debits_the_account_and_a_negative_one_credits_it() -> None:
    debit, credit = one(entry(line())), one(entry(line(amount=Decimal(-119))))
    assert (debit[AMOUNT], debit[SIDE]) == (Decimal("119.00"), "S")
    assert (credit[AMOUNT], credit[SIDE]) == (Decimal("119.00"), "H")


def test_person_account_and_revenue_account_go_to_konto_and_gegenkonto() -> None:
    row = one(entry(line(tax_key="3")))
    assert (row["Konto"], row["Gegenkonto (ohne BU-Schlüssel)"], row["BU-Schlüssel"]) == (
        "10001",
        "8400",
        "3",
    )


def test_every_row_says_its_currency_and_whether_it_is_to_be_locked() -> None:
    assert one(entry())["WKZ Umsatz"] == "EUR"
    assert one(entry())["Festschreibung"] == 0
    assert one(entry(), festschreibung=True)["Festschreibung"] == 1


def test_columns_without_a_value_are_left_out() -> None:
    row = one(entry(line(text="")))
    assert "Buchungstext" not in row
    assert "Beleglink" not in row
    assert len(row) == 8


def test_foreign_money_has_rate_base_amount_and_base_currency() -> None:
    row = one(entry(line(amount=Decimal("102.80")), currency="GBP", exchange_rate=Decimal("0.83")))
    assert row["WKZ Umsatz"] == "GBP"
    assert row["Kurs"] == Decimal("0.830000")
    assert row["Basis-Umsatz"] == Decimal("123.86")
    assert row["WKZ Basis-Umsatz"] == "EUR"


def test_the_base_amounts_of_a_document_add_up_to_its_total_in_eur() -> None:
    lines = [line(amount=Decimal("10.00"), contra_account=account) for account in ("8400", "8300", "8200")]
    rows = booked(entry(*lines, currency="CHF", exchange_rate=Decimal("1.500000"))).rows
    assert sum(Decimal(str(row["Basis-Umsatz"])) for row in rows) == Decimal("20.00")
    assert [row["Basis-Umsatz"] for row in rows] == [Decimal("6.66"), Decimal("6.67"), Decimal("6.67")]


def test_a_rate_with_more_than_six_decimals_is_rounded_and_listed() -> None:
    result = booked(entry(line(), currency="USD", exchange_rate=Decimal("1.08123456789")))
    assert result.rows[0]["Kurs"] == Decimal("1.081235")
    assert [(change.field, change.reason) for change in result.changes] == [("Kurs", "rounded")]


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "field"),
    [
        ("1.005", "EUR", None, AMOUNT),
        ("10000000000", "EUR", None, AMOUNT),
        ("100", "IDR", "17000", "Kurs"),
        ("100", "KWD", "0.0000001", "Kurs"),
        ("1", "JPY", "9999", "Basis-Umsatz"),
    ],
)
def test_what_a_buchungsstapel_cannot_express_is_refused_by_the_column(
    amount: str, currency: str, rate: str | None, field: Any
) -> None:
    exchange_rate = None if rate is None else Decimal(rate)
    with pytest.raises(NotBookable) as caught:
        booked(entry(line(amount=Decimal(amount)), currency=currency, exchange_rate=exchange_rate))
    assert caught.value.field == field


def test_the_due_date_goes_to_faelligkeit_and_belegfeld_2_stays_empty() -> None:
    row = one(entry(due_date=date(2026, 8, 13)))
    assert row["Fälligkeit"] == date(2026, 8, 13)
    assert "Belegfeld 2" not in row


def test_rows_without_a_person_account_have_no_due_date() -> None:
    row = one(entry(line(account="1200"), due_date=date(2026, 8, 13)))
    assert "Fälligkeit" not in row


def test_the_document_is_linked_by_its_guid_in_capitals() -> None:
    assert one(entry(document=DOCUMENT))["Beleglink"] == 'BEDI "E0A08953-FBAA-4054-AF36-993D5D68F040"'


def test_the_service_date_is_written_only_on_request_and_never_without_the_tax_period() -> None:
    given = entry(service_date=date(2026, 6, 30))
    period = "Datum Zuord. Steuerperiode"
    assert "Leistungsdatum" not in one(given)
    by_service, by_document = one(given, tax_period="service_date"), one(given, tax_period="document_date")
    assert (by_service["Leistungsdatum"], by_service[period]) == (date(2026, 6, 30), date(2026, 6, 30))
    assert (by_document["Leistungsdatum"], by_document[period]) == (date(2026, 6, 30), date(2026, 7, 14))
    assert period not in one(entry(), tax_period="service_date")


def test_a_reversal_swaps_the_sides_and_is_marked_only_on_request() -> None:
    reversal = reversed_entry(entry(line(tax_key="9")), revision="r2", turn=2)
    plain, marked = one(reversal), one(reversal, generalumkehr=True)
    assert (plain[SIDE], plain["BU-Schlüssel"]) == ("H", "9")
    assert "Generalumkehr (GU)" not in plain
    assert (marked[SIDE], marked["Generalumkehr (GU)"]) == ("H", "1")
    assert "Generalumkehr (GU)" not in one(entry(), generalumkehr=True)


def test_cost_centres_and_vat_id_are_written_and_the_vat_id_is_brought_into_form() -> None:
    result = booked(entry(line(cost_centre_1="100", cost_centre_2="B 7", eu_vat_id="gr 123.456.789")))
    (row,) = result.rows
    assert (row["KOST1 - Kostenstelle"], row["KOST2 - Kostenstelle"]) == ("100", "B 7")
    assert row["EU-Land u. UStID (Bestimmung)"] == "EL123456789"
    assert [change.after for change in result.changes] == ["EL123456789"]


def test_a_long_text_is_cut_and_a_foreign_number_replaced_and_both_are_listed() -> None:
    result = booked(entry(line(text="x" * 70), number="RE 1"))
    assert len(str(result.rows[0]["Buchungstext"])) == 60
    assert result.rows[0]["Belegfeld 1"] == "RE-1"
    assert {(change.field, change.reason) for change in result.changes} == {
        ("Belegfeld 1", "replaced"),
        ("Buchungstext", "shortened"),
    }


def test_the_rows_know_what_they_book() -> None:
    assert booked(entry()).content_key == "invoice/1@r1:original:1"
