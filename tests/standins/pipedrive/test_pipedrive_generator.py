from __future__ import annotations

import io
import time
import unicodedata
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import pikepdf
import pytest
import stdnum.at.uid
import stdnum.de.vat
import stdnum.fr.tva
import stdnum.it.iva
import stdnum.nl.btw
import stdnum.pl.nip

from mlconnector.standins.pipedrive.fields import field_key
from mlconnector.standins.pipedrive.files import content, size
from mlconnector.standins.pipedrive.generator import Generated, generate
from mlconnector.standins.pipedrive.pricing import cents, half_up
from mlconnector.standins.pipedrive.records import Deal, Discount, File, Line
from mlconnector.standins.pipedrive.vocabulary import vocabulary

NUMBER = field_key("deal", "Rechnungsnummer")
VAT_ID = field_key("organization", "USt-IdNr.")
VAT_CHECKS = {
    "DE": stdnum.de.vat,
    "AT": stdnum.at.uid,
    "FR": stdnum.fr.tva,
    "NL": stdnum.nl.btw,
    "IT": stdnum.it.iva,
    "PL": stdnum.pl.nip,
}


@cache
def account(records: int = 2000, seed: int = 1) -> Generated:
    return generate(records, seed)


def deals_of(case: str, made: Generated) -> list[Deal]:
    found = [deal for deal in made.deals if made.labels[deal.id].case == case]
    assert found, f"no deal shows the case {case}"
    return found


def test_same_seed_and_number_give_the_same_account() -> None:
    assert generate(120, 7) == generate(120, 7)


def test_another_seed_gives_another_account() -> None:
    assert generate(120, 7).deals != generate(120, 8).deals


def test_twenty_thousand_deals_take_a_few_seconds() -> None:
    begin = time.process_time()
    assert len(generate(20_000, 1).deals) == 20_000
    assert time.process_time() - begin < 15


@pytest.mark.parametrize("records", [0, 1, 2, 25, 200])
def test_any_number_of_deals_can_be_made(records: int) -> None:
    assert [deal.id for deal in generate(records, 1).deals] == list(range(1, records + 1))


def test_all_deals_are_won() -> None:
    assert {deal.status for deal in account().deals} == {"won"}


def test_twenty_five_deals_show_every_important_case() -> None:
    shown = account(25).labels.values()
    rare = {"product_gone", "recurring"}
    assert {label.case for label in shown} == {kind.name for kind in vocabulary().cases} - rare
    assert {label.lines for label in shown} == {kind.name for kind in vocabulary().lines}
    assert {label.files for label in shown} == {kind.name for kind in vocabulary().files}
    assert {label.text for label in shown} == {kind.name for kind in vocabulary().texts}


def test_four_of_five_deals_are_bookable() -> None:
    holds = [label.hold for label in account().labels.values()]
    assert 0.78 <= holds.count(False) / len(holds) <= 0.86


def test_shares_of_every_facet_add_up() -> None:
    words = vocabulary()
    assert {
        sum(kind.share for kind in kinds) for kinds in (words.cases, words.lines, words.files, words.texts)
    } == {1000}


def test_deals_are_won_from_july_to_october_in_the_order_of_their_ids() -> None:
    days = [deal.local_won_date or "" for deal in account().deals]
    assert days == sorted(days)
    assert (days[0], days[-1]) == ("2026-07-01", "2026-10-31")


def test_some_deals_are_won_on_another_day_in_utc_than_in_berlin() -> None:
    assert any((deal.won_time or "")[:10] != deal.local_won_date for deal in account().deals)


def test_update_time_rises_with_ties_now_and_then() -> None:
    times = [deal.update_time for deal in account().deals]
    assert times == sorted(times)
    assert 10 < len(times) - len(set(times)) < 100
    assert all(deal.update_time >= (deal.won_time or "") for deal in account().deals)


def test_invoice_numbers_are_unique() -> None:
    numbers = [deal.custom_fields[NUMBER] for deal in account().deals if NUMBER in deal.custom_fields]
    assert len(numbers) == len(set(numbers)) > 1900


