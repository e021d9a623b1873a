"""Entries of a month as a firm sells and buys, and packages of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlconnector.formats.dxso import (
    MANAGEMENT_FILE,
    LedgerFile,
    Package,
    document_file,
    image_of,
    ledger_file,
    package_of,
    packed,
    validate_with,
)
from mlconnector.model.entries import Entry, EntryLine, reversed_entry
from tests.formats.extf.examples import line
from tests.specifications import located, needs

GOLDEN = Path(__file__).parent / "golden"
XSD = located("dxso/xsd/v060")
needs_xsd = needs("dxso/xsd/v060")

ACCOUNT_LENGTH = 4
CLIENT = "29098-55003"
COMPANY = "Musterholz GmbH"
CREATED_AT = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
FOLDERS = {"receivable": "Ausgangsrechnungen", "payable": "Eingangsrechnungen"}


def entry(*lines: EntryLine, **changed: Any) -> Entry:
    """An invoice of 20 November 2026 to debtor 10001."""
    fields: dict[str, Any] = {
        "voucher": "invoice/1",
        "revision": "r1",
        "kind": "original",
        "turn": 1,
        "document_date": date(2026, 11, 20),
        "number": "RE-2026-0042",
        "currency": "EUR",
        "lines": lines or (line(),),
        "party_id": "K1001",
        "party_name": "Kunde AG",
        "party_city": "Köln",
    }
    return Entry(**{**fields, **changed})


def bill(*lines: EntryLine, **changed: Any) -> Entry:
    """An incoming invoice over 23.80 EUR of creditor 70001."""
    own = line(account="70001", contra_account="4930", amount=Decimal("-23.80"), text="Papier", tax_key="9")
    fields: dict[str, Any] = {
        "voucher": "direct_cost/6",
        "number": "4711",
        "ledger": "payable",
        "party_id": "",
        "party_name": "Bürobedarf Söhne",
        "party_city": "Ulm",
    }
    return entry(*(lines or (own,)), **{**fields, **changed})


def guid(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, name)


def november() -> tuple[Entry, ...]:
    """What a small firm sells in a month: one of each kind of thing."""
    corrected = entry(line(text="Beratung"), voucher="invoice/8", number="RE-2026-0045", document=guid("8"))
    return (
        entry(
            line(text="Montage Küche", cost_centre_1="100"),
            line(amount=Decimal("107.00"), contra_account="8300", tax_rate=Decimal(7), text="Handbuch"),
            due_date=date(2026, 12, 4),
            service_date=date(2026, 11, 18),
            document=guid("1"),
        ),
        entry(
            line(amount=Decimal("-119.00"), text="Gutschrift zu RE-2026-0041"),
            voucher="credit_note/2",
            number="GU 2026.11/1",
        ),
        entry(
            line(account="10002", contra_account="8120", amount=Decimal("1024.00"), tax_rate=Decimal(0)),
            voucher="invoice/4",
            number="RE-2026-0043",
            currency="CHF",
            exchange_rate=Decimal("0.9531"),
            party_id="K1002",
            party_name="Schreinerei Bär",
            party_city="Basel",
            document=guid("4"),
        ),
        entry(
            line(
                account="10003",
                contra_account="8125",
                amount=Decimal("2000.00"),
                tax_rate=Decimal(0),
                eu_vat_id="ATU12345678",
                text="Lieferung",
            ),
            voucher="invoice/5",
            number="RE-2026-0044",
            party_id="K1003",
            party_name="Holz Wien",
            party_city="Wien",
        ),
        entry(
            line(
                account="10004",
                contra_account="8320",
                amount=Decimal("120.00"),
                tax_rate=Decimal(20),
                eu_vat_id="FR",
                eu_rate=Decimal(20),
                origin_vat_id="DE136695976",
                tax_key="",
                text="Versand nach Lyon",
            ),
            voucher="invoice/7",
            number="RE-2026-0046",
            party_id="K1004",
            party_name="Mme Dupont",
            party_city="Lyon",
        ),
        corrected,
        reversed_entry(corrected, revision="r2", turn=1),
    )


def purchases() -> tuple[Entry, ...]:
    """A bill with two accounts, and a supplier's credit note."""
    return (
        bill(
            line(
                account="70001", contra_account="4930", amount=Decimal("-23.80"), text="Papier", tax_key="9"
            ),
            line(account="70001", contra_account="4940", amount=Decimal("-10.70"), text="Fachbuch"),
            due_date=date(2026, 12, 20),
            document=guid("6"),
        ),
        bill(
            line(account="70001", contra_account="4930", amount=Decimal("11.90"), text="Rückgabe"),
            voucher="credit_note/9",
            number="4712-G",
        ),
    )


def made(given: Entry, **options: Any) -> LedgerFile:
    """The ledger file of an entry."""
    return ledger_file(given, **{"account_length": ACCOUNT_LENGTH, "company": COMPANY, **options})


def package(entries: Sequence[Entry], **options: Any) -> Package:
    """A package of entries; those with a document have it as PDF."""
    pairs = []
    for each in entries:
        file = made(each, **options)
        image = image_of(
            each,
            file,
            file_name="Rechnung.pdf",
            media_type="application/pdf",
            size=len(PDF),
            sha256="0" * 64,
        )
        pairs.append((packed(each, file, [image] if image else []), file))
    return package_of(
        pairs,
        client=CLIENT,
        account_length=options.get("account_length", ACCOUNT_LENGTH),
        created_at=CREATED_AT,
        description="pipedrive 2026-11",
    )


def files_of(given: Package, folder: str = "") -> dict[str, bytes]:
    """Everything that goes into the job, images included."""
    content = document_file(given, folder or FOLDERS[given.ledger])
    images = {image.file_name: PDF for image in given.images}
    return {**given.files, **images, MANAGEMENT_FILE: content}


def schema_faults(files: Mapping[str, bytes]) -> list[str]:
    """What DATEV's schemas find."""
    schemas = {path.name: path.read_bytes() for path in XSD.iterdir()}
    return [f"{fault.file}: {fault.message}" for fault in validate_with(schemas, files)]
