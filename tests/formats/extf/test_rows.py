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
REVERSAL = "Generalumkehr (GU)"


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


def test_a_lines_own_tax_period_goes_before_the_setting() -> None:
    lines = [line(tax_period=date(2026, 7, 31)), line(contra_account="8300")]
    rows = booked(entry(*lines, service_date=date(2026, 6, 30)), tax_period="service_date").rows
    assert [row["Datum Zuord. Steuerperiode"] for row in rows] == [date(2026, 7, 31), date(2026, 6, 30)]


class TestAGeneralumkehr:
    BOTH = frozenset({"reversal", "credit_note"})

    def reversal(self, **changed: Any) -> Entry:
        return reversed_entry(entry(*changed.pop("lines", ()), **changed), revision="r2", turn=2)

    def test_is_only_made_on_request_and_otherwise_the_sides_are_swapped(self) -> None:
        plain = one(self.reversal(lines=(line(tax_key="9"),)))
        assert (plain[SIDE], plain["BU-Schlüssel"]) == ("H", "9")
        assert REVERSAL not in plain

    @pytest.mark.parametrize(
        ("key", "written", "flag"),
        [
            ("9", "29", None),
            ("3", "23", None),
            ("0003", "23", None),
            ("11", "61", None),
            ("94", "34", None),
            ("40", "80", None),
            ("", None, "1"),
            ("47", "47", "1"),
            ("501", "501", "1"),
            ("6506", "6506", "1"),
        ],
    )
    def test_has_the_correction_key_where_there_is_one_and_is_marked_in_column_118_elsewhere(
        self, key: str, written: str | None, flag: str | None
    ) -> None:
        marked = one(self.reversal(lines=(line(tax_key=key),)), generalumkehr=self.BOTH)
        assert marked[SIDE] == "H"
        assert (marked.get("BU-Schlüssel"), marked.get(REVERSAL)) == (written, flag)

    def test_is_what_was_asked_for_and_nothing_else(self) -> None:
        note = entry(line(amount=Decimal(-119)), voucher="credit_note/2")
        only_notes, only_reversals = frozenset({"credit_note"}), frozenset({"reversal"})
        assert REVERSAL not in one(entry(), generalumkehr=self.BOTH)
        assert one(note, generalumkehr=only_notes)[REVERSAL] == "1"
        assert REVERSAL not in one(note, generalumkehr=only_reversals)
        assert one(self.reversal(), generalumkehr=only_reversals)[REVERSAL] == "1"
        assert REVERSAL not in one(self.reversal(), generalumkehr=only_notes)

    def test_of_a_credit_note_is_taken_back_without_the_mark(self) -> None:
        note = entry(line(amount=Decimal(-119)), voucher="credit_note/2")
        back = one(reversed_entry(note, revision="r2", turn=2), generalumkehr=self.BOTH)
        assert back[SIDE] == "S"
        assert REVERSAL not in back


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


class TestWhatCompletesATaxKey:
    def test_country_and_rate_of_destination_stand_in_columns_40_and_41(self) -> None:
        row = one(entry(line(tax_key="10", eu_vat_id="FR", eu_rate=Decimal("5.5"))))
        assert row["EU-Land u. UStID (Bestimmung)"] == "FR"
        assert row["EU-Steuersatz (Bestimmung)"] == Decimal("5.50")

    def test_country_and_rate_of_origin_stand_in_columns_123_and_124(self) -> None:
        row = one(entry(line(origin_vat_id="at u13585627", origin_rate=Decimal(20))))
        assert row["EU-Land u. UStID (Ursprung)"] == "ATU13585627"
        assert row["EU-Steuersatz (Ursprung)"] == Decimal("20.00")

    def test_rate_and_country_of_a_key_without_its_own_stand_in_columns_119_and_120(self) -> None:
        row = one(entry(line(tax_key="250", key_rate=Decimal(20), key_country="FR")))
        assert (row["Steuersatz"], row["Land"]) == (Decimal("20.00"), "FR")

    @pytest.mark.parametrize(("rate", "written"), [("19", "190"), ("7", "70"), ("16", "160")])
    def test_the_matter_has_its_rate_times_ten_beside_it(self, rate: str, written: str) -> None:
        row = one(entry(line(tax_key="94", matter="1", matter_rate=Decimal(rate))))
        assert (row["Sachverhalt L+L"], row["Funktionsergänzung L+L"]) == ("1", written)


class TestSkonto:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_stands_above_zero_beside_the_money(self, sign: int) -> None:
        paid = line(contra_account="1200", amount=sign * Decimal("116.62"), discount=sign * Decimal("2.38"))
        row = one(entry(paid))
        assert (row[AMOUNT], row["Skonto"]) == (Decimal("116.62"), Decimal("2.38"))
        assert "Abw. Skontokonto" not in row

    def test_may_have_an_account(self) -> None:
        paid = line(contra_account="1200", discount=Decimal("2.38"), discount_account="8736")
        assert one(entry(paid))["Abw. Skontokonto"] == "8736"

    def test_against_the_money_cannot_be_written(self) -> None:
        with pytest.raises(NotBookable) as caught:
            booked(entry(line(contra_account="1200", discount=Decimal("-2.38"))))
        assert caught.value.field == "Skonto"


def test_a_line_may_clear_another_document_than_the_entrys_own() -> None:
    first, second = booked(entry(line(), line(number="RE 7"), number="Z-1")).rows
    assert (first["Belegfeld 1"], second["Belegfeld 1"]) == ("Z-1", "RE-7")


def test_the_due_date_may_go_to_belegfeld_2() -> None:
    row = one(entry(due_date=date(2026, 8, 3)), due_date="document_field_2")
    assert row["Belegfeld 2"] == "030826"
    assert "Fälligkeit" not in row


@pytest.mark.parametrize("due_date", ["column", "document_field_2"])
def test_terms_of_payment_take_the_place_of_the_due_date(due_date: str) -> None:
    row = one(entry(due_date=date(2026, 8, 3), payment_terms="12"), due_date=due_date)
    assert row["Belegfeld 2"] == "12"
    assert "Fälligkeit" not in row


def test_the_rows_know_what_they_book() -> None:
    assert booked(entry()).content_key == "invoice/1@r1:original:1"


def test_a_correction_counts_in_the_month_in_which_it_is_booked() -> None:
    """§ 17 Abs. 1 Satz 8 UStG: the change belongs to the period in which it happened."""
    made = entry(line(), service_date=date(2026, 7, 10))
    back = reversed_entry(made, revision="r2", turn=1, open_from=date(2026, 9, 1))
    (row,) = booked(back, tax_period="service_date").rows
    assert (row["Belegdatum"], row["Leistungsdatum"]) == (date(2026, 9, 1), date(2026, 7, 10))
    assert row["Datum Zuord. Steuerperiode"] == date(2026, 9, 1)
