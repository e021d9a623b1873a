"""Dataverse's own price calculation: lines, totals, and their twins in the base currency.

Line: baseamount = (priceperunit - volumediscountamount) x quantity, extendedamount = baseamount -
manualdiscountamount + tax. The tax is an amount that somebody typed. Header: totallineitemamount = lines
without tax, totaldiscountamount = discountamount + discountpercentage of it, totalamountlessfreight = both
together, totalamount = that + freightamount + totaltax. A base amount is the amount / exchangerate.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from mlconnector.standins.dynamics.records import Row

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_LINE_MONEY = (
    "priceperunit",
    "volumediscountamount",
    "baseamount",
    "manualdiscountamount",
    "tax",
    "extendedamount",
)
_INVOICE_MONEY = (
    "totallineitemamount",
    "totallineitemdiscountamount",
    "discountamount",
    "totaldiscountamount",
    "totalamountlessfreight",
    "freightamount",
    "totaltax",
    "totalamount",
)


def rounded(amount: Decimal) -> Decimal:
    """An amount with whole cents, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def price_line(line: Row) -> None:
    """Fill in what follows from price, quantity, discount and tax of a line."""
    unit = line["priceperunit"] - (line.get("volumediscountamount") or ZERO)
    line["baseamount"] = rounded(unit * line["quantity"])
    line["extendedamount"] = (
        line["baseamount"] - (line.get("manualdiscountamount") or ZERO) + (line.get("tax") or ZERO)
    )
    add_base_amounts(line, _LINE_MONEY)


def net(line: Row) -> Decimal:
    """What a line is without tax."""
    amount: Decimal = line["extendedamount"] - (line.get("tax") or ZERO)
    return amount


def total_invoice(invoice: Row, lines: Sequence[Row]) -> None:
    """Fill in the totals of an invoice."""
    detail = sum((net(line) for line in lines), ZERO)
    percentage = invoice.get("discountpercentage") or ZERO
    discount = (invoice.get("discountamount") or ZERO) + rounded(detail * percentage / 100)
    less_freight = detail - discount
    tax = sum((line.get("tax") or ZERO for line in lines), ZERO)
    invoice |= {
        "totallineitemamount": detail,
        "totallineitemdiscountamount": sum(
            (line.get("manualdiscountamount") or ZERO for line in lines), ZERO
        ),
        "totaldiscountamount": discount,
        "totalamountlessfreight": less_freight,
        "totaltax": tax,
        "totalamount": less_freight + (invoice.get("freightamount") or ZERO) + tax,
    }
    add_base_amounts(invoice, _INVOICE_MONEY)


def add_base_amounts(row: Row, columns: Sequence[str]) -> None:
    """Fill in the twins of money columns in the base currency."""
    for column in columns:
        amount = row.get(column)
        row[f"{column}_base"] = None if amount is None else rounded(amount / row["exchangerate"])
