"""Countries by their names and currencies by their codes, from the CLDR data of Babel.

What CLDR does not have, everyday names and those of Kosovo, is in `country_names.csv`.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from importlib import resources

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.localedata import clear_caches

_LANGUAGES = ("de", "en", "fr")
_AT_HOME = frozenset({"official", "de_facto_official"})
_AMBIGUOUS = ""
_HIGHEST_NUMBER = 899
"""Above it the numbers of ISO 3166-1 are for private use."""

_SINCE = date(1999, 1, 1)


def country_code(name: str) -> str | None:
    """ISO 3166 alpha-2 of a country as people write it, in German, English, French or its own languages.

    Also takes the codes of two and three letters. None for a name that is unknown, or that several
    countries have.
    """
    folded = _folded(name)
    found = _names().get(folded)
    # Most people write one of three languages; all others take a while to read.
    return (_names_at_home().get(folded) if found is None else found) or None


def is_currency(code: str) -> bool:
    """Whether a code is one of ISO 4217; some sources let their users invent others.

    Those count that are legal tender somewhere, or were after the beginning of 1999: not what is no money
    (metals, funds, codes for tests), nor what was gone before there was the euro.
    """
    return code in _currencies()


@cache
def _currencies() -> frozenset[str]:
    return frozenset(
        code
        for used in get_global("territory_currencies").values()
        for code, _, end, is_tender in used
        if is_tender and (end is None or date(*end) >= _SINCE)
    )


@cache
def _names() -> dict[str, str]:
    """Countries by code, by their names in the usual languages, and by our own names for them."""
    countries = _countries()
    named = [(code, code) for code in countries]
    named += [(alias, code) for alias, code in _aliases() if alias.isalpha() and code in countries]
    named += [each for language in _LANGUAGES for each in _named_in(language, countries)]
    names = _gathered(named)
    for row in csv.DictReader(_text("country_names.csv").splitlines()):
        for name in (row["code"], *row["names"].split("|")):
            if names.setdefault(_folded(name), row["code"]) != row["code"]:
                raise ValueError(f"country_names.csv: {name} is another country already")
    return names


@cache
def _names_at_home() -> dict[str, str]:
    """Countries by their names in their own languages."""
    speakers: dict[str, set[str]] = {}
    for code in _countries():
        for language, use in get_global("territory_languages").get(code, {}).items():
            if use["official_status"] in _AT_HOME:
                speakers.setdefault(language, set()).add(code)
    names = _gathered(each for language, codes in speakers.items() for each in _named_in(language, codes))
    # A hundred languages take some eighty megabytes, which nobody needs again.
    clear_caches()
    return names


@cache
def _countries() -> frozenset[str]:
    """The countries of ISO 3166-1, which have numbers; regions and codes that are only reserved have none."""
    return frozenset(
        code for alias, code in _aliases() if alias.isdecimal() and int(alias) <= _HIGHEST_NUMBER
    )


def _aliases() -> Iterator[tuple[str, str]]:
    """Other codes of countries, with three letters or digits, that mean one country alone."""
    for alias, codes in get_global("territory_aliases").items():
        if len(alias) == 3 and len(codes) == 1:
            yield alias, codes[0]


def _named_in(language: str, codes: Iterable[str]) -> Iterator[tuple[str, str]]:
    try:
        territories = Locale.parse(language).territories
    except UnknownLocaleError:
        return
    for code in codes:
        if code in territories:
            yield territories[code], code


def _gathered(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, code in named:
        folded = _folded(name)
        names[folded] = code if names.get(folded, code) == code else _AMBIGUOUS
    return names


def _text(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _folded(name: str) -> str:
    letters = [
        each for each in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(each)
    ]
    words = "".join(each if each.isalnum() else " " for each in letters).split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)
