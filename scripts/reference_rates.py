"""Writes docs/reference/exchange-rates.md from the seeded ranges of reference rates.

With the history of the European Central Bank (`eurofxref-hist.csv`, its euro foreign exchange reference rates
of all days) as an argument, it writes the ranges first.
"""

from __future__ import annotations

import calendar
import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from mlconnector.mapping.reference_rates import ReferenceRange, known_until, seeded_ranges

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/exchange-rates.md"
TABLE = ROOT / "src/mlconnector/mapping/reference_rates.csv"
_FIRST_YEAR = 2016
_FIRST_YEAR_BY_MONTH = 2022
_BEGINNING = """\
# Which exchange rates are plausible

A field *exchange rate* may hold foreign units for one euro, or euros for one foreign unit; a rate may be
old, or for a hundred units. Before a document in a foreign currency is booked, its rate is compared with
the reference rates of the European Central Bank, whether it comes from the source or from
`[mapping.exchange_rates]`. One that lies more than `exchange_rate_limit` per cent (10, unless `[mapping]`
says otherwise) below the lowest or above the highest rate of its month waits; where the other direction
would fit, that is said. Nothing is ever converted by this table: the rate of the document is what is
booked.

**As of {until}.** Later days are compared with the last row of their currency, and the limit grows by
itself with every year; after a year or two a wrong direction of a rate near one may pass. Newer rates come
by a file, without a new release: the setting `reference_rates` names a CSV file with the columns
`currency`, `from`, `until`, `low`, `high` (units for one euro), which goes before the table. A currency
without rows, and one that has no reference rates any more (the rouble since 2022-03-02), is not compared at
all.

By [the same way](eu-vat-rates.md) newer VAT rates of the member states come: the setting `vat_rates`.

The table is `src/mlconnector/mapping/reference_rates.csv`: the lowest and highest daily rate of each month
since {by_month}, and of each year before. `scripts/reference_rates.py` makes it from the ECB's history, and
this page from it, which sums the rows up by year.
"""
_COLUMNS = "| Currency | Year | Lowest | Highest | Until |"


def ranges(history: Iterable[dict[str, str]]) -> Iterator[ReferenceRange]:
    """The lowest and highest rate of each currency and period in the ECB's history."""
    found: dict[tuple[str, str], dict[date, Decimal]] = {}
    for row in history:
        day = date.fromisoformat(row["Date"])
        period = f"{day:%Y-%m}" if day.year >= _FIRST_YEAR_BY_MONTH else f"{day:%Y}"
        for currency, rate in row.items():
            if day.year >= _FIRST_YEAR and len(currency or "") == 3 and rate not in {"N/A", ""}:
                found.setdefault((currency, period), {})[day] = Decimal(rate)
    ends = {currency: max(period for of, period in found if of == currency) for currency, _ in found}
    for (currency, period), rates in sorted(found.items()):
        first = date.fromisoformat(f"{period}-01" if len(period) > 4 else f"{period}-01-01")
        month = first.month if len(period) > 4 else 12
        last = date(first.year, month, calendar.monthrange(first.year, month)[1])
        last = max(rates) if period == ends[currency] else last
        yield ReferenceRange(currency, first, last, min(rates.values()), max(rates.values()))


def table(history: Path) -> str:
    """The table as a file has it."""
    with history.open(encoding="utf-8", newline="") as file:
        rows = [
            f"{one.currency},{one.first},{one.last},{one.low},{one.high}"
            for one in ranges(csv.DictReader(file))
        ]
    return "\n".join(["currency,from,until,low,high", *rows]) + "\n"


def page() -> str:
    """The whole page."""
    beginning = _BEGINNING.format(until=known_until(), by_month=_FIRST_YEAR_BY_MONTH)
    years: dict[tuple[str, int], list[ReferenceRange]] = {}
    for one in seeded_ranges():
        years.setdefault((one.currency, one.first.year), []).append(one)
    rows = [
        f"| {currency} | {year} | {min(one.low for one in some):f} | {max(one.high for one in some):f} "
        f"| {max(one.last for one in some)} |"
        for (currency, year), some in years.items()
    ]
    return "\n".join([beginning, _COLUMNS, "|---" * (_COLUMNS.count("|") - 1) + "|", *rows]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        TABLE.write_text(table(Path(sys.argv[1])), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
