"""The cases, reference data and words of `account.toml`, as typed values."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

import msgspec


class Case(msgspec.Struct, frozen=True):
    """One of several cases, taken by `share`; with the pool of its parties and its currency."""

    name: str
    share: int
    customers: str = "business"
    suppliers: str = "domestic"
    currency: str = "EUR"


class Company(msgspec.Struct, frozen=True):
    """The account itself, and the days its documents fall on."""

    name: str
    currency: str
    timezone: str
    first_day: date
    last_day: date
    last_payment: date
    representatives: list[str]
    channels: list[str]
    cost_centres: list[str]
    same_stamp_share: int
    same_stamp: str


class Location(msgspec.Struct, frozen=True):
    """A warehouse, from which a share of all sales is sent."""

    name: str
    share: int
    street: str
    postcode: str
    city: str
    country: str
    default: bool = False


class TaxRule(msgspec.Struct, frozen=True):
    """A tax rule; one of several components has no percentage of its own."""

    name: str
    percent: int | None = None
    sale: bool = False
    purchase: bool = False
    active: bool = True
    components: list[tuple[str, int]] = []

    @property
    def rate(self) -> Decimal:
        """What it comes to in per cent."""
        return Decimal(self.percent or sum(percent for _, percent in self.components))


class Chart(msgspec.Struct, frozen=True):
    """The accounts as (code, name, type, class, system account)."""

    accounts: list[tuple[str, str, str, str, str]]


class Bank(msgspec.Struct, frozen=True):
    """Where money comes in and goes out; `code` is its account."""

    code: str
    bank: str
    number: str


class Term(msgspec.Struct, frozen=True):
    """A payment term."""

    name: str
    duration: int
    method: str = "number of days"
    default: bool = False


class Product(msgspec.Struct, frozen=True):
    """A product; `price` and `cost` are in cents, `tax` in per cent."""

    sku: str
    name: str
    price: int
    cost: int
    tax: int
    service: bool = False


class Words(msgspec.Struct, frozen=True):
    """Parts of names and addresses, and what suppliers bill as a service with its account."""

    surnames: list[str]
    given_names: list[str]
    trades: list[str]
    legal_forms: list[str]
    expenses: list[tuple[str, str]]
    streets: list[str]


class Place(msgspec.Struct, frozen=True):
    """A country with its codes of two and three letters, and cities as (postcode, name)."""

    country: str
    code: str
    name: str
    cities: list[tuple[str, str]]
    legal_form: str = ""


class Money(msgspec.Struct, frozen=True):
    """A foreign currency; euros for one unit in ten-thousandths, of invoice, payment and credit note."""

    currency: str
    rates: tuple[int, int, int]


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `account.toml`."""

    sales: list[Case] = msgspec.field(name="sale")
    purchases: list[Case] = msgspec.field(name="purchase")
    credit_notes: list[Case] = msgspec.field(name="credit_note")
    company: Company
    locations: list[Location] = msgspec.field(name="location")
    tax_rules: list[TaxRule] = msgspec.field(name="tax_rule")
    chart: Chart
    banks: list[Bank] = msgspec.field(name="bank")
    terms: list[Term] = msgspec.field(name="term")
    products: list[Product] = msgspec.field(name="product")
    words: Words
    places: list[Place] = msgspec.field(name="place")
    money: list[Money]

    def place(self, country: str) -> Place:
        """The place with a code of two letters."""
        return next(place for place in self.places if place.country == country)

    def rate(self, currency: str, kind: int) -> Decimal:
        """Euros for one unit: `kind` is 0 for invoices, 1 for payments, 2 for credit notes."""
        if currency == self.company.currency:
            return Decimal(1)
        return Decimal(next(one.rates[kind] for one in self.money if one.currency == currency)) / 10_000


@cache
def vocabulary() -> Vocabulary:
    """The content of `account.toml`, read once."""
    text = resources.files(__package__).joinpath("account.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Vocabulary)
