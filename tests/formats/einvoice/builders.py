"""E-invoices for tests: UBL and CII made with factur-x, hybrids made with pikepdf, and their vouchers."""

from __future__ import annotations

import io
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import facturx
import msgspec
import pikepdf

from mlconnector.formats.einvoice.own_invoice import Invoice, invoice_of
from mlconnector.formats.einvoice.seller import Seller
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Line, Party, TaxMethod, Voucher

SELLER = Seller(
    name="Musterholz GmbH",
    street="Sägewerkstraße 1",
    postal_code="90402",
    city="Nürnberg",
    vat_id="DE136695976",
    tax_number="241/123/45678",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    email="rechnung@musterholz.example",
    phone="0911 12345",
    contact="Buchhaltung",
)
BUYER = Party(
    external_id="organization/7",
    name="Holzbau Müller GmbH",
    street="Lindenallee 3",
    postal_code="80331",
    city="München",
    country="DE",
    vat_id="DE129273398",
)


def line(amount: str, rate: str = "19", method: TaxMethod = "exclusive", **facts: Any) -> Line:
    values: dict[str, Any] = {"text": "Montage vor Ort", **facts}
    return Line(amount=Decimal(amount), tax_method=method, tax_rate=Decimal(rate), **values)


VOUCHER = Voucher(
    kind=Kind.INVOICE,
    direction="sale",
    external_id="815",
    number="RE-2026-0042",
    document_date=date(2026, 10, 31),
    service_date=date(2026, 10, 15),
    due_date=date(2026, 11, 14),
    currency="EUR",
    party=BUYER,
    lines=(line("200.00"), line("20.00", "7", text="Handbuch")),
)


def changed(**fields: Any) -> Voucher:
    return msgspec.structs.replace(VOUCHER, **fields)


def invoice(of: Voucher = VOUCHER, *cases: str, seller: Seller = SELLER) -> Invoice:
    """The content of a voucher's invoice, for which all must be there."""
    made = stated(of, *cases, seller=seller)
    assert isinstance(made, Invoice), made
    return made


def stated(of: Voucher, *cases: str | None, seller: Seller = SELLER) -> Invoice | list[str]:
    named = cases or tuple(f"domestic_{line.tax_rate}" for line in of.lines)
    return invoice_of(of, totals(of.lines, of.currency).gross, named, seller)


_TERMS: dict[str, Any] = {
    "BT-1": "RE-2026-0042",
    "BT-2": date(2026, 10, 31),
    "BT-3": "380",
    "BT-5": "EUR",
    "BT-9": date(2026, 11, 14),
    "BT-72": date(2026, 10, 15),
    "BT-81": "58",
    "BT-84": "DE02120300000000202051",
    "BG-4": {
        "name": "Musterholz GmbH",
        "addr_l1": "Sägewerkstraße 1",
        "postcode": "90402",
        "city": "Nürnberg",
        "country_code": "DE",
        "vat_identifier": "DE136695976",
    },
    "BG-7": {
        "name": "Holzbau Müller GmbH",
        "addr_l1": "Lindenallee 3",
        "postcode": "80331",
        "city": "München",
        "country_code": "DE",
        "vat_identifier": "DE129273398",
    },
    "BG-25": [
        {
            "BT-126": "1",
            "BT-129": "2",
            "BT-130": "C62",
            "BT-131": "200.00",
            "BT-146": "100.00",
            "BT-151": "S",
            "BT-152": "19",
            "BT-153": "Montage vor Ort",
        },
        {
            "BT-126": "2",
            "BT-129": "1",
            "BT-130": "C62",
            "BT-131": "20.00",
            "BT-146": "20.00",
            "BT-151": "S",
            "BT-152": "7",
            "BT-153": "Handbuch",
        },
    ],
    "BG-23": [
        {"BT-116": "200.00", "BT-117": "38.00", "BT-118": "S", "BT-119": "19"},
        {"BT-116": "20.00", "BT-117": "1.40", "BT-118": "S", "BT-119": "7"},
    ],
    "BT-106": "220.00",
    "BT-109": "220.00",
    "BT-110": "39.40",
    "BT-112": "259.40",
    "BT-115": "259.40",
}


def xml(flavour: str = "factur-x", level: str = "en16931", **terms: Any) -> bytes:
    """An invoice as XML: `factur-x` is CII, `ubl-2.1` UBL; terms by their number, e.g. `BT_1="RE-1"`."""
    data = deepcopy(_TERMS) | {name.replace("_", "-"): value for name, value in terms.items()}
    made = facturx.generate_xml(data, flavor=flavour, level=level, check_xsd=False, check_schematron="")
    # factur-x marks an element that has nothing in it as nil, which the schema does not allow.
    return bytes(made).replace(b' xsi:nil="true"', b"")


def as_xrechnung(made: bytes) -> bytes:
    """The same invoice with the profile of XRechnung 3.0."""
    profile = b"urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
    return made.replace(b"urn:cen.eu:en16931:2017", profile)


def pdf(*files: tuple[str, bytes]) -> bytes:
    """A blank PDF with embedded files."""
    made = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        for name, content in files:
            document.attachments[name] = content
        document.save(made, deterministic_id=True)
    return made.getvalue()
