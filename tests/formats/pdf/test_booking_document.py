import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.formats.document_check import inspect
from mlconnector.formats.pdf.booking_document import MARK, render
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Line, Party, Retained, TaxMethod, Voucher

PARTY = Party(
    external_id="organization/7",
    name="Fuß & Söhne „Am Markt“ GmbH",
    country="AT",
    street="Lindenallee 3",
    postal_code="1010",
    city="Wien",
    vat_id="ATU13585627",
    account="10042",
)


def line(
    text: str, amount: str, rate: str = "19", method: TaxMethod = "exclusive", quantity: str = "1"
) -> Line:
    return Line(
        text=text,
        amount=Decimal(amount),
        tax_method=method,
        tax_rate=Decimal(rate),
        quantity=Decimal(quantity),
    )


VOUCHER = Voucher(
    kind=Kind.INVOICE,
    direction="sale",
    external_id="815",
    number="RE-2026-00042",
    document_date=date(2026, 10, 31),
    service_date=date(2026, 10, 15),
    due_date=date(2026, 11, 14),
    currency="EUR",
    party=PARTY,
    lines=(line("Montage vor Ort", "1712.50", quantity="2.5"), line("Fachbuch", "93.46", rate="7")),
    title="Auftrag Montage",
    attributes={"cost_centre": "220 Montage"},
)


def changed(**fields: Any) -> Voucher:
    return msgspec.structs.replace(VOUCHER, **fields)


