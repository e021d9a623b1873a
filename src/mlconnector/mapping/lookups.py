"""Lookups in the mapping tables; each gives the value and why, or the problem that says what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from mlconnector.mapping.rules import CostCentres, RevenueRow, Rules
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Voucher

T = TypeVar("T")
NumberedRow = tuple[int, RevenueRow]


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value, and the row or rule that gave it."""

    value: T
    rule: str


def revenue_row(voucher: Voucher, line: Line, case: str, rules: Rules) -> NumberedRow | None:
    """The most specific revenue row whose facts all hold, with its number; None when none does."""
    rows = enumerate(rules.mapping.revenue, start=1)
    return _most_specific((each for each in rows if each[1].tax_case in {None, case}), voucher, line)


def supply(voucher: Voucher, line: Line, rules: Rules) -> Found[str | None]:
    """Whether goods or a service are supplied: by the most specific row that says so, else by the setting."""
    rows = enumerate(rules.mapping.revenue, start=1)
    match = _most_specific((each for each in rows if each[1].supply is not None), voucher, line)
    if match is not None:
        return Found(match[1].supply, f"mapping.revenue row {match[0]}")
    return Found(rules.mapping.supply, "mapping.supply")


def _most_specific(rows: Iterable[NumberedRow], voucher: Voucher, line: Line) -> NumberedRow | None:
    ranked = [(rank, each) for each in rows if (rank := _rank(each[1], voucher, line)) is not None]
    return max(ranked, key=lambda found: found[0])[1] if ranked else None


def _rank(row: RevenueRow, voucher: Voucher, line: Line) -> int | None:
    """How specific a row is, None when it does not hold; a fact outweighs all that come after it."""
    facts = (
        (16, row.product, line.product),
        (8, row.product_code, line.product_code),
        (4, row.category, line.category),
        (2, row.pipeline, voucher.attributes.get("pipeline")),
    )
    named = [(weight, wanted, given) for weight, wanted, given in facts if wanted is not None]
    if any(wanted != given for _, wanted, given in named):
        return None
    return sum(weight for weight, _, _ in named) + (row.tax_case is not None)


def cost_centre(voucher: Voucher, table: CostCentres | None) -> Found[str] | Problem:
    """The cost centre by the attribute that the table looks at; none where no table is set up."""
    if table is None:
        return Found("", "no cost centre table")
    given = voucher.attributes.get(table.attribute, "")
    if given in table.table:
        return Found(table.table[given], f"cost centre table, {table.attribute} = {given}")
    if given == "" or table.default is not None:
        return Found(table.default or "", "default of the cost centre table")
    facts = {"attribute": table.attribute, "value": given}
    return Problem("cost_centre_unknown", facts, ("attribute", "value"))


def exchange_rate(voucher: Voucher, rules: Rules) -> Found[Decimal | None] | Problem:
    """Foreign units for one EUR: from the voucher, else from the table by currency and month."""
    if voucher.currency == "EUR":
        return Found(None, "EUR")
    if voucher.exchange_rate is not None and voucher.exchange_rate > 0:
        return Found(voucher.exchange_rate, "exchange rate of the voucher")
    month = f"{voucher.currency} {voucher.document_date:%Y-%m}"
    if month in rules.mapping.exchange_rates:
        return Found(rules.mapping.exchange_rates[month], f"mapping.exchange_rates {month}")
    facts = {"currency": voucher.currency, "month": f"{voucher.document_date:%Y-%m}"}
    return Problem("exchange_rate_missing", facts, ("currency", "month"))
