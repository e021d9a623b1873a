"""An invoice is written where everything is there for one: a PDF/A-3 with XML that keeps the rules."""

from __future__ import annotations

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
from pydantic import ValidationError

from mlconnector.formats.einvoice.cii import cii_xml
from mlconnector.formats.einvoice.comparison import differences
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.invoice import VatGroup
from mlconnector.formats.einvoice.own_invoice import Invoice, invoice_of, vat_categories
from mlconnector.formats.einvoice.seller import Seller
from mlconnector.formats.einvoice.zugferd import zugferd
from mlconnector.mapping.charts import tax_cases
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import DownPayment, Kind, Party, Retained, TaxMethod, Voucher
from tests.formats.einvoice.builders import BUYER, SELLER, VOUCHER, changed, invoice, line, stated

AUSTRIAN = msgspec.structs.replace(BUYER, country="AT", vat_id="ATU13585627", postal_code="1010", city="Wien")
SWISS = msgspec.structs.replace(BUYER, country="CH", vat_id=None, postal_code="8000", city="Zürich")
SMALL = Seller(name="Klein", street="Weg 1", postal_code="1", city="Ort", tax_number="11/222/33333")
SMALL_ABROAD = Seller(
    name="Klein", street="Weg 1", postal_code="1", city="Ort", small_business_id="DE123456789-EX"
)


def untaxed(party: Any = BUYER, **facts: Any) -> Voucher:
    return changed(lines=(line("200", "0"), line("20", "0", quantity=Decimal(3))), party=party, **facts)


def given_back() -> Voucher:
    lines = (line("-200.00"), line("-20.00", "7"))
    return changed(kind=Kind.CREDIT_NOTE, lines=lines, refers_to="RE-2026-0001", due_date=date(2026, 11, 30))


CASES: dict[str, Invoice] = {
    "two rates": invoice(),
    "prices with tax": invoice(
        changed(lines=(line("119", method="inclusive"), line("9.99", "7", "inclusive")))
    ),
    "thirds": invoice(changed(lines=(line("100", quantity=Decimal(3)),))),
    "a discount as a line": invoice(changed(lines=(line("100"), line("-10", text="Rabatt")))),
    "a line that costs nothing": invoice(changed(lines=(line("100"), line("0", text="Beigabe")))),
    "terms instead of a due date": invoice(changed(due_date=None, payment_terms="14 Tage netto")),
    "credit note": invoice(given_back()),
    "small business": invoice(untaxed(), "small_business", "small_business", seller=SMALL),
    "small business with its own number": invoice(
        untaxed(), "small_business", "small_business", seller=SMALL_ABROAD
    ),
    "small business in another member state": invoice(
        untaxed(AUSTRIAN), "small_business_eu", "small_business_eu", seller=SMALL_ABROAD
    ),
    "tax-free": invoice(untaxed(), "tax_free", "tax_free"),
    "zero rate": invoice(untaxed(), "domestic_0", "domestic_0"),
    "intra-community supply": invoice(untaxed(AUSTRIAN), "eu_goods_vat_id", "eu_goods_vat_id"),
    "service to another member state": invoice(untaxed(AUSTRIAN), "eu_service_vat_id", "eu_service_vat_id"),
    "domestic reverse charge": invoice(untaxed(), "reverse_charge_supplied", "reverse_charge_supplied"),
    "export": invoice(untaxed(SWISS), "export_goods", "export_goods"),
    "control characters": invoice(changed(title="Auf\x0btrag\x00", lines=(line("1", text="a\x01b"),))),
}


@pytest.mark.parametrize("case", CASES)
def test_every_invoice_keeps_schema_and_rules(case: str) -> None:
    found = examine(cii_xml(CASES[case]), rules=True)
    assert (found.fatal, found.findings, found.applied) == ((), (), True)


@pytest.mark.parametrize("case", CASES)
def test_every_invoice_says_what_the_voucher_says(case: str) -> None:
    made = zugferd(CASES[case])
    assert made is not None
    read = examine(made, rules=False)
    assert read.form == "hybrid"
    assert read.invoice is not None
    source = CASES[case].stated
    if CASES[case].type_code == "381":
        source = given_back()
    assert differences(source, totals(source.lines, source.currency), read.invoice) == []
    assert read.invoice.delivery_date == source.service_date
    assert read.invoice.due_date == source.due_date


