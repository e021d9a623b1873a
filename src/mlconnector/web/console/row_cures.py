"""Rows that are missing in a mapping: what waits for one leads to the form that adds it, filled in."""

from __future__ import annotations

from collections.abc import Mapping as Facts
from urllib.parse import urlencode

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.mapping.rules import Mapping
from mlconnector.web.console.place import HOME

_ROWS = {"revenue_account_missing": "revenue", "expense_account_missing": "expense"}
_FACTS = ("product_code", "product", "category", "pipeline")
_BEGINNING = ("revenue", "expense", "tax_case")
_CENTRES = ("cost_centre_1", "cost_centre_2")
KEYS = (*_ROWS, "row_not_begun", "cost_centre_unknown", "payment_account_missing")
"""The problems that a row of the mapping cures."""


def row_address(context: Context, key: str, facts: Facts[str, str]) -> str:
    """The form that adds the missing row of a connection; empty where no row cures it."""
    fields = _fields(context, key, facts)
    if not fields:
        return ""
    given = {"connection": context.name, **fields}
    return f"{HOME}mapping/row?{urlencode({name: value for name, value in given.items() if value})}"


def _fields(context: Context, key: str, facts: Facts[str, str]) -> dict[str, str]:
    if key in _ROWS:
        fact = next((one for one in _FACTS if facts.get(one)), "")
        known = {"fact": fact, "value": facts.get(fact, ""), "tax_case": facts.get("tax_case", "")}
        return {"table": _ROWS[key], **known} if fact else {}
    given = {"value": facts.get("value", ""), "fact": facts.get("attribute", "")}
    if key == "payment_account_missing":
        return {"table": "payments", **given}
    try:
        mapping = context.rules.mapping
    except NeedsHuman:
        # Settings that cannot be used have no form either; their own page says what is wrong with them.
        return {}
    if key == "row_not_begun":
        return _later_row(mapping, facts)
    return _centre(mapping, given) if key == "cost_centre_unknown" else {}


def _later_row(mapping: Mapping, facts: Facts[str, str]) -> dict[str, str]:
    """The row that begins too late, as long as it still stands where it stood."""
    table, number = facts.get("table", "").removeprefix("mapping."), facts.get("row", "")
    rows = getattr(mapping, table) if table in _BEGINNING else ()
    if not number.isdecimal() or not 0 < int(number) <= len(rows):
        return {}
    begins = rows[int(number) - 1].valid_from
    same = begins is not None and begins.isoformat() == facts.get("valid_from")
    return {"table": table, "number": number} if same else {}


def _centre(mapping: Mapping, given: dict[str, str]) -> dict[str, str]:
    tables = {one: getattr(mapping, one) for one in _CENTRES}
    looking = (one for one, made in tables.items() if made and made.attribute == given["fact"])
    table = next(looking, "")
    return {"table": table, **given} if table else {}
