"""Parts of documents: what a Buchungsbeleg and an invoice show alike, drawn one beneath the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from mlconnector.formats.german import money, number
from mlconnector.formats.pdf.a4_pages import HEIGHT, WIDTH, Paper
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.totals import Totals
from mlconnector.model.vouchers import Line, Party, Voucher

MARGIN = 56.0
INNER = WIDTH - 2 * MARGIN
SIZE, SMALL = 9.0, 7.5
STEP, SMALL_STEP = 12.0, 10.0
GREY = 0.4
_BOTTOM = HEIGHT - 64
_LARGEST_TOGETHER = 200.0
_TEXT_LEFT, _TEXT_WIDTH = MARGIN + 26, 222.0
# right edges of the columns of numbers
_QUANTITY, _RATE = MARGIN + 306, MARGIN + 352
_NET, _GROSS = MARGIN + 418, WIDTH - MARGIN - 4


@dataclass
class Cursor:
    """Where the next thing is drawn; a thing that does not fit begins a new page."""

    paper: Paper
    y: float = field(default=72.0)

    def room_for(self, height: float) -> bool:
        """Whether so much fits on this page; if not, a new one is begun."""
        if self.y + height <= _BOTTOM:
            return True
        self.paper.next_page()
        self.y = 64.0
        return False


def party_block(paper: Paper, voucher: Voucher, y: float, width: float) -> float:
    """The customer or supplier with address; returns where the next line goes."""
    paper.text(MARGIN, y, "Kunde" if voucher.direction == "sale" else "Lieferant", SMALL, grey=GREY)
    y += 14
    party = voucher.party
    if party is None:
        paper.text(MARGIN, y, "nicht angegeben", SIZE)
        return y + STEP
    for line in paper.wrapped(party.name, width, 10, bold=True):
        paper.text(MARGIN, y, line, 10, bold=True)
        y += 13
    for text in _address(party):
        for line in paper.wrapped(text, width, SIZE):
            paper.text(MARGIN, y, line, SIZE)
            y += STEP
    return y


def _address(party: Party) -> list[str]:
    place = " ".join(part for part in (party.postal_code, party.city) if part)
    country = "" if party.country in {None, "DE"} else f"({party.country})"
    return [
        text
        for text in (
            party.street,
            f"{place} {country}".strip(),
            f"USt-IdNr. {party.vat_id}" if party.vat_id else None,
            f"Konto {party.account}" if party.account else None,
        )
        if text
    ]


def facts_block(paper: Paper, facts: Sequence[tuple[str, str]], x: float, y: float, width: float) -> float:
    """Labels with their values; returns where the next line goes."""
    label_width = 92.0
    for label, value in facts:
        labels = paper.wrapped(label, label_width - 8, SIZE)
        values = paper.wrapped(value, width - label_width, SIZE)
        for place in range(max(len(labels), len(values))):
            if place < len(labels):
                paper.text(x, y, labels[place], SIZE, grey=GREY)
            if place < len(values):
                paper.text(x + label_width, y, values[place], SIZE)
            y += STEP
    return y


def lines_table(cursor: Cursor, voucher: Voucher, sums: Totals) -> None:
    """The table of lines, on as many pages as they need."""
    _column_heads(cursor, voucher.currency)
    for index, line in enumerate(voucher.lines):
        texts = cursor.paper.wrapped(line.text, _TEXT_WIDTH, SIZE) or ["ohne Text"]
        codes = cursor.paper.wrapped(_product(line), _TEXT_WIDTH, SMALL)
        height = STEP * len(texts) + SMALL_STEP * len(codes)
        if not cursor.room_for(min(height, _LARGEST_TOGETHER)):
            _column_heads(cursor, voucher.currency)
        _numbers(cursor, index, line, voucher.currency, sums)
        for text in texts:
            if not cursor.room_for(STEP):
                _column_heads(cursor, voucher.currency)
            cursor.paper.text(_TEXT_LEFT, cursor.y, text, SIZE)
            cursor.y += STEP
        for text in codes:
            if not cursor.room_for(SMALL_STEP):
                _column_heads(cursor, voucher.currency)
            cursor.paper.text(_TEXT_LEFT, cursor.y - 1, text, SMALL, grey=GREY)
            cursor.y += SMALL_STEP
        cursor.paper.rule(MARGIN, cursor.y - 6, INNER, thick=0.25, grey=0.8)
        cursor.y += 6


def _product(line: Line) -> str:
    facts = (line.product_code, line.product, line.category)
    return " · ".join(fact for fact in facts if fact and fact not in line.text)


def _column_heads(cursor: Cursor, currency: str) -> None:
    paper, y = cursor.paper, cursor.y
    paper.shade(MARGIN, y - 11, INNER, 16, grey=0.92)
    paper.text(MARGIN + 4, y, "Pos.", SMALL, bold=True)
    paper.text(_TEXT_LEFT, y, "Bezeichnung", SMALL, bold=True)
    for x, head in (
        (_QUANTITY, "Menge"),
        (_RATE, "USt"),
        (_NET, f"Netto {currency}"),
        (_GROSS, f"Brutto {currency}"),
    ):
        paper.text(x, y, head, SMALL, bold=True, align="right")
    cursor.y += 19


def _numbers(cursor: Cursor, index: int, line: Line, currency: str, sums: Totals) -> None:
    cursor.paper.text(MARGIN + 4, cursor.y, str(index + 1), SIZE, grey=GREY)
    for x, text in (
        (_QUANTITY, number(line.quantity)),
        (_RATE, _rate(line)),
        (_NET, money(sums.line_net[index], currency)),
        (_GROSS, money(sums.line_gross[index], currency)),
    ):
        cursor.paper.text(x, cursor.y, text, SIZE, align="right")


def _rate(line: Line) -> str:
    return "ohne" if line.tax_method == "none" else f"{number(line.tax_rate)} %"


def totals_block(cursor: Cursor, voucher: Voucher, sums: Totals) -> None:
    """What the lines add up to, by tax rate and together."""
    by_rate: dict[str, tuple[Decimal, Decimal]] = {}
    for line, net, gross in zip(voucher.lines, sums.line_net, sums.line_gross, strict=True):
        earlier_net, earlier_tax = by_rate.get(_rate(line), (ZERO, ZERO))
        by_rate[_rate(line)] = (earlier_net + net, earlier_tax + gross - net)
    rows = [("Netto", sums.net)]
    for rate, (net, tax) in by_rate.items():
        of = f"auf {money(net, voucher.currency)} {voucher.currency}"
        rows.append((f"Umsatzsteuer {rate} {of}" if rate != "ohne" else f"Ohne Umsatzsteuer {of}", tax))
    cursor.room_for(STEP * len(rows) + 60)
    cursor.y += 6
    for label, amount in rows:
        _total_row(cursor, label, amount, voucher.currency)
    cursor.paper.rule(_NET - 150, cursor.y - 8, WIDTH - MARGIN - (_NET - 150), thick=0.8)
    cursor.y += 4
    _total_row(cursor, f"Gesamtbetrag {voucher.currency}", sums.gross, voucher.currency, bold=True)
    stated = voucher.stated_total
    if voucher.stated_total_is == "gross" and stated is not None and stated != sums.gross:
        _total_row(cursor, "Gesamtbetrag laut Quelle", stated, voucher.currency)
    if voucher.exchange_rate:
        _total_row(cursor, "Gegenwert EUR", rounded(sums.gross / voucher.exchange_rate), "EUR")


def _total_row(cursor: Cursor, label: str, amount: Decimal, currency: str, *, bold: bool = False) -> None:
    size = 11.0 if bold else SIZE
    cursor.paper.text(_NET - 6, cursor.y, label, size, bold=bold, align="right")
    cursor.paper.text(_GROSS, cursor.y, money(amount, currency), size, bold=bold, align="right")
    cursor.y += STEP + 3 if bold else STEP
