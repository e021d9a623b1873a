"""Parties as sources write them: VAT ids, countries and streets, and what may be wrong with a party."""

from __future__ import annotations

import re

from mlconnector.model.problems import Problem
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.tables import country_code

_NOT_IN_A_VAT_ID = re.compile(r"[\s.\-/]")


def vat_id(written: str | None) -> str | None:
    """A VAT id without the signs that people put into it; None where none is written."""
    return _NOT_IN_A_VAT_ID.sub("", written or "").upper() or None


def street(*parts: str | None) -> str | None:
    """A street and house number, or the lines of an address, in one line; None where nothing is written."""
    return " ".join(part for part in (clean(each) for each in parts) if part) or None


def country_of(
    written: str | None, default: str | None, party_id: str, name: str
) -> tuple[str | None, list[Problem]]:
    """The code of the country that is written in an address; `default` where nothing is written."""
    country = clean(written)
    if not country:
        return default, []
    code = country_code(country)
    if code is None:
        facts = {"country": country, "party": name, "party_id": party_id}
        return None, [Problem("country_unknown", facts, ("country",))]
    return code, []


def party_missing(title: str) -> Problem:
    """The document `title` names nobody."""
    return Problem("party_missing", {"title": title})


def party_not_visible(party_id: str, title: str) -> Problem:
    """The document `title` names somebody whom the login may not see; nobody else is taken instead."""
    return Problem("party_not_visible", {"party_id": party_id, "title": title}, ("party_id",))
