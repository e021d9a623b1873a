"""Facts from the tables in this folder: countries by their names, and the currencies of ISO 4217."""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from importlib import resources


def country_code(name: str) -> str | None:
    """ISO 3166 alpha-2 of a country as people write it, in German, English, French or its own language.

    Also takes the codes themselves. None for a name that `countries.csv` does not have.
    """
    return _countries().get(_folded(name))


def is_currency(code: str) -> bool:
    """Whether a code is one of ISO 4217; some sources let their users invent others."""
    return code in _currencies()


@cache
def _countries() -> dict[str, str]:
    codes: dict[str, str] = {}
    for row in csv.DictReader(_text("countries.csv").splitlines()):
        names = [row["alpha3"], row["german"], row["english"], row["french"], *row["others"].split("|")]
        for name in (row["code"], *names):
            if name and codes.setdefault(_folded(name), row["code"]) != row["code"]:
                raise ValueError(f"countries.csv gives two codes to {name}")
    return codes


@cache
def _currencies() -> frozenset[str]:
    return frozenset(_text("currencies.txt").split())


def _text(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _folded(name: str) -> str:
    letters = [
        each for each in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(each)
    ]
    words = "".join(each if each.isalnum() else " " for each in letters).split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)