def test_a_colliding_invoice_number_differs_from_the_one_before_it_only_in_what_datev_cannot_take() -> None:
    for deal in deals_of("colliding_invoice_number", account()):
        before = account().deals[deal.id - 2]
        ours, theirs = deal.custom_fields[NUMBER], before.custom_fields[NUMBER]
        assert ours != theirs
        assert _reduced(ours) == _reduced(theirs)


def _reduced(number: str) -> str:
    text = "".join(letter for letter in number.replace("Ä", "AE") if letter.isascii() and letter.isalnum())
    return text[:36]


def test_a_missing_invoice_number_is_missing() -> None:
    assert all(NUMBER not in deal.custom_fields for deal in deals_of("missing_invoice_number", account()))


def test_customers_in_the_eu_have_valid_vat_ids() -> None:
    organizations = {organization.id: organization for organization in account().organizations}
    countries: set[str] = set()
    for deal in deals_of("eu_business", account()):
        assert deal.org_id is not None
        number = organizations[deal.org_id].custom_fields[VAT_ID]
        countries.add(number[:2])
        assert VAT_CHECKS[number[:2]].is_valid(number[2:]), number
    assert countries == {"AT", "FR", "NL", "IT", "PL"}


def test_german_vat_ids_are_valid() -> None:
    numbers = [organization.custom_fields.get(VAT_ID, "") for organization in account().organizations]
    german = [number for number in numbers if number.startswith("DE")]
    assert len(german) > 50
    assert all(stdnum.de.vat.is_valid(number) for number in german)


def test_the_case_of_an_invalid_vat_id_has_one() -> None:
    organizations = {organization.id: organization for organization in account().organizations}
    for deal in deals_of("invalid_vat_id", account()):
        assert deal.org_id is not None
        number = organizations[deal.org_id].custom_fields[VAT_ID]
        assert not VAT_CHECKS[number[:2]].is_valid(number[2:])


def exact(number: float) -> Decimal:
    return Decimal(str(number))


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_every_line_sum_is_quantity_times_price_less_discount() -> None:
    assert sum(map(len, account().lines.values())) > 2000
    for lines in account().lines.values():
        for line in lines:
            base, discount = rounded(exact(line.quantity) * exact(line.item_price)), exact(line.discount)
            if line.discount_type == "percentage":
                discount = rounded(base * discount / 100)
            assert exact(line.sum) == base - discount


def expected_value(lines: list[Line], discounts: list[Discount]) -> Decimal:
    subtotal = sum((exact(line.sum) for line in lines if line.is_enabled), Decimal())
    reduced = subtotal
    for discount in discounts:
        amount = exact(discount.amount)
        reduced -= rounded(subtotal * amount / 100) if discount.type == "percentage" else amount
    return reduced


def test_the_value_is_the_sum_of_the_enabled_lines_less_the_discounts_of_the_deal() -> None:
    made = account()
    wrong = set()
    for deal in made.deals:
        lines, discounts = made.lines[deal.id], made.discounts.get(deal.id, [])
        if lines and exact(deal.value) != expected_value(lines, discounts):
            wrong.add(deal.id)
    assert wrong == {deal.id for deal in deals_of("value_mismatch", made)}
    assert 3 <= len(wrong) <= 20


def test_line_and_deal_discounts_come_as_percentage_and_amount() -> None:
    made = account()
    on_lines = {line.discount_type for lines in made.lines.values() for line in lines if line.discount}
    on_deals = {discount.type for discounts in made.discounts.values() for discount in discounts}
    assert on_lines == on_deals == {"percentage", "amount"}


def test_disabled_lines_keep_their_sum() -> None:
    disabled = [line for lines in account().lines.values() for line in lines if not line.is_enabled]
    assert disabled
    assert all(line.sum > 0 for line in disabled)


def test_amounts_have_at_most_two_decimals() -> None:
    made = account()
    for deal in made.deals:
        numbers = [
            deal.value,
            *(part for line in made.lines[deal.id] for part in (line.sum, line.item_price)),
        ]
        assert all(len(repr(number).partition(".")[2]) <= 2 for number in numbers), numbers
    assert any(isinstance(deal.value, float) for deal in made.deals)


