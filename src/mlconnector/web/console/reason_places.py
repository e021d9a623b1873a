"""Where something is changed that gave a field of a booking its value."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mlconnector.web.console.place import HOME

_ROWS = ("revenue", "expense", "tax_case", "cost_centre_1", "cost_centre_2", "payments")
_BY_TABLE = frozenset(
    {"row", "row_of_case", "by_attribute", "by_default", "centre_as_given", "discount_by_rate"}
)
_PROPOSED = frozenset({"case_by_facts", "key_of_case", "no_key", "seeded_discount", "account_of_part"})
_NUMBERS = {"debtor": "debtors", "creditor": "creditors"}
_OF_SETTINGS = frozenset(
    {
        *("setting", "default_of_case", "case_of_small_business", "account_of_withheld_tax", "rate_of_month"),
        *("withholding_certificate", "withholding_deduct", "withholding_none", "number_of_invoice"),
        *("terms_by_table", "discount_of_setting", "fee_by_provider"),
    }
)


def place_of(connection: str, field: str, rule: str, facts: Mapping[str, str]) -> str:
    """The page of a connection where the rule is changed; empty where the document itself says it."""
    if rule in _BY_TABLE:
        table = facts.get("table", "").removeprefix("mapping.")
        return _page("mapping/rows", connection, table=table) if table in _ROWS else _settings(connection)
    if rule in {"case_by_row", "matter_of_row"}:
        return _page("mapping/rows", connection, table="tax_case" if rule == "case_by_row" else "")
    if rule == "automatic_account":
        return _page("mapping/chart", connection)
    if rule in {"number_of_source", "number_in_books"}:
        return _page("mapping/numbers", connection, persons=_NUMBERS.get(field, ""))
    if rule in _PROPOSED or rule == "first_open_day":
        return _page("mapping", connection)
    return _settings(connection) if rule in _OF_SETTINGS else ""


def _settings(connection: str) -> str:
    return _page("connections/connection", connection)


def _page(page: str, connection: str, **more: str) -> str:
    given = {"connection": connection, **{name: value for name, value in more.items() if value}}
    return f"{HOME}{page}?{urlencode(given)}"
