"""The words, prices and proportions of `account.toml`, as typed values."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources

import msgspec


class Company(msgspec.Struct, frozen=True):
    """The organisation itself; its invoices were created from `first_day` to `last_day`."""

    organization: str
    currency: str
    first_day: date
    last_day: date
    expire_days: int


class Case(msgspec.Struct, frozen=True):
    """A case of invoice, taken by `share` thousandths; `customers` names the pool of its customers."""

    name: str
    share: int
    customers: str = "domestic"
    tax_class: int | None = None
    status: int = 4
    hold: bool = False


class Paper(msgspec.Struct, frozen=True):
    """A way to keep the paper of an invoice."""

    name: str
    share: int
    hold: bool = False


class Product(msgspec.Struct, frozen=True):
    """A product; `price` is in cents, `tax` in per cent."""

    number: str
    name: str
    category: int
    unit: str
    price: int
    tax: int
    service: bool = False


class Money(msgspec.Struct, frozen=True):
    """A currency; `per_euro` in ten-thousandths."""

    code: str
    name: str
    symbol: str
    per_euro: int


class Place(msgspec.Struct, frozen=True):
    """A country as people write it, with cities as (postal code, name)."""

    country: str
    names: list[str]
    legal_forms: list[str]
    cities: list[tuple[str, str]]
    english: str


class Words(msgspec.Struct, frozen=True):
    """Parts of names, addresses and texts."""

    surnames: list[str]
    given_names: list[str]
    trades: list[str]
    streets: list[str]
    unknown_countries: list[str]
    odd_names: list[str]
    write_ins: list[str]


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `account.toml`; `first` lists case and paper of the first invoices."""

    first: list[tuple[str, str]]
    company: Company
    cases: list[Case] = msgspec.field(name="case")
    papers: list[Paper] = msgspec.field(name="paper")
    products: list[Product] = msgspec.field(name="product")
    money: list[Money]
    places: list[Place] = msgspec.field(name="place")
    words: Words

    def case(self, name: str) -> Case:
        """The case called `name`."""
        return next(case for case in self.cases if case.name == name)

    def paper(self, name: str) -> Paper:
        """The way to keep a paper called `name`."""
        return next(paper for paper in self.papers if paper.name == name)

    def place(self, country: str) -> Place:
        """The place with the ISO code `country`."""
        return next(place for place in self.places if place.country == country)


@cache
def vocabulary() -> Vocabulary:
    """The content of `account.toml`, read once."""
    text = resources.files(__package__).joinpath("account.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Vocabulary)