def test_whole_amounts_are_written_without_a_fraction() -> None:
    assert not any(isinstance(deal.value, float) and deal.value.is_integer() for deal in account().deals)


def test_halves_are_rounded_away_from_zero() -> None:
    assert [half_up(5, 10), half_up(-5, 10), half_up(4, 10), half_up(15, 10)] == [1, -1, 0, 2]


def test_deals_without_products_have_only_a_value() -> None:
    made = account()
    assert all(not made.lines[deal.id] and deal.value > 0 for deal in deals_of("without_products", made))


def test_zero_value_deals_have_a_line_and_no_value() -> None:
    made = account()
    assert all(made.lines[deal.id] and deal.value == 0 for deal in deals_of("zero_value", made))


def test_instalments_add_up_to_the_value() -> None:
    made = account()
    for deal in deals_of("instalments", made):
        assert sum(cents(part.amount) for part in made.instalments[deal.id]) == cents(deal.value)


def test_most_deals_have_exactly_one_invoice_and_a_few_have_two_pdfs_or_none() -> None:
    made = account()
    pdfs = Counter(sum(file.name.endswith(".pdf") for file in made.files[deal.id]) for deal in made.deals)
    assert 0.65 <= pdfs[1] / 2000 <= 0.78
    assert 0.08 <= pdfs[2] / 2000 <= 0.16
    assert 0.10 <= pdfs[0] / 2000 <= 0.20


def test_an_invoice_is_a_readable_pdf_that_shows_its_number() -> None:
    file = next(file for files in account(25).files.values() for file in files if file.kind == "invoice")
    with pikepdf.open(io.BytesIO(content(file))) as document:
        assert len(document.pages) == 1
        assert file.text.encode() in document.pages[0].Contents.read_bytes()
        assert document.check_pdf_syntax() == []


def test_some_invoices_carry_their_data_as_zugferd() -> None:
    made = account(200)
    carrying = 0
    for deal in made.deals:
        for file in made.files[deal.id]:
            if not file.content:
                continue
            with pikepdf.open(io.BytesIO(content(file))) as document:
                invoice = document.attachments["factur-x.xml"].get_file().read_bytes()
                assert document.check_pdf_syntax() == []
            assert f"<ram:ID>RE-2026-{deal.id:05d}</ram:ID>".encode() in invoice
            carrying += 1
    assert 4 <= carrying <= 20


def test_invoices_of_different_deals_differ_and_stay_the_same() -> None:
    files = [
        file
        for files in account(200).files.values()
        for file in files
        if file.kind == "invoice" and not file.size
    ]
    assert len({content(file) for file in files}) == len(files)
    assert content(files[0]) == content(files[0])


def test_a_damaged_pdf_is_cut_off() -> None:
    file = _file_with_label("damaged")
    assert content(file).startswith(b"%PDF-")
    assert b"%%EOF" not in content(file)


def test_an_oversized_pdf_has_the_size_it_declares_and_is_readable() -> None:
    file = _file_with_label("oversized")
    assert size(file) == len(content(file)) == 30 * 1024 * 1024
    with pikepdf.open(io.BytesIO(content(file))) as document:
        assert len(document.pages) == 1


def _file_with_label(label: str) -> File:
    made = account(25)
    return next(made.files[deal.id][0] for deal in made.deals if made.labels[deal.id].files == label)


def test_texts_carry_what_breaks_careless_programs() -> None:
    made = account()
    titles = {made.labels[deal.id].text: deal.title for deal in made.deals}
    assert any(ord(letter) > 0xFFFF for letter in titles["emoji"])
    assert len(titles["very_long"]) > 300
    assert {'"', ";", "\n", "\t"} <= set(titles["quotes_and_newlines"])
    assert unicodedata.normalize("NFC", titles["decomposed"]) != titles["decomposed"]
    assert "\u202e" in titles["right_to_left"]
    assert titles["formula"].startswith("=HYPERLINK(")
