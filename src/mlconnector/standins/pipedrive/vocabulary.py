"""The words, prices and proportions of `account.toml`, as typed values."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources

import msgspec


class Company(msgspec.Struct, frozen=True):
    """The account itself; deals were won from `first_day` to `last_day`."""

    id: int
    name: str
    domain: str
    country: str
    timezone: str
    first_day: date
    last_day: date
    owner_ids: list[int]


class Kind(msgspec.Struct, frozen=True):
    """One of several kinds, taken by `share` thousandths of all deals; texts may carry patterns."""

    name: str
    share: int
    hold: bool = False
    title: str = ""
    line: str = ""


class CatalogueItem(msgspec.Struct, frozen=True):
    """A product; `price` is in cents, `tax` in per cent."""

    code: str
    name: str
    category: str
    unit: str
    price: int
    tax: int


class Words(msgspec.Struct, frozen=True):
    """Parts of names, addresses, titles and invoice numbers."""

    surnames: list[str]
    given_names: list[str]
    trades: list[str]
    legal_forms: list[str]
    odd_names: list[str]
    streets: list[str]
    unresolved_addresses: list[str]
    odd_invoice_numbers: list[tuple[str, str]]
    lead_titles: list[str]


class Place(msgspec.Struct, frozen=True):
    """A country as people and the geo search write it, with cities as (postal code, name)."""

    country: str
    names: list[str]
    cities: list[tuple[str, str]]
    legal_form: str = ""


class Money(msgspec.Struct, frozen=True):
    """A foreign currency of customers in `country`; `per_euro` in ten-thousandths."""

    currency: str
    country: str
    per_euro: int


class Currency(msgspec.Struct, frozen=True):
    """An entry of the account's currency list."""

    code: str
    name: str
    symbol: str
    decimal_points: int = 2
    custom: bool = False


class CustomField(msgspec.Struct, frozen=True):
    """A custom field of an entity."""

    entity: str
    name: str
    type: str
    options: list[str] = []
    description: str = ""


class PipelineWords(msgspec.Struct, frozen=True):
    """A pipeline and the names of its stages."""

    name: str
    stages: list[str]


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `account.toml`; `first` lists (case, lines, files, text) of the first deals."""

    first: list[tuple[str, str, str, str]]
    company: Company
    cases: list[Kind] = msgspec.field(name="case")
    lines: list[Kind]
    files: list[Kind]
    texts: list[Kind] = msgspec.field(name="text")
    products: list[CatalogueItem] = msgspec.field(name="product")
    deleted_product: CatalogueItem
    words: Words
    places: list[Place] = msgspec.field(name="place")
    money: list[Money]
    currencies: list[Currency] = msgspec.field(name="currency")
    fields: list[CustomField] = msgspec.field(name="field")
    pipelines: list[PipelineWords] = msgspec.field(name="pipeline")

    def place(self, country: str) -> Place:
        """The place with the ISO code `country`."""
        return next(place for place in self.places if place.country == country)


@cache
def vocabulary() -> Vocabulary:
    """The content of `account.toml`, read once."""
    text = resources.files(__package__).joinpath("account.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Vocabulary)
