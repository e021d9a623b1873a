"""ZUGFeRD: an invoice as a PDF/A-3 that people read, with the XML in it that programs read."""

from __future__ import annotations

import msgspec

from mlconnector.formats.einvoice.cii import cii_xml
from mlconnector.formats.einvoice.own_invoice import CREDIT_NOTE, Invoice
from mlconnector.formats.einvoice.pdfa import with_invoice
from mlconnector.formats.einvoice.seller import Seller
from mlconnector.formats.german import day
from mlconnector.formats.pdf.a4_pages import HEIGHT, WIDTH, Paper
from mlconnector.formats.pdf.document_parts import (
    GREY,
    INNER,
    MARGIN,
    SIZE,
    SMALL,
    STEP,
    Cursor,
    facts_block,
    lines_table,
    party_block,
    totals_block,
)
from mlconnector.model.vouchers import Voucher


def zugferd(invoice: Invoice) -> bytes | None:
    """The invoice as a file; None where the fonts lack a character, so that page and XML would differ.

    The same invoice always gives the same bytes.
    """
    title = f"{heading(invoice)} {invoice.number}"
    paper = Paper(title, title, "ml-connector", embedded=True)
    cursor = Cursor(paper)
    shown = _shown(invoice)
    _head(cursor, invoice)
    _party_and_facts(cursor, invoice, shown)
    lines_table(cursor, shown, invoice.sums)
    totals_block(cursor, shown, invoice.sums)
    _remarks(cursor, invoice)
    left = f"{invoice.seller.name} · {title}"
    pages = paper.pdf(lambda page, of: (left, f"Seite {page} von {of}"), MARGIN, HEIGHT - 36, 7)
    if paper.replaced:
        return None
    about = {"title": f"{invoice.seller.name}: {title}", "author": invoice.seller.name}
    return with_invoice(pages, cii_xml(invoice), day=invoice.stated.document_date, **about)


def heading(invoice: Invoice) -> str:
    """What the document calls itself; a Gutschrift is what a customer issues (§ 14 Abs. 2 UStG)."""
    return "Rechnungskorrektur" if invoice.type_code == CREDIT_NOTE else "Rechnung"


def _shown(invoice: Invoice) -> Voucher:
    """The voucher without what only our books know, and without a rate where no tax is charged."""
    buyer = msgspec.structs.replace(invoice.buyer, account=None)
    lines = tuple(
        msgspec.structs.replace(line, tax_method="none") if stated.vat.reason else line
        for line, stated in zip(invoice.stated.lines, invoice.lines, strict=True)
    )
    return msgspec.structs.replace(
        invoice.stated, party=buyer, lines=lines, stated_total=None, exchange_rate=None
    )


def _head(cursor: Cursor, invoice: Invoice) -> None:
    paper, seller = cursor.paper, invoice.seller
    paper.text(MARGIN, cursor.y, heading(invoice), 18, bold=True)
    cursor.y += 24
    address = (seller.name, seller.street, f"{seller.postal_code} {seller.city}", _abroad(seller))
    for line in paper.wrapped(" · ".join(part for part in address if part), INNER, SMALL):
        paper.text(MARGIN, cursor.y, line, SMALL, grey=GREY)
        cursor.y += STEP
    cursor.y += 14


def _abroad(seller: Seller) -> str:
    return "" if seller.country == "DE" else seller.country


def _party_and_facts(cursor: Cursor, invoice: Invoice, shown: Voucher) -> None:
    top, half = cursor.y, INNER / 2
    left = party_block(cursor.paper, shown, top, half - 18)
    right = facts_block(cursor.paper, _facts(invoice), MARGIN + half, top, half)
    cursor.y = max(left, right) + 10
    for line in cursor.paper.wrapped(shown.title, INNER, 10, bold=True):
        cursor.room_for(14)
        cursor.paper.text(MARGIN, cursor.y, line, 10, bold=True)
        cursor.y += 14
    cursor.y += 8


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    stated, seller = invoice.stated, invoice.seller
    facts = [
        ("Nummer", invoice.number),
        ("Datum", day(stated.document_date)),
        ("Leistungsdatum", day(invoice.service_date)),
        ("Zu Rechnung", stated.refers_to),
        ("Fällig am", day(stated.due_date) if stated.due_date else None),
        ("Zahlung", stated.payment_terms),
        ("Steuernummer", seller.tax_number),
        ("USt-IdNr.", seller.vat_id),
        ("KU-IdNr.", seller.small_business_id),
        ("Kontakt", ", ".join(part for part in (seller.contact, seller.phone, seller.email) if part)),
    ]
    return [(label, value) for label, value in facts if value]


def _remarks(cursor: Cursor, invoice: Invoice) -> None:
    seller = invoice.seller
    remarks = list(dict.fromkeys(total.vat.reason for total in invoice.vat if total.vat.reason))
    if seller.iban and invoice.type_code != CREDIT_NOTE:
        bank = f"IBAN {seller.iban}" + (f", BIC {seller.bic}" if seller.bic else "")
        remarks.append(f"Bankverbindung: {bank}, Verwendungszweck {invoice.number}")
    cursor.y += 14
    for remark in remarks:
        for line in cursor.paper.wrapped(remark, WIDTH - 2 * MARGIN, SIZE):
            cursor.room_for(STEP)
            cursor.paper.text(MARGIN, cursor.y, line, SIZE)
            cursor.y += STEP