@settings(max_examples=25, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.decimals(min_value="-99999", max_value="99999", places=4),
            st.sampled_from(["19", "7"]),
            st.sampled_from(["exclusive", "inclusive"]),
            st.decimals(min_value="0.0001", max_value="10000", places=4),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_amounts_of_all_kinds_keep_the_rules(lines: list[tuple[Decimal, str, TaxMethod, Decimal]]) -> None:
    made = tuple(line(str(amount), rate, method, quantity=count) for amount, rate, method, count in lines)
    found = examine(cii_xml(invoice(changed(lines=made))), rules=True)
    assert [one for one in found.fatal if not one.rule.startswith("BR-DEC")] == []
    assert found.fatal == ()


def test_the_same_voucher_gives_the_same_bytes_and_another_one_others() -> None:
    assert zugferd(invoice()) == zugferd(invoice(changed()))
    assert zugferd(invoice()) != zugferd(invoice(changed(number="RE-2026-0043")))


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("facts", "missing"),
        [
            ({"service_date": None}, "service_date"),
            ({"number": None}, "number"),
            ({"due_date": None}, "due_date"),
            ({"currency": "USD"}, "euro"),
            ({"party": None}, "party"),
            ({"party": msgspec.structs.replace(BUYER, street=None)}, "party_street"),
            ({"party": msgspec.structs.replace(BUYER, postal_code=None)}, "party_postal_code"),
            ({"party": msgspec.structs.replace(BUYER, city=None)}, "party_city"),
            ({"party": msgspec.structs.replace(BUYER, country=None)}, "party_country"),
            ({"direction": "purchase"}, "sale"),
            ({"kind": Kind.DIRECT_COST}, "sale"),
        ],
    )
    def test_is_named(self, facts: dict[str, Any], missing: str) -> None:
        assert stated(changed(**facts)) == [missing]

    def test_is_named_all_at_once(self) -> None:
        found = stated(changed(service_date=None, due_date=None))
        assert found == ["service_date", "due_date"]

    @pytest.mark.parametrize("case", [None, "oss_goods", "third_country_service", "triangular_supply"])
    def test_includes_a_tax_case_that_invoices_cannot_state(self, case: str | None) -> None:
        found = stated(changed(lines=(line("1", "0"),)), case)
        assert found == ["tax_case"]

    def test_includes_vat_ids_where_the_tax_case_needs_them(self) -> None:
        found = stated(untaxed(SWISS), "eu_goods_vat_id", "eu_goods_vat_id", seller=SMALL)
        assert found == ["party_vat_id", "seller_vat_id"]

    def test_includes_the_invoice_that_a_credit_note_corrects(self) -> None:
        found = stated(msgspec.structs.replace(given_back(), refers_to=None))
        assert found == ["refers_to"]

    def test_includes_a_quantity(self) -> None:
        assert stated(changed(lines=(line("1", quantity=Decimal(0)),))) == ["quantity"]

    def test_includes_a_total_that_is_the_one_booked(self) -> None:
        found = invoice_of(VOUCHER, Decimal("259.41"), ["domestic_19", "domestic_7"], SELLER)
        assert found == ["total"]

    def test_includes_characters_that_the_fonts_do_not_have(self) -> None:
        assert zugferd(invoice(changed(title="Łódź → 東京"))) is None


