"""What the checker may know of a client: chart, account length, fiscal year, and what accounts mean.

A caller that knows the client's books gives `ClientSettings`; without them the header's own statements count.
Facts: DATEV's standard charts SKR03 and SKR04 by ranges (`account_ranges.csv`), and the number ranges of
debtors (1 to 6) and creditors (7 to 9), which have one digit more than general client accounts.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from mlconnector.formats.extf.facts import HeaderFacts

Kind = Literal["", "debtor", "creditor", "finance", "tax", "capital", "sale", "purchase", "expense", "unused"]
PERSONS: frozenset[Kind] = frozenset({"debtor", "creditor"})
PURCHASES: frozenset[Kind] = frozenset({"purchase", "expense"})
_KINDS: Mapping[str, Kind] = {
    "finance": "finance",
    "tax": "tax",
    "capital": "capital",
    "sale": "sale",
    "purchase": "purchase",
    "expense": "expense",
    "unused": "unused",
}
_CHART_DIGITS = 4
_OTHER_CHART: Mapping[str, str] = {"03": "04", "04": "03"}
_REMEMBERED_NUMBERS = 20_000


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """An account whose function is known: `tax_case` for automatic ones, None for all others.

    `needs_vat_id` says that the case is reported with the customer's VAT id; `collective` that DATEV fills
    the account from debtors or creditors, and `own` that the client's own chart says all this.
    """

    name: str
    tax_case: str | None = None
    needs_vat_id: bool = False
    collective: bool = False
    own: bool = False


def _no_functions(_number: str) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """A client's books, as far as they are known.

    `chart` is written as in the header (`03`, `04`), `fiscal_year_start` is a month. `accounts` are known
    accounts of the client's chart by number at the client's length, `other_chart` names of the other
    standard chart's accounts by number. `functions` says what DATEV's chart makes of a number: AM and AV
    (automatic), R (reserved), KU (no tax). What is not known stays empty and is not checked.
    """

    chart: str = ""
    account_length: int | None = None
    fiscal_year_start: int | None = None
    accounts: Mapping[str, ChartAccount] = field(default_factory=dict)
    other_chart: Mapping[str, str] = field(default_factory=dict)
    functions: Callable[[str], frozenset[str]] = _no_functions


class ClientAccounts:
    """Account numbers of one file and what they mean: made anew for each file."""

    def __init__(self, settings: ClientSettings, facts: HeaderFacts) -> None:
        self.chart = settings.chart or facts.chart or ""
        self.length = facts.account_length or settings.account_length
        self._settings = settings
        self._kinds: dict[str, Kind] = {}
        self._functions: dict[str, frozenset[str]] = {}

    def kind(self, number: str) -> Kind:
        """What kind of account this is; empty where that cannot be said."""
        known = self._kinds.get(number)
        if known is None:
            known = self._kind(number, self.chart)
            if len(self._kinds) >= _REMEMBERED_NUMBERS:
                self._kinds.clear()
            self._kinds[number] = known
        return known

    def known(self, number: str) -> ChartAccount | None:
        """The account as the client's settings describe it."""
        return self._settings.accounts.get(number) or self._settings.accounts.get(number.lstrip("0"))

    def functions(self, number: str) -> frozenset[str]:
        """What DATEV's chart makes of a number, unless the client's own chart says it."""
        found = self._functions.get(number)
        if found is None:
            found = self._functions_of(number)
            if len(self._functions) >= _REMEMBERED_NUMBERS:
                self._functions.clear()
            self._functions[number] = found
        return found

    def _functions_of(self, number: str) -> frozenset[str]:
        known = self.known(number)
        is_general = self.length is not None and number.isdigit() and len(number) <= self.length
        if not is_general or (known is not None and known.own):
            return frozenset()
        return self._settings.functions(number.zfill(self.length or 0))

    def elsewhere(self, number: str) -> tuple[str, Kind]:
        """Name and kind of a number in the other standard chart; empty where it has no known meaning."""
        name = self._settings.other_chart.get(number, "")
        return (name, self._kind(number, _OTHER_CHART.get(self.chart, ""))) if name else ("", "")

    def _kind(self, number: str, chart: str) -> Kind:
        if self.length is None or not (number.isascii() and number.isdigit()):
            return ""
        if len(number) == self.length + 1:
            return "" if number[0] == "0" else "debtor" if number[0] < "7" else "creditor"
        standard = int(number) // 10 ** max(self.length - _CHART_DIGITS, 0)
        for first, last, kind in _ranges().get(chart, ()):
            if first <= standard <= last:
                return kind
        return ""


@cache
def _ranges() -> Mapping[str, tuple[tuple[int, int, Kind], ...]]:
    text = (files(__package__) / "account_ranges.csv").read_text(encoding="utf-8")
    ranges: dict[str, tuple[tuple[int, int, Kind], ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        one = (int(row["first"]), int(row["last"]), _KINDS[row["kind"]])
        ranges[row["chart"]] = (*ranges.get(row["chart"], ()), one)
    return ranges
