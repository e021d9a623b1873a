"""The lines of an invoice as lines of a voucher: taxes, discounts on the whole, freight; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from mlconnector.model.ancillary import with_rates_of
from mlconnector.model.money import HUNDRED, ZERO, exact, rounded, shared_out
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line, Place, TaxMethod
from mlconnector.systems.dynamics.facts import Facts, Rows
from mlconnector.systems.dynamics.settings import Freight, Settings
from mlconnector.systems.dynamics.shapes import Detail, Invoice, Product
from mlconnector.systems.dynamics.taxes import rate_of
from mlconnector.systems.kit.fields import clean

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line with its product, and the rows that its facts are read from, by table.

    `ship_to` and `ship_from` are its own, where they are not those of the invoice.
    """

    detail: Detail
    product: Product | None
    rows: Rows
    ship_to: Place | None = None
    ship_from: Place | None = None

    @property
    def text(self) -> str:
        """What the line is called."""
        detail, product = self.detail, self.product
        name = clean(product.name if product else None) or clean(detail.product_name)
        name = name or clean(detail.productdescription) or detail.invoicedetailid
        return " – ".join(part for part in (name, " ".join(clean(detail.description).split())) if part)


def voucher_lines(
    invoice: Invoice, entries: Sequence[Entry], currency: str, facts: Facts, settings: Settings
) -> tuple[tuple[Line, ...], list[Problem]]:
    """The lines of an invoice, without those that move nothing, and what is wrong with them."""
    title = clean(invoice.name)
    unreadable = [entry.text for entry in entries if not _is_readable(entry.detail)]
    if unreadable:
        return (), [Problem("line_unreadable", {"line": ", ".join(unreadable), "title": title})]
    entries = [entry for entry in entries if entry.detail.extendedamount != ZERO]
    amounts = [_amount(entry.detail) for entry in entries]
    off = discount(invoice, currency)
    after = [
        amount - share for amount, share in zip(amounts, shared_out(off, amounts, currency), strict=True)
    ]
    lines: list[Line] = []
    unclear: list[Entry] = []
    for entry, before, amount in zip(entries, amounts, after, strict=True):
        rate = facts.number("tax_rate", entry.rows)
        if rate is None:
            rate = _rate(entry.detail, (before, amount), currency, settings.tax_rates)
        if rate is None:
            unclear.append(entry)
        else:
            lines.append(_line(entry, amount, rate, facts))
    problems = _unclear(unclear, title, settings.tax_rates) or _tax_before_discount(
        invoice, lines, off, currency
    )
    if not problems:
        lines = _as_stated(invoice, entries, lines, currency)
    if problems:
        return tuple(lines), problems
    freight, wrong_freight = _freight(invoice, lines, currency, settings)
    return (*lines, *freight), wrong_freight


def _is_readable(detail: Detail) -> bool:
    """Whether it has an amount, and where that moves money a quantity."""
    return detail.extendedamount is not None and (detail.extendedamount == ZERO or bool(detail.quantity))


def discount(invoice: Invoice, currency: str) -> Decimal:
    """The discount on the invoice as a whole: an amount and a percentage of its lines, together."""
    if invoice.totaldiscountamount is not None:
        return invoice.totaldiscountamount
    share = (invoice.totallineitemamount or ZERO) * (invoice.discountpercentage or ZERO) / HUNDRED
    return rounded((invoice.discountamount or ZERO) + share, currency)


def _method(detail: Detail) -> TaxMethod:
    """Dynamics itself adds the tax to the amount. A price plug-in may take it out of one that contains it."""
    tax = detail.tax or ZERO
    contained = (detail.baseamount or ZERO) - (detail.manualdiscountamount or ZERO)
    return "inclusive" if tax != ZERO and detail.extendedamount == contained else "exclusive"


def _amount(detail: Detail) -> Decimal:
    whole = detail.extendedamount or ZERO
    return whole if _method(detail) == "inclusive" else whole - (detail.tax or ZERO)


def _rate(
    detail: Detail, amounts: Sequence[Decimal], currency: str, rates: Sequence[Decimal]
) -> Decimal | None:
    tax = detail.tax or ZERO
    contained = tax if _method(detail) == "inclusive" else ZERO
    return rate_of((amount - contained for amount in amounts), tax, rates, currency)


