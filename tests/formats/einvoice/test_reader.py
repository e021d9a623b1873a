"""What an e-invoice says is read completely, in whichever syntax it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from mlconnector.formats.einvoice import EInvoice, VatGroup
from mlconnector.formats.einvoice.examination import examine
from tests.formats.einvoice.builders import as_xrechnung, xml
from tests.specifications import located, needs

SAMPLES = located("dxso/samples/einvoice")
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
        seller_name="Musterholz GmbH",
        buyer_name="Holzbau Müller GmbH",
        seller_vat_id="DE136695976",
        buyer_vat_id="DE129273398",
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


@needs("dxso/samples/einvoice")
@pytest.mark.parametrize("name", ["erechnung.pdf", "erechnung.xml", "weasy_fx.pdf"])
def test_files_of_other_programs_are_read(name: str) -> None:
    found = read((SAMPLES / name).read_bytes())
    assert (found.number, found.gross, found.syntax) == ("RE-2026-0042", Decimal("259.4"), "cii")