class TestASmallBusiness:
    """§ 34a UStDV as it stands since 2025; UStAE 14.7a."""

    @pytest.fixture
    def made(self) -> bytes:
        made = zugferd(CASES["small business"])
        assert made is not None
        return made

    def test_says_that_its_supplies_are_exempt_at_the_tax_and_of_itself(self) -> None:
        text = cii_xml(CASES["small business"]).decode()
        notice = "steuerfreier Umsatz eines Kleinunternehmers (§ 19 UStG)"
        assert re.search(rf"<ram:ExemptionReason>[^<]*{re.escape(notice)}</ram:ExemptionReason>", text)
        assert re.search(rf"<ram:Description>[^<]*{re.escape(notice)}</ram:Description>", text)
        assert "ExemptionReasonCode" not in text

    def test_states_category_e_and_no_tax(self, made: bytes) -> None:
        found = examine(made, rules=True)
        assert found.invoice is not None
        assert found.invoice.vat == (VatGroup("E", Decimal(0), Decimal(220), Decimal(0)),)
        assert (found.invoice.tax, found.findings) == (Decimal(0), ())

    def test_shows_the_notice_and_no_rate(self, made: bytes) -> None:
        with pikepdf.open(io.BytesIO(made)) as document:
            shown = _shown(document)
        assert "steuerfreier Umsatz eines Kleinunternehmers (§ 19 UStG)" in shown
        assert "0 %" not in shown
        assert "ohne" in shown

    def test_may_name_the_number_that_it_has_for_other_member_states(self) -> None:
        made = zugferd(CASES["small business with its own number"])
        assert made is not None
        with pikepdf.open(io.BytesIO(made)) as document:
            assert "DE123456789-EX" in _shown(document)
        assert b'<ram:ID schemeID="FC">DE123456789-EX</ram:ID>' in cii_xml(
            CASES["small business with its own number"]
        )

    def test_has_nothing_else_on_its_invoice(self) -> None:
        found = stated(untaxed(), "small_business", "tax_free", seller=SMALL)
        assert isinstance(found, list)
        assert "small_business_alone" in found

    @pytest.mark.parametrize("party", [AUSTRIAN, SWISS])
    def test_does_not_say_by_which_state_a_supply_abroad_is_exempt(self, party: Party) -> None:
        found = stated(untaxed(party), "small_business", "small_business", seller=SMALL_ABROAD)
        assert found == ["small_business_at_home"]

    def test_names_the_number_by_which_another_state_exempts_it(self) -> None:
        both = SMALL.model_copy(update={"small_business_id": "DE123456789-EX"})
        made = cii_xml(
            invoice(untaxed(AUSTRIAN), "small_business_eu", "small_business_eu", seller=both)
        ).decode()
        assert '<ram:ID schemeID="FC">DE123456789-EX</ram:ID>' in made
        assert "11/222/33333" not in made
        assert "Art. 284 MwStSystRL, § 19a UStG" in made
        found = stated(untaxed(AUSTRIAN), "small_business_eu", "small_business_eu", seller=SMALL)
        assert found == ["small_business_id"]

    def test_has_one_exemption_on_an_invoice(self) -> None:
        found = stated(untaxed(), "small_business_eu", "small_business", seller=SMALL_ABROAD)
        assert isinstance(found, list)
        assert "small_business_alone" in found

    def test_charges_no_tax(self) -> None:
        found = stated(VOUCHER, "small_business", "small_business", seller=SMALL)
        assert found == ["untaxed"]


@pytest.mark.parametrize(
    "facts",
    [{"requests_down_payment": True}, {"down_payments": (DownPayment(amount=Decimal(100), paid=True),)}],
)
def test_no_invoice_is_written_where_down_payments_play_a_part(facts: dict[str, Any]) -> None:
    assert stated(changed(**facts)) == ["no_down_payment"]


def test_no_invoice_is_written_where_something_is_kept_back() -> None:
    assert stated(changed(retained=Retained(withheld=Decimal(10)))) == ["no_retainage"]


def test_any_other_untaxed_supply_shows_no_rate_either() -> None:
    made = zugferd(CASES["intra-community supply"])
    assert made is not None
    with pikepdf.open(io.BytesIO(made)) as document:
        assert "0 %" not in _shown(document)


class TestTheSeller:
    def test_needs_a_vat_id_or_a_tax_number(self) -> None:
        with pytest.raises(ValidationError, match="vat_id or tax_number"):
            Seller(name="A", street="B", postal_code="C", city="D")

    @pytest.mark.parametrize(
        "facts",
        [
            {"vat_id": "DE123"},
            {"small_business_id": "DE1"},
            {"iban": "DE00"},
            {"bic": "x"},
            {"country": "Germany"},
            {"name": " "},
        ],
    )
    def test_is_checked(self, facts: dict[str, str]) -> None:
        with pytest.raises(ValidationError):
            Seller.model_validate(SELLER.model_dump() | facts)


