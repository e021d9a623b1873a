"""What an e-invoice says is read completely, in whichever syntax it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.invoice import EInvoice, VatGroup
from tests.formats.einvoice.builders import as_xrechnung, xml
from tests.specifications import located, needs

SAMPLES = located("dxso/samples/einvoice")
OFFICIAL = located("einvoice")
SYNTAXES = ("factur-x", "ubl-2.1")


def read(content: bytes) -> EInvoice:
    found = examine(content, rules=False)
    assert found.invoice is not None, found.findings
    return found.invoice


def test_every_term_is_read_from_cii() -> None:
    assert read(xml()) == EInvoice(
        syntax="cii",
        profile="urn:cen.eu:en16931:2017",
        number="RE-2026-0042",
        type_code="380",
        issue_date=date(2026, 10, 31),
        currency="EUR",
        seller_names=("Musterholz GmbH",),
        buyer_names=("Holzbau Müller GmbH",),
        seller_vat_id="DE136695976",
        buyer_vat_id="DE129273398",
        seller_country="DE",
        buyer_country="DE",
        delivery_date=date(2026, 10, 15),
        due_date=date(2026, 11, 14),
        vat=(
            VatGroup("S", Decimal(19), Decimal(200), Decimal(38)),
            VatGroup("S", Decimal(7), Decimal(20), Decimal("1.4")),
        ),
        net=Decimal(220),
        tax=Decimal("39.4"),
        gross=Decimal("259.4"),
        prepaid=None,
        payable=Decimal("259.4"),
        preceding=(),
    )


def test_ubl_says_the_same() -> None:
    assert replace(read(xml("ubl-2.1")), syntax="cii") == read(xml())


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_deposits_and_preceding_invoices_are_read(syntax: str) -> None:
    found = read(xml(syntax, BT_113="100.00", BT_115="159.40", BG_3=[{"BT-25": "RE-1"}, {"BT-25": "RE-2"}]))
    assert (found.prepaid, found.payable) == (Decimal(100), Decimal("159.4"))
    assert found.preceding == ("RE-1", "RE-2")


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_why_no_tax_is_charged_and_tax_in_another_currency_are_read(syntax: str) -> None:
    group = {"BT-116": "220.00", "BT-117": "0", "BT-118": "E", "BT-119": "0", "BT-121": "VATEX-EU-F"}
    found = read(xml(syntax, BT_5="USD", BT_6="EUR", BT_111="36.10", BG_23=[group]))
    assert found.vat == (VatGroup("E", Decimal(0), Decimal(220), Decimal(0), "VATEX-EU-F"),)
    assert (found.currency, found.tax_currency, found.accounting_tax) == ("USD", "EUR", Decimal("36.1"))


@pytest.mark.parametrize("zone", ["Z", "+02:00", "-05:00", "+14:00"])
def test_days_with_a_time_zone_are_the_days_that_are_written(zone: str) -> None:
    zoned = xml("ubl-2.1")
    for day in (b"2026-10-31", b"2026-10-15", b"2026-11-14"):
        assert day in zoned
        zoned = zoned.replace(day, day + zone.encode())
    assert read(zoned) == read(xml("ubl-2.1"))


@pytest.mark.parametrize(
    ("form", "moment"),
    [
        ("203", "202610312359"),
        ("204", "20261031235959"),
        ("205", "202610312359+0200"),
        ("303", "202610310000CET"),
    ],
)
def test_moments_of_cii_are_their_days(form: str, moment: str) -> None:
    day = b'<udt:DateTimeString format="102">20261031</udt:DateTimeString>'
    there = f'<udt:DateTimeString format="{form}">{moment}</udt:DateTimeString>'.encode()
    assert day in xml()
    assert read(xml().replace(day, there)) == read(xml())


def test_a_moment_of_the_whole_schema_is_its_day() -> None:
    day = b'<udt:DateTimeString format="102">20261031</udt:DateTimeString>'
    found = examine(
        xml().replace(day, b"<udt:DateTime>2026-10-31T00:30:00+02:00</udt:DateTime>"), rules=False
    )
    assert found.invoice is not None
    assert found.invoice.issue_date == date(2026, 10, 31)
    assert [note.rule for note in found.notes] == ["einvoice_beyond_profile"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_amounts_of_a_credit_note_are_given_back(syntax: str) -> None:
    assert (read(xml(syntax, BT_3="381")).sign, read(xml(syntax, BT_3="384")).sign) == (-1, 1)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_is_not_said_is_left_open(syntax: str) -> None:
    found = read(xml(syntax, BT_9=None, BT_72=None, BT_20="sofort"))
    assert (found.due_date, found.delivery_date) == (None, None)


def test_several_delivery_dates_are_noted_and_none_of_them_is_taken() -> None:
    made = xml("ubl-2.1")
    begin, end = made.index(b"<cac:Delivery>"), made.index(b"</cac:Delivery>") + len(b"</cac:Delivery>")
    second = made[begin:end].replace(b"2026-10-15", b"2026-10-20")
    found = examine(made[:end] + second + made[end:], rules=False)
    assert found.invoice is not None
    assert found.invoice.delivery_date is None
    (note,) = found.notes
    assert note.rule == "einvoice_several_days"
    assert note.facts == {"term": "BT-72", "days": "2026-10-15, 2026-10-20"}


def test_xrechnung_keeps_its_profile() -> None:
    assert read(as_xrechnung(xml("ubl-2.1"))).profile.endswith("xrechnung_3.0")


def test_a_profile_without_lines_is_noted_as_no_invoice() -> None:
    found = examine(xml(level="basicwl"), rules=False)
    assert found.invoice is not None
    assert [note.rule for note in found.notes] == ["einvoice_without_lines"]


def test_an_older_invoice_that_only_the_whole_schema_knows_is_read_and_noted() -> None:
    """Factur-X 1.09 took the indicator of an allowance on a price for required; ZUGFeRD 2.0 left it out."""
    allowance = b"<ram:AppliedTradeAllowanceCharge><ram:ActualAmount>0.00</ram:ActualAmount></ram:Applied"
    price = b"<ram:GrossPriceProductTradePrice><ram:ChargeAmount>100.00</ram:ChargeAmount>" + allowance
    price += b"TradeAllowanceCharge></ram:GrossPriceProductTradePrice>"
    net = b"<ram:NetPriceProductTradePrice>"
    found = examine(xml().replace(net, price + net, 1), rules=False)
    assert (found.findings, found.invoice) == ((), read(xml()))
    (note,) = found.notes
    assert note.rule == "einvoice_beyond_profile"
    assert "ActualAmount" in note.facts["finding"]


@pytest.mark.parametrize("profile", ["urn:factur-x.eu:1p0:minimum", "urn:zugferd.de:2p0:basicwl"])
def test_the_profiles_without_lines_are_known_under_both_names(profile: str) -> None:
    assert replace(read(xml()), profile=profile).is_booking_aid


@pytest.mark.parametrize(("syntax", "end"), [("factur-x", b"LineItem>"), ("ubl-2.1", b"InvoiceLine>")])
def test_an_invoice_of_many_lines_is_read_by_its_head(syntax: str, end: bytes) -> None:
    made = xml(syntax)
    place = made.index(end, made.index(end) + len(end)) + len(end)
    first = made.index(b"<", made.rindex(b">", 0, made.index(end)) + 1)
    assert read(made[:place] + made[first:place] * 3000 + made[place:]) == read(made)


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        (b"259.40</ram:GrandTotalAmount>", b"abc</ram:GrandTotalAmount>"),
        (b"20261031", b"2026-10-31"),
        (b"<ram:ID>RE-2026-0042</ram:ID>", b""),
        (b"20261031", b"20261301"),
    ],
)
def test_what_cannot_be_read_is_said(was: bytes, is_now: bytes) -> None:
    found = examine(xml().replace(was, is_now), rules=False)
    assert found.invoice is None
    assert found.fatal[0].text


@needs("einvoice")
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("01.21a-INVOICE_uncefact.xml", "18383"),
        ("XRECHNUNG_Einfach.cii.xml", "471102"),
        ("ubl-date-with-timezone.xml", "123456XX"),
        ("zugferd_2p0_EN16931_Rabatte.pdf", "471102"),
    ],
)
def test_official_files_are_read_and_nothing_in_them_is_fatal(name: str, number: str) -> None:
    found = examine((OFFICIAL / name).read_bytes(), rules=True)
    assert found.invoice is not None
    assert (found.invoice.number, found.fatal, found.applied) == (number, (), True)


@needs("dxso/samples/einvoice")
@pytest.mark.parametrize("name", ["erechnung.pdf", "erechnung.xml", "weasy_fx.pdf"])
def test_files_of_other_programs_are_read(name: str) -> None:
    found = read((SAMPLES / name).read_bytes())
    assert (found.number, found.gross, found.syntax) == ("RE-2026-0042", Decimal("259.4"), "cii")
