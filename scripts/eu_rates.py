"""Writes docs/reference/eu-vat-rates.md from the seeded rates of the member states."""

from __future__ import annotations

from pathlib import Path

from mlconnector.mapping.eu_rates import RatePeriod, seeded_rates

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/eu-vat-rates.md"
_BEGINNING = """\
# VAT rates of the other member states

With `oss = true` a sale to a consumer in another member state is declared in the one-stop shop at a rate of
that state. A rate that the state did not have on the day of supply waits. The table is made from
`src/mlconnector/mapping/eu_rates.csv` by `scripts/eu_rates.py`; all of it is a proposal until your tax
adviser has confirmed it.

*Checked until* is the day until which it is known that the rates hold. Supplies after it are booked by the
same rates: look whether the state has changed them since.

Newer rates come by a file, without a new release: the setting `vat_rates` names a CSV file with the columns
`country`, `rates` (in per cent, the standard rate first, with blanks between them), `from`, `until`. From its
first day on it alone counts for a state.
"""
_COLUMNS = "| State | Rates in % | From | Until | Checked until | Source |"


def page() -> str:
    """The whole page."""
    parts = [_BEGINNING, _COLUMNS, "|---" * (_COLUMNS.count("|") - 1) + "|"]
    return "\n".join([*parts, *(_row(one) for one in seeded_rates())]) + "\n"


def _row(one: RatePeriod) -> str:
    rates = " · ".join(f"{rate:f}" for rate in one.rates)
    days = (str(one.first), str(one.last or ""), str(one.checked or ""))
    return "| " + " | ".join((one.country, rates, *days, one.source)) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
