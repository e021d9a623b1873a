"""The accounts of Skonto, as they are seeded for each tax case.

`discounts.csv` names them; source: DATEV's charts SKR03 and SKR04 of 2026.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from mlconnector.mapping.charts import TaxCase, lengthened
from mlconnector.mapping.rules import Rules

BY_DATEV = frozenset({"domestic_19", "input_tax_19"})
"""Cases that DATEV's own Skonto column finds by itself: without a key it takes the full rate (9247333)."""


@cache
def discount_accounts() -> Mapping[str, Mapping[str, str]]:
    """By tax case the four-digit account of each chart; an own chart has none."""
    text = files(__package__).joinpath("discounts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["tax_case"]: {"SKR03": row["skr03"], "SKR04": row["skr04"]} for row in rows}


def discount_account(case: TaxCase, rules: Rules) -> str:
    """The account for the discounts of a case at the client's length; empty where the chart has none."""
    proposed = discount_accounts().get(case.name, {}).get(rules.books.chart, "")
    return lengthened(proposed, rules.books.account_length) if proposed else ""
