"""Charts of accounts and tax cases as they are seeded: data that a bookkeeper can read beside this file."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

Chart = Literal["SKR03", "SKR04", "own"]
Function = Literal["automatic", "collective", "tax", "none"]
Period = Literal["supply", "invoice", "later", "matter"]

MARGIN, MARGIN_TAXED = "margin_scheme", "margin_scheme_19"
"""The tax cases of difference taxation: of the purchase price, and of the margin."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account: automatic ones carry the tax function of `tax_case` themselves.

    `function` is `collective` for the accounts that DATEV fills from debtors and creditors, and `tax` for
    those that it books the tax on. `own` says that the account comes from the client's own chart.
    """

    number: str
    name: str
    function: Function
    tax_case: str
    own: bool = False

    @property
    def automatic(self) -> bool:
        """Whether DATEV works out the tax by the account alone, so that no tax key may stand beside it."""
        return self.function == "automatic"


@dataclass(frozen=True, slots=True)
class TaxCase:
    """A tax case: the facts that make it, and what it gets in each chart; `tax_cases.toml` explains each.

    `rate` is None where the customer's member state has the rate. `tax` and `input_tax` name by chart the
    accounts that DATEV books the tax on. `period` says which day decides the period of the VAT return, and
    `boxes` are the Kennzahlen there.
    """

    name: str
    title: dict[str, str]
    direction: str
    rate: Decimal | None
    region: str
    vat_id: str
    customer: str
    supply: str
    deduction: str
    own_rate: Decimal
    valid: tuple[tuple[date, date | None], ...]
    needs: tuple[str, ...]
    account: dict[str, str]
    key: str
    automatic_only: bool
    key_until: tuple[date, str] | None
    tax: dict[str, str]
    input_tax: dict[str, str]
    eu: str
    matter: str
    period: Period
    boxes: tuple[str, ...]
    source: str

    def key_on(self, day: date) -> str:
        """The tax key that stands for this case on a document of this day."""
        if self.key_until is not None and day <= self.key_until[0]:
            return self.key_until[1]
        return self.key

    def holds_on(self, day: date) -> bool:
        """Whether the rate holds for a supply of this day."""
        return not self.valid or any(
            first <= day and (last is None or day <= last) for first, last in self.valid
        )


@cache
def tax_cases() -> dict[str, TaxCase]:
    """All seeded tax cases by name, in the order of `tax_cases.toml`."""
    text = files(__package__).joinpath("tax_cases.toml").read_text(encoding="utf-8")
    return {name: _tax_case(name, fields) for name, fields in tomllib.loads(text).items()}


def without_deduction(case: TaxCase) -> TaxCase | None:
    """The case of the same purchase where its input tax may not be deducted; None where there is none."""
    if case.name not in {"input_tax_19", "input_tax_7"}:
        return None
    return tax_cases()[case.name.replace("input_tax", "no_deduction")]


def _tax_case(name: str, fields: dict[str, Any]) -> TaxCase:
    until = fields.get("key_until")
    return TaxCase(
        name=name,
        title=fields["title"],
        direction=fields["direction"],
        rate=None if fields["rate"] == "foreign" else Decimal(fields["rate"]),
        region=fields["region"],
        vat_id=fields.get("vat_id", "any"),
        customer=fields.get("customer", "any"),
        supply=fields.get("supply", "any"),
        deduction=fields.get("deduction", "any"),
        own_rate=Decimal(fields.get("own_rate", 0)),
        valid=tuple((_day(first), _day(last) if last else None) for first, last in fields.get("valid", ())),
        needs=tuple(fields.get("needs", ())),
        account=fields["account"],
        key=fields["key"],
        automatic_only=fields.get("automatic_only", False),
        key_until=(_day(until["day"]), until["key"]) if until else None,
        tax=fields.get("tax", {}),
        input_tax=fields.get("input_tax", {}),
        eu=fields.get("eu", ""),
        matter=fields.get("matter", ""),
        period=fields["period"],
        boxes=tuple(fields["boxes"]),
        source=fields["source"],
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


@cache
def seeded_accounts(chart: Chart, length: int) -> dict[str, Account]:
    """The seeded accounts of a chart by number; longer numbers get zeros on the right (8400, 84000, …).

    An own chart has none.
    """
    if chart == "own":
        return {}
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
