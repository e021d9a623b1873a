"""The Buchungsbeleg: a PDF of a voucher, for vouchers that have no invoice PDF of their own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mlconnector.formats.german import day, money, number
from mlconnector.formats.pdf.a4_pages import HEIGHT, WIDTH, Paper
from mlconnector.formats.pdf.document_parts import (
    GREY,
    INNER,
    MARGIN,
    SIZE,
    SMALL,
    SMALL_STEP,
    Cursor,
    facts_block,
    lines_table,
    party_block,
    totals_block,
)
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Retained, Voucher

MARK = "Buchungsbeleg – keine Rechnung im Sinne des § 14 UStG"
_REPLACED = (
    "Zeichen, die sich hier nicht darstellen lassen, sind umschrieben oder weggelassen; "
    "die Quelle hat den vollen Wortlaut."
)
_KINDS = {
    ("invoice", "sale"): "Ausgangsrechnung",
    ("invoice", "purchase"): "Eingangsrechnung",
    ("credit_note", "sale"): "Gutschrift an Kunden",
    ("credit_note", "purchase"): "Gutschrift vom Lieferanten",
    ("payment", "sale"): "Zahlungseingang",
    ("payment", "purchase"): "Zahlungsausgang",
    ("direct_cost", "purchase"): "Direkte Kosten",
    ("commitment", "purchase"): "Auftrag an Lieferanten",
}
_ATTRIBUTES = {"cost_centre": "Kostenstelle", "owner": "Zuständig", "pipeline": "Pipeline"}


def render(voucher: Voucher, *, facts: Sequence[tuple[str, str]] = ()) -> bytes:
    """The voucher as a PDF; `facts` are further labels with their values. Same input, same bytes."""
    name = voucher.number or voucher.identity
    paper = Paper(f"Buchungsbeleg {name}", MARK, "ml-connector")
    cursor = Cursor(paper)
    sums = totals(voucher.lines, voucher.currency)
    _head(cursor, voucher)
    _party_and_facts(cursor, voucher, facts)
    lines_table(cursor, voucher, sums)
    totals_block(cursor, voucher, sums)
    _origin(cursor, voucher)
    return paper.pdf(lambda page, of: (f"{name} · {MARK}", f"Seite {page} von {of}"), MARGIN, HEIGHT - 36, 7)


def _head(cursor: Cursor, voucher: Voucher) -> None:
    paper = cursor.paper
    paper.text(MARGIN, cursor.y, "Buchungsbeleg", 20, bold=True)
    kind = _KINDS.get((voucher.kind.value, voucher.direction), "Geschäftsvorfall")
    paper.text(WIDTH - MARGIN, cursor.y, kind, 11, align="right")
    cursor.y += 14
    paper.shade(MARGIN, cursor.y, INNER, 18, grey=0.92)
    paper.text(MARGIN + 6, cursor.y + 12.5, MARK, SIZE, bold=True)
    cursor.y += 44


def _party_and_facts(cursor: Cursor, voucher: Voucher, facts: Sequence[tuple[str, str]]) -> None:
    top, half = cursor.y, INNER / 2
    left = party_block(cursor.paper, voucher, top, half - 18)
    right = facts_block(cursor.paper, [*_own_facts(voucher), *facts], MARGIN + half, top, half)
    cursor.y = max(left, right) + 10
    for line in cursor.paper.wrapped(voucher.title, INNER, 11, bold=True):
        cursor.room_for(14)
        cursor.paper.text(MARGIN, cursor.y, line, 11, bold=True)
        cursor.y += 14
    cursor.y += 8


def _own_facts(voucher: Voucher) -> list[tuple[str, str]]:
    rate, kept = voucher.exchange_rate, voucher.retained or Retained()
    facts = [
        ("Belegnummer", voucher.number or "ohne"),
        ("Belegdatum", day(voucher.document_date)),
        ("Leistungsdatum", day(voucher.service_date) if voucher.service_date else ""),
        ("Fällig am", day(voucher.due_date) if voucher.due_date else ""),
        ("Zu Beleg", voucher.refers_to or ""),
        ("Sicherheitseinbehalt", _kept_back(kept.withheld, voucher)),
        ("Einbehalt fällig am", day(kept.due_date) if kept.due_date else ""),
        ("Einbehalt ausgezahlt", _kept_back(kept.released, voucher)),
        ("Währung", voucher.currency),
        ("Wechselkurs", f"1 EUR = {number(rate)} {voucher.currency}" if rate else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _kept_back(amount: Decimal, voucher: Voucher) -> str:
    return f"{money(amount, voucher.currency)} {voucher.currency}" if amount else ""


def _origin(cursor: Cursor, voucher: Voucher) -> None:
    notes = [f"Herkunft: {voucher.identity}", f"Stand (SHA-256): {voucher.revision()}"]
    notes += [f"{_ATTRIBUTES.get(name, name)}: {value}" for name, value in sorted(voucher.attributes.items())]
    lines = [line for note in notes for line in cursor.paper.wrapped(note, INNER, SMALL)]
    if cursor.paper.replaced:
        lines += cursor.paper.wrapped(_REPLACED, INNER, SMALL)
    cursor.y += 14
    for line in lines:
        cursor.room_for(SMALL_STEP)
        cursor.paper.text(MARGIN, cursor.y, line, SMALL, grey=GREY)
        cursor.y += SMALL_STEP
