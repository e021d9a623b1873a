"""Margins: what is sold under difference taxation (§ 25a UStG) is taxed on the margin alone.

A sale is divided into the purchase price, which bears no tax, and the margin, which has it at the general
rate (§ 25a Abs. 3 Satz 1, Abs. 5 Satz 1 UStG); without a margin nothing is taxed, and a loss reduces no other
one (Abs. 3). The accounts are DATEV's of 2026, for documents from then on.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from mlconnector.mapping.charts import MARGIN_TAXED, tax_cases
from mlconnector.mapping.lookups import Found, attribute
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.targets import Target, target_of_case
from mlconnector.model.entries import Because
from mlconnector.model.euro import EURO
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Line, Voucher

_ACCOUNTS_SINCE = date(2026, 1, 1)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")


def divided(
    voucher: Voucher, line: Line, gross: Decimal, untaxed: Found[Target], rules: Rules
) -> list[tuple[Found[Target], Decimal]] | Problem:
    """A line under difference taxation in parts with their targets; without its purchase price it waits."""
    price = _purchase_price(voucher, line, rules)
    unclear = (
        voucher.kind != Kind.INVOICE
        or gross <= ZERO
        or voucher.currency != EURO
        or voucher.document_date < _ACCOUNTS_SINCE
    )
    if price is None or unclear:
        table = rules.mapping.margin
        facts = {
            "number": voucher.number or "",
            "line": line.text,
            "attribute": table.attribute if table else "",
            "given": attribute(voucher, line, table.attribute) if table else "",
            "unclear": "yes" if unclear else "",
        }
        return Problem("margin_unknown", facts, ("attribute",))
    taxed = target_of_case(voucher, line, tax_cases()[MARGIN_TAXED], rules)
    if isinstance(taxed, Problem):
        return taxed
    without = min(price, gross)
    facts = {"price": f"{price:f}", "gross": f"{gross:f}"}
    why = Because("amount", f"{gross - without:f}", "margin_of_line", facts)
    return [(untaxed, without), (Found(taxed.value, (why, *taxed.because)), gross - without)]


def _purchase_price(voucher: Voucher, line: Line, rules: Rules) -> Decimal | None:
    """What the whole line was bought for; None where that is not known for certain."""
    table = rules.mapping.margin
    given = attribute(voucher, line, table.attribute) if table else ""
    if table is None or not _PLAIN_NUMBER.fullmatch(given):
        return None
    price = Decimal(given) * (abs(line.quantity) if table.per == "unit" else 1)
    return rounded(price) if price > ZERO else None