def pages(content: bytes) -> list[list[str]]:
    """Every piece of text by page, in the order in which it was drawn."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            [
                bytes(instruction.operands[0]).decode("cp1252")
                for instruction in pikepdf.parse_content_stream(page)
                if str(instruction.operator) == "Tj"
            ]
            for page in pdf.pages
        ]


def texts(content: bytes) -> list[str]:
    return [text for page in pages(content) for text in page]


def positions(content: bytes) -> list[tuple[float, float]]:
    """Left end and base line of every piece of text."""
    found = []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            found += [
                (float(instruction.operands[4]), float(instruction.operands[5]))
                for instruction in pikepdf.parse_content_stream(page)
                if str(instruction.operator) == "Tm"
            ]
    return found


def test_it_says_what_it_is_and_is_not() -> None:
    assert MARK == "Buchungsbeleg – keine Rechnung im Sinne des § 14 UStG"
    assert MARK in texts(render(VOUCHER))


def test_it_shows_number_dates_and_currency() -> None:
    shown = texts(render(VOUCHER))
    for label, value in (
        ("Belegnummer", "RE-2026-00042"),
        ("Belegdatum", "31.10.2026"),
        ("Leistungsdatum", "15.10.2026"),
        ("Fällig am", "14.11.2026"),
        ("Währung", "EUR"),
    ):
        assert shown[shown.index(label) + 1] == value


def test_it_shows_the_customer() -> None:
    shown = texts(render(VOUCHER))
    begin = shown.index("Kunde")
    assert shown[begin + 1 : begin + 6] == [
        "Fuß & Söhne „Am Markt“ GmbH",
        "Lindenallee 3",
        "1010 Wien (AT)",
        "USt-IdNr. ATU13585627",
        "Konto 10042",
    ]


def test_it_shows_every_line_with_quantity_rate_net_and_gross() -> None:
    shown = texts(render(VOUCHER))
    begin = shown.index("1")
    assert shown[begin : begin + 6] == ["1", "2,5", "19 %", "1.712,50", "2.037,88", "Montage vor Ort"]


def test_it_adds_up_by_tax_rate() -> None:
    shown = texts(render(VOUCHER))
    for label, value in (
        ("Netto", "1.805,96"),
        ("Umsatzsteuer 19 % auf 1.712,50 EUR", "325,38"),
        ("Umsatzsteuer 7 % auf 93,46 EUR", "6,54"),
        ("Gesamtbetrag EUR", "2.137,88"),
    ):
        assert shown[shown.index(label) + 1] == value


def test_it_shows_lines_without_tax_as_such() -> None:
    shown = texts(render(changed(lines=(line("Auslage", "12", method="none"),))))
    assert shown[shown.index("Ohne Umsatzsteuer auf 12,00 EUR") + 1] == "0,00"


def test_it_shows_foreign_money_with_its_rate_and_worth() -> None:
    shown = texts(render(changed(currency="USD", exchange_rate=Decimal("1.172"))))
    assert shown[shown.index("Wechselkurs") + 1] == "1 EUR = 1,172 USD"
    assert shown[shown.index("Gesamtbetrag USD") + 1] == "2.137,88"
    assert shown[shown.index("Gegenwert EUR") + 1] == "1.824,13"


def test_it_shows_the_sources_own_total_where_that_differs() -> None:
    shown = texts(render(changed(stated_total=Decimal("2137.90"))))
    assert shown[shown.index("Gesamtbetrag laut Quelle") + 1] == "2.137,90"
    assert "Gesamtbetrag laut Quelle" not in texts(render(changed(stated_total=Decimal("2137.88"))))


def test_it_says_where_it_comes_from() -> None:
    shown = texts(render(VOUCHER))
    assert "Herkunft: invoice/815" in shown
    assert f"Stand (SHA-256): {VOUCHER.revision()}" in shown
    assert "Kostenstelle: 220 Montage" in shown


def test_it_shows_what_is_kept_back_and_released() -> None:
    kept = Retained(withheld=Decimal(595), released=Decimal(1300), due_date=date(2031, 7, 14))
    shown = texts(render(changed(retained=kept)))
    for label, value in (
        ("Sicherheitseinbehalt", "595,00 EUR"),
        ("Einbehalt fällig am", "14.07.2031"),
        ("Einbehalt ausgezahlt", "1.300,00 EUR"),
    ):
        assert shown[shown.index(label) + 1] == value
    assert "Sicherheitseinbehalt" not in texts(render(VOUCHER))


def test_it_shows_a_bill_that_only_releases() -> None:
    alone = changed(lines=(), stated_total=None, retained=Retained(released=Decimal(119)))
    assert "Einbehalt ausgezahlt" in texts(render(alone))


def test_it_shows_further_facts() -> None:
    shown = texts(render(VOUCHER, facts=[("Mandant", "29098-55003")]))
    assert shown[shown.index("Mandant") + 1] == "29098-55003"


@pytest.mark.parametrize(
    ("kind", "direction", "shown_as"),
    [
        (Kind.INVOICE, "sale", "Ausgangsrechnung"),
        (Kind.CREDIT_NOTE, "sale", "Gutschrift an Kunden"),
        (Kind.DIRECT_COST, "purchase", "Direkte Kosten"),
        (Kind.COMMITMENT, "sale", "Geschäftsvorfall"),
    ],
)
def test_it_names_the_kind_of_document(kind: Kind, direction: Any, shown_as: str) -> None:
    assert shown_as in texts(render(changed(kind=kind, direction=direction)))


def test_what_is_missing_is_said_or_left_out() -> None:
    bare = changed(number=None, party=None, service_date=None, due_date=None, title="", lines=())
    shown = texts(render(bare))
    assert shown[shown.index("Belegnummer") + 1] == "ohne"
    assert shown[shown.index("Kunde") + 1] == "nicht angegeben"
    assert "Leistungsdatum" not in shown


def test_the_same_voucher_gives_the_same_bytes() -> None:
    assert render(VOUCHER) == render(msgspec.structs.replace(VOUCHER))


def test_another_voucher_gives_other_bytes() -> None:
    assert render(VOUCHER) != render(changed(number="RE-2026-00043"))


def test_long_texts_wrap_and_lose_no_word() -> None:
    text = "Konstruktionsvollholz Fichte, Ausführung gemäß Leistungsverzeichnis Position 01.02.0030, " * 3
    shown = texts(render(changed(lines=(line(text, "1"),), title="")))
    begin = shown.index("1,19") + 1
    end = shown.index("Netto")
    assert " ".join(shown[begin:end]) == text.strip()


def test_a_word_that_is_longer_than_its_column_is_cut_and_not_lost() -> None:
    word = "Donaudampfschifffahrt" * 12
    shown = texts(render(changed(lines=(line(word, "1"),), title="")))
    assert "".join(shown[shown.index("1,19") + 1 : shown.index("Netto")]) == word


def test_many_lines_go_on_further_pages_under_the_same_heads() -> None:
    many = tuple(line(f"Position {number}", "10") for number in range(200))
    shown = pages(render(changed(lines=many)))
    assert len(shown) > 3
    assert all("Bezeichnung" in page for page in shown[:-1])
    assert [text for page in shown for text in page if text.startswith("Position ")] == [
        f"Position {number}" for number in range(200)
    ]
    assert [page[-1] for page in shown] == [
        f"Seite {number} von {len(shown)}" for number in range(1, len(shown) + 1)
    ]
    assert all(f"RE-2026-00042 · {MARK}" in page for page in shown)


def test_characters_that_the_fonts_do_not_have_are_transliterated_and_that_is_said() -> None:
    shown = texts(render(changed(title="Łukasz 🚀 → Köln")))
    assert "Lukasz -> Köln" in shown
    assert any(text.startswith("Zeichen, die sich hier nicht darstellen lassen") for text in shown)
    assert not any(text.startswith("Zeichen,") for text in texts(render(VOUCHER)))


def test_it_is_a_document_that_may_be_filed() -> None:
    assert inspect("Buchungsbeleg.pdf", "application/pdf", render(VOUCHER), ["PDF"]) is None


any_text = st.text(max_size=400)


@settings(max_examples=40, deadline=None)
@given(
    title=any_text,
    name=any_text,
    lines=st.lists(
        st.builds(
            Line,
            text=any_text,
            amount=st.decimals(min_value=-(10**9), max_value=10**9, places=4),
            tax_method=st.sampled_from(["exclusive", "inclusive", "none"]),
            tax_rate=st.sampled_from([Decimal(0), Decimal(7), Decimal(19)]),
            product_code=st.none() | st.text(max_size=200),
        ),
        max_size=60,
    ),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_every_voucher_gives_a_sound_document_within_the_page(
    title: str, name: str, lines: list[Line], currency: str
) -> None:
    made = changed(
        title=title,
        party=msgspec.structs.replace(PARTY, name=name),
        lines=tuple(lines),
        currency=currency,
    )
    content = render(made)
    assert inspect("Buchungsbeleg.pdf", "application/pdf", content, ["PDF"]) is None
    drawn = positions(content)
    assert drawn
    assert all(50 < x < 545 and 30 < y < 800 for x, y in drawn)
    gross = totals(lines, currency).gross
    shown = texts(content)
    written = shown[shown.index(f"Gesamtbetrag {currency}") + 1]
    assert Decimal(re.sub(r"[.]", "", written).replace(",", ".")) == gross
