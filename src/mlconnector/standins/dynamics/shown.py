"""Rows as the Web API shows them: wire names, numbers with their scale, annotations, expanded records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mlconnector.standins.dynamics import papers
from mlconnector.standins.dynamics.answers import scaled, unknown_property
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.identities import guid
from mlconnector.standins.dynamics.queries import Preferences
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import OPTION_TYPES, Column, navigation, tables
from mlconnector.standins.dynamics.times import ZONE

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
_NOT_UNASKED = frozenset({"body", "secret"})


def columns_of(environment: Environment, table: str, names: Iterable[str]) -> list[Column]:
    """The columns that a `$select` names; all but the bulky ones when it names none."""
    known = environment.columns[table]
    by_property = {column.property: column for column in known.values()}
    wanted = list(names)
    if not wanted:
        return [column for column in known.values() if column.type not in _NOT_UNASKED]
    found = []
    for name in wanted:
        column = by_property.get(name)
        if column is None or column.type == "secret":
            raise unknown_property(name, table)
        found.append(column)
    return _with_companions(known, found, tables()[table].key)


def _with_companions(known: dict[str, Column], chosen: list[Column], key: str) -> list[Column]:
    """The id comes with every selection, and the currency with every amount."""
    names = [column.name for column in chosen]
    if any(column.type == "money" for column in chosen) and "transactioncurrencyid" in known:
        names.append("transactioncurrencyid")
    return [known[name] for name in dict.fromkeys([*names, key])]


def shown(environment: Environment, row: Row, columns: list[Column], preferences: Preferences) -> Row:
    """A row with its etag, the values of `columns`, and the annotations that were asked for."""
    made: Row = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
    for column in columns:
        value = wire_value(row, column)
        made[column.property] = value
        if value is not None:
            made |= _annotations(environment, row, column, preferences)
    return made


def wire_value(row: Row, column: Column) -> Any:
    """The value of a column as JSON and filters know it."""
    value = row.get(column.name)
    if column.name == "filesize" and value is None and row.get("documentbody"):
        return len(papers.content(row["documentbody"]))
    if column.type == "filename":
        file = row.get(column.name.removesuffix("_name"))
        return file["name"] if file else None
    if value is None:
        return None
    match column.type:
        case "lookup":
            return value[1]
        case "money":
            return scaled(value, 4)
        case "decimal":
            return scaled(value, 10)
        case "file":
            return guid("file", row["versionnumber"], value["name"])
        case "body":
            return papers.base64_text(value)
    return value


def _annotations(environment: Environment, row: Row, column: Column, preferences: Preferences) -> Row:
    made, name = {}, column.property
    if preferences.wants(FORMATTED):
        formatted = _formatted(environment, row, column)
        if formatted is not None:
            made[f"{name}@{FORMATTED}"] = formatted
    if column.type == "lookup":
        target = row[column.name][0]
        if preferences.wants(NAVIGATION):
            made[f"{name}@{NAVIGATION}"] = navigation(column, target)
        if preferences.wants(LOGICAL_NAME):
            made[f"{name}@{LOGICAL_NAME}"] = target
    return made


def _formatted(environment: Environment, row: Row, column: Column) -> str | None:
    """A value in the language and number format of the user, who is German."""
    value = row.get(column.name)
    if value is None:
        return None
    if column.type in OPTION_TYPES:
        option = environment.options(column.table, column.name).get(value)
        return None if option is None else option.german
    match column.type:
        case "lookup":
            target = environment.rows[value[0]].get(value[1])
            return None if target is None else target.get(tables()[value[0]].title)
        case "money":
            return f"{_german(value, 2)} {_symbol(environment, row, column)}"
        case "decimal":
            return _german(value, 5 if column.name == "quantity" else 10)
        case "integer" | "bigint":
            return _german(Decimal(value), 0)
        case "entityname":
            return tables()[value].label
        case "boolean":
            return "Ja" if value else "Nein"
    return _formatted_time(value, column.type)


def _formatted_time(value: Any, kind: str) -> str | None:
    """A time as users see it; None for what is none."""
    match kind:
        case "date":
            return f"{date.fromisoformat(value):%d.%m.%Y}"
        case "localdate":
            return f"{datetime.fromisoformat(value).astimezone(ZONE):%d.%m.%Y}"
        case "datetime":
            return f"{datetime.fromisoformat(value).astimezone(ZONE):%d.%m.%Y %H:%M}"
        case "fixeddate":
            return f"{datetime.fromisoformat(value):%d.%m.%Y}"
        case "fixedtime":
            return f"{datetime.fromisoformat(value):%d.%m.%Y %H:%M}"
    return None


def _symbol(environment: Environment, row: Row, column: Column) -> str:
    own = row.get("transactioncurrencyid")
    if own is None or column.name.endswith("_base"):
        return str(environment.base_currency()["currencysymbol"])
    return str(environment.row("transactioncurrency", own[1])["currencysymbol"])


def _german(value: Decimal, places: int) -> str:
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))