def test_categories_are_those_of_tax_cases_that_exist_and_fit_their_rates() -> None:
    for name, category in vat_categories().items():
        case = tax_cases()[name]
        assert case.direction == "sale"
        assert (category.category == "S") == bool(case.rate)
        assert bool(category.reason) == (category.category not in {"S", "Z"})


class TestThePdf:
    MADE = zugferd(invoice(CASES["intra-community supply"].stated, "eu_goods_vat_id", "eu_goods_vat_id"))

    @pytest.fixture
    def opened(self) -> Any:
        assert self.MADE is not None
        with pikepdf.open(io.BytesIO(self.MADE)) as document:
            yield document

    def test_says_that_it_is_pdf_a_3_and_what_it_carries(self, opened: pikepdf.Pdf) -> None:
        with opened.open_metadata() as metadata:
            assert metadata.pdfa_status == "3B"
        said = opened.Root.Metadata.read_bytes().decode()
        for part in (
            "<pdfaid:part>3</pdfaid:part>",
            "<fx:DocumentType>INVOICE</fx:DocumentType>",
            "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>",
            "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
            "<fx:Version>1.0</fx:Version>",
            "pdfaExtension:schemas",
            "<xmp:CreateDate>2026-10-31T00:00:00Z</xmp:CreateDate>",
        ):
            assert part in said
        assert "/Filter" not in opened.Root.Metadata

    def test_names_its_colours(self, opened: pikepdf.Pdf) -> None:
        (intent,) = opened.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        profile = intent.DestOutputProfile.read_bytes()
        assert profile[36:40] == b"acsp"
        assert profile[12:20] == b"mntrRGB "

    def test_carries_its_fonts(self, opened: pikepdf.Pdf) -> None:
        fonts = [font for page in opened.pages for font in page.resources.Font.values()]
        assert fonts
        assert all("/FontFile2" in font.FontDescriptor and "/ToUnicode" in font for font in fonts)

    def test_carries_the_invoice_as_the_alternative_of_its_pages(self, opened: pikepdf.Pdf) -> None:
        (file,) = opened.Root.AF
        assert (str(file.F), str(file.UF)) == ("factur-x.xml", "factur-x.xml")
        assert file.AFRelationship == "/Alternative"
        assert file.EF.F.Subtype == "/text/xml"
        assert "/ModDate" in file.EF.F.Params
        assert int(file.EF.F.Params.Size) == len(file.EF.F.read_bytes())
        assert list(opened.attachments) == ["factur-x.xml"]

    def test_has_nothing_that_pdf_a_forbids(self, opened: pikepdf.Pdf) -> None:
        assert not opened.is_encrypted
        assert "/Info" not in opened.trailer
        assert "/ID" in opened.trailer
        for one in opened.objects:
            if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
                assert not {"/JS", "/JavaScript", "/AA", "/OpenAction", "/SMask", "/Trans"} & set(one.keys())
                assert "LZW" not in str(one.get("/Filter", ""))

    def test_shows_why_there_is_no_tax_and_where_to_pay(self, opened: pikepdf.Pdf) -> None:
        assert self.MADE is not None
        shown = _shown(opened)
        for text in (
            "Rechnung",
            "RE-2026-0042",
            "15.10.2026",
            "ATU13585627",
            "DE136695976",
            "Steuerfreie innergemeinschaftliche Lieferung",
            "DE02120300000000202051",
        ):
            assert text in shown


def _shown(document: pikepdf.Pdf) -> str:
    """The text of a document by the fonts' own tables of characters."""
    found = []
    for page in document.pages:
        tables = {name: _characters(font) for name, font in page.resources.Font.items()}
        current: dict[int, str] = {}
        for instruction in pikepdf.parse_content_stream(page):
            if str(instruction.operator) == "Tf":
                current = tables[str(instruction.operands[0])]
            elif str(instruction.operator) == "Tj":
                found.append("".join(current[code] for code in bytes(instruction.operands[0])))
    return " ".join(found)


def _characters(font: pikepdf.Object) -> dict[int, str]:
    pairs = re.findall(r"<([0-9A-F]{2})> <([0-9A-F]{4})>", font.ToUnicode.read_bytes().decode())
    return {int(code, 16): chr(int(character, 16)) for code, character in pairs}
