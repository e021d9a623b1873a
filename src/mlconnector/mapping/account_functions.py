"""Functions of accounts in DATEV's standard charts: what DATEV does with an account by its number alone.

`account_functions.csv` has them by ranges of four-digit numbers. Source: DATEV, Kontenrahmen SKR03
(Art.-Nr. 11174) and SKR04 (Art.-Nr. 11175) of `CHART_YEAR`. A client may give an account another function:
what the client's own chart says goes before.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from mlconnector.mapping.books import Books
from mlconnector.mapping.charts import Account, TaxCase
from mlconnector.mapping.tables import AccountRow
from mlconnector.model.unsuitable import Unsuitable

AccountFunction = Literal["AM", "AV", "S", "R", "KU", "M", "V"]

CHART_YEAR = 2026
_DIGITS = 4
_RANGES_ONLY: frozenset[AccountFunction] = frozenset({"KU", "M", "V"})
_AUTOMATIC: frozenset[AccountFunction] = frozenset({"AM", "AV"})
_ONE_TAX: dict[str, tuple[AccountFunction, str]] = {
    "sale": ("V", "input tax"),
    "purchase": ("M", "output tax"),
}


@dataclass(frozen=True, slots=True)
class FunctionRange:
    """Four-digit numbers from `first` to `last` with one function.

    AM and AV work out output and input tax, S is filled by DATEV (Sammelkonto), R is reserved until it gets
    another function, KU takes no tax, M output tax alone and V input tax alone.
    """

    first: int
    last: int
    function: AccountFunction


@cache
def function_ranges(chart: str) -> tuple[FunctionRange, ...]:
    """All ranges of a chart (`SKR03`, `SKR04`); an own chart has none."""
    text = files(__package__).joinpath("account_functions.csv").read_text(encoding="utf-8")
    return tuple(
        FunctionRange(int(first), int(last), cast("AccountFunction", function))
        for of, first, last, function in csv.reader(text.splitlines())
        if of == chart
    )


def functions_of(number: str, chart: str) -> frozenset[AccountFunction]:
    """The functions of an account in a standard chart; none where DATEV's chart gives it none.

    A longer number that is no standard account with zeros on the right (84001) is an account of the client's
    own: it has what holds for its whole range, and no more.
    """
    standard, own = number[:_DIGITS], number[_DIGITS:].strip("0")
    found = _of_standard(int(standard), chart) if standard.isdigit() else frozenset[AccountFunction]()
    return found & _RANGES_ONLY if own else found


@cache
def _of_standard(number: int, chart: str) -> frozenset[AccountFunction]:
    return frozenset(one.function for one in function_ranges(chart) if one.first <= number <= one.last)


KEY_ON_AUTOMATIC = "account {account} is automatic; a tax key on it would be refused"


def row_fault(
    row: AccountRow, case: TaxCase | None, direction: str, known: Account | None, books: Books
) -> Unsuitable | None:
    """What DATEV would refuse in a row that names an account, and what to do; None where nothing is wrong.

    `known` is the account as seeds or the client's own chart have it; what the latter says of an account is
    not questioned here. `case` is the tax case that the row names.
    """
    number = row.account or ""
    if (known is not None and known.own) or len(number) != books.account_length:
        return None
    functions = functions_of(number, books.chart)
    automatic = functions & _AUTOMATIC
    if reserved := reserved_fault(number, known, books):
        return reserved
    facts = {"account": number, "chart": _chart(books)}
    if automatic and row.automatic is False:
        said = "account {account} is automatic in {chart} ({function}); leave automatic = false out"
        return Unsuitable(said, function=min(automatic), **facts)
    if automatic and row.tax_key:
        return Unsuitable(KEY_ON_AUTOMATIC, account=number)
    if automatic:
        return None
    if "S" in functions:
        said = "DATEV itself fills {account}, a collective account (S) of {chart}; name another account"
        return None if known is not None else Unsuitable(said, **facts)
    if (known is None and row.automatic is None) or not _takes_a_key(row, case):
        return None
    if "KU" in functions:
        return Unsuitable(f"account {{account}} takes no tax in {{chart}} (KU); {_without_key(row)}", **facts)
    only, tax = _ONE_TAX[direction]
    if only in functions:
        takes = f"account {{account}} takes {tax} alone in {{chart}} ({only}), no {direction}"
        return Unsuitable(f"{takes}; {_without_key(row)}", **facts)
    return None


def reserved_fault(number: str, known: Account | None, books: Books) -> Unsuitable | None:
    """Why a reserved account cannot be booked on, and what to do; None for one that is not reserved."""
    if (known is not None and known.own) or "R" not in functions_of(number, books.chart):
        return None
    return Unsuitable(
        "account {account} is reserved in {chart} (R); name another account, or import the client's own "
        "chart with `ml-connector chart import` where the account was given a function",
        account=number,
        chart=_chart(books),
    )


def _takes_a_key(row: AccountRow, case: TaxCase | None) -> bool:
    """Whether the row's bookings may carry a tax key: its own, or that of a tax case."""
    if row.tax_key is not None:
        return row.tax_key != ""
    return case is None or case.key != ""


def _without_key(row: AccountRow) -> str:
    named = "leave the tax key out" if row.tax_key else "the tax case would bring a key"
    return f'{named}: write tax_key = "" beside it, or name another account'


def _chart(books: Books) -> str:
    return f"{books.chart} of {CHART_YEAR}"
