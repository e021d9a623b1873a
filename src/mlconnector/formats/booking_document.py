"""The Buchungsbeleg: a PDF of a voucher, for vouchers that have no invoice PDF of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from mlconnector.formats.german import day, money, number
from mlconnector.formats.paper import HEIGHT, WIDTH, Paper
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.totals import Totals, totals
from mlconnector.model.vouchers import Line, Party, Voucher

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

_MARGIN = 56.0
_INNER = WIDTH - 2 * _MARGIN
_BOTTOM = HEIGHT - 64
_SIZE, _SMALL = 9.0, 7.5
_STEP, _SMALL_STEP = 12.0, 10.0
_GREY = 0.4
_LARGEST_TOGETHER = 200.0
_TEXT_LEFT, _TEXT_WIDTH = _MARGIN + 26, 222.0
# right edges of the columns of numbers
_QUANTITY, _RATE = _MARGIN + 306, _MARGIN + 352
_NET, _GROSS = _MARGIN + 418, WIDTH - _MARGIN - 4


def render(voucher: Voucher, *, facts: Sequence[tuple[str, str]] = ()) -> bytes:
    """The voucher as a PDF; `facts` are further labels with their values. Same input, same bytes."""
    name = voucher.number or voucher.identity
    paper = Paper(f"Buchungsbeleg {name}", MARK, "ml-connector")
    cursor = _Cursor(paper)
    sums = totals(voucher.lines, voucher.currency)
    _head(cursor, voucher)
    _party_and_facts(cursor, voucher, facts)
    _lines(cursor, voucher, sums)
    _totals(cursor, voucher, sums)
    _origin(cursor, voucher)
    return paper.pdf(lambda page, of: (f"{name} · {MARK}", f"Seite {page} von {of}"), _MARGIN, HEIGHT - 36, 7)


@dataclass
class _Cursor:
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


def _head(cursor: _Cursor, voucher: Voucher) -> None:
    paper = cursor.paper
    paper.text(_MARGIN, cursor.y, "Buchungsbeleg", 20, bold=True)
    kind = _KINDS.get((voucher.kind.value, voucher.direction), "Geschäftsvorfall")
    paper.text(WIDTH - _MARGIN, cursor.y, kind, 11, align="right")
    cursor.y += 14
    paper.shade(_MARGIN, cursor.y, _INNER, 18, grey=0.92)
    paper.text(_MARGIN + 6, cursor.y + 12.5, MARK, _SIZE, bold=True)
    cursor.y += 44


def _party_and_facts(cursor: _Cursor, voucher: Voucher, facts: Sequence[tuple[str, str]]) -> None:
    top, half = cursor.y, _INNER / 2
    left = _party(cursor.paper, voucher, top, half - 18)
    right = _facts(cursor.paper, [*_own_facts(voucher), *facts], _MARGIN + half, top, half)
    cursor.y = max(left, right) + 10
    for line in cursor.paper.wrapped(voucher.title, _INNER, 11, bold=True):
        cursor.room_for(14)
        cursor.paper.text(_MARGIN, cursor.y, line, 11, bold=True)
        cursor.y += 14
    cursor.y += 8


def _party(paper: Paper, voucher: Voucher, y: float, width: float) -> float:
    paper.text(_MARGIN, y, "Kunde" if voucher.direction == "sale" else "Lieferant", _SMALL, grey=_GREY)
    y += 14
    party = voucher.party
    if party is None:
        paper.text(_MARGIN, y, "nicht angegeben", _SIZE)
        return y + _STEP
    for line in paper.wrapped(party.name, width, 10, bold=True):
        paper.text(_MARGIN, y, line, 10, bold=True)
        y += 13
    for text in _address(party):
        for line in paper.wrapped(text, width, _SIZE):
            paper.text(_MARGIN, y, line, _SIZE)
            y += _STEP
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


def _own_facts(voucher: Voucher) -> list[tuple[str, str]]:
    rate = voucher.exchange_rate
    facts = [
        ("Belegnummer", voucher.number or "ohne"),
        ("Belegdatum", day(voucher.document_date)),
        ("Leistungsdatum", day(voucher.service_date) if voucher.service_date else ""),
        ("Fällig am", day(voucher.due_date) if voucher.due_date else ""),
        ("Zu Beleg", voucher.refers_to or ""),
        ("Währung", voucher.currency),
        ("Wechselkurs", f"1 EUR = {number(rate)} {voucher.currency}" if rate else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _facts(paper: Paper, facts: Sequence[tuple[str, str]], x: float, y: float, width: float) -> float:
    label_width = 92.0
    for label, value in facts:
        labels = paper.wrapped(label, label_width - 8, _SIZE)
        values = paper.wrapped(value, width - label_width, _SIZE)
        for place in range(max(len(labels), len(values))):
            if place < len(labels):
                paper.text(x, y, labels[place], _SIZE, grey=_GREY)
            if place < len(values):
                paper.text(x + label_width, y, values[place], _SIZE)
            y += _STEP
    return y


def _lines(cursor: _Cursor, voucher: Voucher, sums: Totals) -> None:
    _column_heads(cursor, voucher.currency)
    for index, line in enumerate(voucher.lines):
        texts = cursor.paper.wrapped(line.text, _TEXT_WIDTH, _SIZE) or ["ohne Text"]
        codes = cursor.paper.wrapped(_product(line), _TEXT_WIDTH, _SMALL)
        height = _STEP * len(texts) + _SMALL_STEP * len(codes)
        if not cursor.room_for(min(height, _LARGEST_TOGETHER)):
            _column_heads(cursor, voucher.currency)
        _numbers(cursor, index, line, voucher.currency, sums)
        for text in texts:
            if not cursor.room_for(_STEP):
                _column_heads(cursor, voucher.currency)
            cursor.paper.text(_TEXT_LEFT, cursor.y, text, _SIZE)
            cursor.y += _STEP
        for text in codes:
            if not cursor.room_for(_SMALL_STEP):
                _column_heads(cursor, voucher.currency)
            cursor.paper.text(_TEXT_LEFT, cursor.y - 1, text, _SMALL, grey=_GREY)
            cursor.y += _SMALL_STEP
        cursor.paper.rule(_MARGIN, cursor.y - 6, _INNER, thick=0.25, grey=0.8)
        cursor.y += 6


def _product(line: Line) -> str:
    facts = (line.product_code, line.product, line.category)
    return " · ".join(fact for fact in facts if fact and fact not in line.text)


def _column_heads(cursor: _Cursor, currency: str) -> None:
    paper, y = cursor.paper, cursor.y
    paper.shade(_MARGIN, y - 11, _INNER, 16, grey=0.92)
    paper.text(_MARGIN + 4, y, "Pos.", _SMALL, bold=True)
    paper.text(_TEXT_LEFT, y, "Bezeichnung", _SMALL, bold=True)
    for x, head in (
        (_QUANTITY, "Menge"),
        (_RATE, "USt"),
        (_NET, f"Netto {currency}"),
        (_GROSS, f"Brutto {currency}"),
    ):
        paper.text(x, y, head, _SMALL, bold=True, align="right")
    cursor.y += 19


def _numbers(cursor: _Cursor, index: int, line: Line, currency: str, sums: Totals) -> None:
    cursor.paper.text(_MARGIN + 4, cursor.y, str(index + 1), _SIZE, grey=_GREY)
    for x, text in (
        (_QUANTITY, number(line.quantity)),
        (_RATE, _rate(line)),
        (_NET, money(sums.line_net[index], currency)),
        (_GROSS, money(sums.line_gross[index], currency)),
    ):
        cursor.paper.text(x, cursor.y, text, _SIZE, align="right")


def _rate(line: Line) -> str:
    return "ohne" if line.tax_method == "none" else f"{number(line.tax_rate)} %"


def _totals(cursor: _Cursor, voucher: Voucher, sums: Totals) -> None:
    by_rate: dict[str, tuple[Decimal, Decimal]] = {}
    for line, net, gross in zip(voucher.lines, sums.line_net, sums.line_gross, strict=True):
        earlier_net, earlier_tax = by_rate.get(_rate(line), (ZERO, ZERO))
        by_rate[_rate(line)] = (earlier_net + net, earlier_tax + gross - net)
    rows = [("Netto", sums.net)]
    for rate, (net, tax) in by_rate.items():
        of = f"auf {money(net, voucher.currency)} {voucher.currency}"
        rows.append((f"Umsatzsteuer {rate} {of}" if rate != "ohne" else f"Ohne Umsatzsteuer {of}", tax))
    cursor.room_for(_STEP * len(rows) + 60)
    cursor.y += 6
    for label, amount in rows:
        _total_row(cursor, label, amount, voucher.currency)
    cursor.paper.rule(_NET - 150, cursor.y - 8, WIDTH - _MARGIN - (_NET - 150), thick=0.8)
    cursor.y += 4
    _total_row(cursor, f"Gesamtbetrag {voucher.currency}", sums.gross, voucher.currency, bold=True)
    stated = voucher.stated_total
    if voucher.stated_total_is == "gross" and stated is not None and stated != sums.gross:
        _total_row(cursor, "Gesamtbetrag laut Quelle", stated, voucher.currency)
    if voucher.exchange_rate:
        _total_row(cursor, "Gegenwert EUR", rounded(sums.gross / voucher.exchange_rate), "EUR")


def _total_row(cursor: _Cursor, label: str, amount: Decimal, currency: str, *, bold: bool = False) -> None:
    size = 11.0 if bold else _SIZE
    cursor.paper.text(_NET - 6, cursor.y, label, size, bold=bold, align="right")
    cursor.paper.text(_GROSS, cursor.y, money(amount, currency), size, bold=bold, align="right")
    cursor.y += _STEP + 3 if bold else _STEP


def _origin(cursor: _Cursor, voucher: Voucher) -> None:
    notes = [f"Herkunft: {voucher.identity}", f"Stand (SHA-256): {voucher.revision()}"]
    notes += [f"{_ATTRIBUTES.get(name, name)}: {value}" for name, value in sorted(voucher.attributes.items())]
    lines = [line for note in notes for line in cursor.paper.wrapped(note, _INNER, _SMALL)]
    if cursor.paper.replaced:
        lines += cursor.paper.wrapped(_REPLACED, _INNER, _SMALL)
    cursor.y += 14
    for line in lines:
        cursor.room_for(_SMALL_STEP)
        cursor.paper.text(_MARGIN, cursor.y, line, _SMALL, grey=_GREY)
        cursor.y += _SMALL_STEP
