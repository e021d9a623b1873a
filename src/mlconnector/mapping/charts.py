"""Charts of accounts and tax cases as they are seeded: data that a bookkeeper can read beside this file."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Chart = Literal["SKR03", "SKR04"]
Function = Literal["automatic", "collective", "none"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account: automatic ones carry the tax function of `tax_case` themselves.

    `function` is `collective` for the accounts that DATEV fills from debtors and creditors.
    """

    number: str
    name: str
    function: Function
    tax_case: str

    @property
    def automatic(self) -> bool:
        """Whether DATEV works out the tax by the account alone, so that no tax key may stand beside it."""
        return self.function == "automatic"


@dataclass(frozen=True, slots=True)
class TaxCase:
    """A tax case: the facts that make it, and what it gets in each chart."""

    name: str
    title: dict[str, str]
    direction: str
    rate: Decimal
    region: str
    vat_id: str
    supply: str
    account: dict[str, str]
    key: str


@cache
def tax_cases() -> dict[str, TaxCase]:
    """All seeded tax cases by name, in the order of `tax_cases.toml`."""
    text = files(__package__).joinpath("tax_cases.toml").read_text(encoding="utf-8")
    return {
        name: TaxCase(name=name, **{**fields, "rate": Decimal(fields["rate"])})
        for name, fields in tomllib.loads(text).items()
    }


@cache
def seeded_accounts(chart: Chart, length: int) -> dict[str, Account]:
    """The seeded accounts of a chart by number; longer numbers get zeros on the right (8400, 84000, …)."""
    text = files(__package__).joinpath("accounts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        number: Account(number, row["name"], cast("Function", row["function"]), row["tax_case"])
        for row in rows
        if (number := lengthened(row[chart.lower()], length))
    }


def lengthened(account: str, length: int) -> str:
    """A four-digit G/L account number at the client's account length."""
    return account.ljust(length, "0")