def _line(entry: Entry, amount: Decimal, rate: Decimal, facts: Facts) -> Line:
    detail, product = entry.detail, entry.product
    named = clean(product.name if product else None) or clean(detail.product_name)
    attributes = {
        "cost_centre": facts.text("cost_centre", entry.rows) or "",
        "write_in": "yes" if detail.isproductoverridden else "",
    }
    return Line(
        text=entry.text,
        amount=amount,
        tax_method=_method(detail),
        tax_rate=rate,
        quantity=detail.quantity or ZERO,
        product=named or None,
        product_code=(clean(product.productnumber) if product else "") or None,
        category=facts.text("category", entry.rows),
        tax_code=facts.text("tax_class", entry.rows),
        ship_to=entry.ship_to,
        ship_from=entry.ship_from,
        attributes={name: value for name, value in attributes.items() if value},
    )


def _unclear(entries: Sequence[Entry], title: str, rates: Sequence[Decimal]) -> list[Problem]:
    if not entries:
        return []
    first = entries[0].detail
    facts = {
        "line": ", ".join(entry.text for entry in entries),
        "title": title,
        "tax": f"{exact(first.tax or ZERO):f}",
        "net": f"{exact((first.extendedamount or ZERO) - (first.tax or ZERO)):f}",
        "rates": ", ".join(f"{rate:f}" for rate in rates),
    }
    return [Problem("tax_rate_unclear", facts)]


def _tax_before_discount(
    invoice: Invoice, lines: Sequence[Line], off: Decimal, currency: str
) -> list[Problem]:
    """A discount on the whole does not lower the tax of its lines by itself: the invoice states too much."""
    stated, sums = invoice.totaltax or ZERO, totals(lines, currency)
    if off == ZERO or abs(sums.tax - stated) <= _CENT * max(len(lines), 1):
        return []
    facts = {
        "title": clean(invoice.name),
        "discount": f"{exact(off):f}",
        "stated": f"{exact(stated):f}",
        "tax": f"{sums.tax:f}",
        "currency": currency,
    }
    return [Problem("tax_before_discount", facts)]


def _as_stated(invoice: Invoice, entries: Sequence[Entry], lines: list[Line], currency: str) -> list[Line]:
    """The lines with their gross amounts where these alone make up the total.

    Dynamics rounds the tax of every line, so over many lines it is not that of their sum, to some cents.
    """
    wanted = (invoice.totalamount or ZERO) - (invoice.freightamount or ZERO)
    if totals(lines, currency).gross == wanted:
        return lines
    taxes = [entry.detail.tax or ZERO for entry in entries]
    gross = [
        line if line.tax_method == "inclusive" else _gross(line, tax)
        for line, tax in zip(lines, taxes, strict=True)
    ]
    sums = totals(gross, currency)
    is_stated = sums.gross == wanted and abs(sums.tax - sum(taxes, ZERO)) <= _CENT * len(lines)
    return gross if is_stated else lines


def _gross(line: Line, tax: Decimal) -> Line:
    return msgspec.structs.replace(line, amount=line.amount + tax, tax_method="inclusive")


def _freight(
    invoice: Invoice, goods: Sequence[Line], currency: str, settings: Settings
) -> tuple[tuple[Line, ...], list[Problem]]:
    """The freight by the rule for it. Without one it is booked only as the tax of the invoice proves it."""
    amount, rule = invoice.freightamount or ZERO, settings.freight
    if amount == ZERO:
        return (), []
    for each in (Freight(amount_is="net"), Freight(amount_is="gross")) if rule is None else (rule,):
        line = _freight_line(amount, each)
        parts = (line,) if each.tax_rate is not None else with_rates_of(line, goods, currency)
        if parts and (rule is not None or _is_proved(invoice, goods, parts, currency)):
            return parts, []
    facts = {"amount": f"{exact(amount):f}", "currency": currency, "title": clean(invoice.name)}
    return (), [Problem("freight_unclear", facts)]


def _freight_line(amount: Decimal, rule: Freight) -> Line:
    return Line(
        text=rule.text,
        amount=amount,
        tax_method="inclusive" if rule.amount_is == "gross" else "exclusive",
        tax_rate=rule.tax_rate or ZERO,
        product=rule.text,
        product_code=rule.product_code,
        category=rule.category,
        ancillary=True,
        attributes={"freight": "yes"},
    )


def _is_proved(invoice: Invoice, goods: Sequence[Line], freight: Sequence[Line], currency: str) -> bool:
    """Whether the invoice states the total and the tax that come of this, not those of the goods alone."""
    stated, alone = invoice.totaltax or ZERO, totals(goods, currency)
    sums, most = totals([*goods, *freight], currency), _CENT * len(goods)
    off = abs(sums.tax - stated)
    is_nearer = sums.tax == alone.tax or off < abs(alone.tax - stated)
    return is_nearer and off <= most and abs(sums.gross - (invoice.totalamount or ZERO)) <= most
