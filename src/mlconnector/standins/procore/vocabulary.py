"""The company, its cost structure, and the cases of `account.toml`, as typed values."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import msgspec


class Company(msgspec.Struct, frozen=True):
    """The company itself, and the months in which it is billed."""

    name: str
    country: str
    currency: str
    first_month: date
    months: int
    due_days: int
    previous_year: date
    foreign_currency: str
    foreign_rate: str


class Project(msgspec.Struct, frozen=True):
    """A project; `taxes` says whether tax codes were activated for it."""

    number: str
    name: str
    street: str
    postcode: str
    city: str
    state: str
    country: str
    taxes: bool = True
    active: bool = True


class Vendor(msgspec.Struct, frozen=True):
    """A vendor with its role; `city` is postcode and name, `creditor` the number kept at it, if any."""

    name: str
    role: str
    cost_code: str
    city: tuple[str, str]
    country: str = "DE"
    creditor: str | None = None


class Employees(msgspec.Struct, frozen=True):
    """Who hands in expenses."""

    names: list[str]


class CostCode(msgspec.Struct, frozen=True):
    """A cost group."""

    code: str
    name: str


class CostType(msgspec.Struct, frozen=True):
    """A cost type; the API calls it a line item type."""

    code: str
    name: str
    base_type: str


class TaxCode(msgspec.Struct, frozen=True):
    """A tax code with its rate in per cent."""

    code: str
    description: str
    rate: int
    default: bool = False
    archived: bool = False


class CommitmentCase(msgspec.Struct, frozen=True):
    """A commitment and the cases of its bills; see `account.toml`."""

    title: str
    vendor: str
    sum: tuple[int, int]
    retainage: int
    lines: list[int]
    bills: list[str]
    share: int
    kind: str = "WorkOrderContract"
    changes: list[int] = []
    taxes: str = "V0"
    cost_type: str = "N"
    moves_materials: bool = False
    ends: str = "Approved"


class DirectCostCase(msgspec.Struct, frozen=True):
    """A direct cost; `lines` are cost code, cost type, tax code and perhaps net in cents."""

    name: str
    text: str
    lines: list[list[Any]]
    share: int
    vendor: str | None = None
    type: str = "invoice"


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `account.toml`."""

    company: Company
    projects: list[Project] = msgspec.field(name="project")
    vendors: list[Vendor] = msgspec.field(name="vendor")
    employees: Employees
    cost_codes: list[CostCode] = msgspec.field(name="cost_code")
    cost_types: list[CostType] = msgspec.field(name="cost_type")
    tax_codes: list[TaxCode] = msgspec.field(name="tax_code")
    commitments: list[CommitmentCase] = msgspec.field(name="commitment")
    direct_costs: list[DirectCostCase] = msgspec.field(name="direct_cost")

    def rate(self, tax_code: str) -> Decimal:
        """The rate of a tax code in per cent."""
        return Decimal(next(each.rate for each in self.tax_codes if each.code == tax_code))


@cache
def vocabulary() -> Vocabulary:
    """The content of `account.toml`, read once."""
    text = resources.files(__package__).joinpath("account.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Vocabulary)
