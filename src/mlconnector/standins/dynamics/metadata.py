"""`EntityDefinitions`: what tables and columns there are, and what the options of a choice are called."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from mlconnector.standins.dynamics.answers import bad_query, error, unknown_property, unknown_segment
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.filters import parse_filter
from mlconnector.standins.dynamics.identities import guid
from mlconnector.standins.dynamics.queries import Query
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import CUSTOM_PREFIX, Column, Option, tables

_TYPES = {
    "id": "Uniqueidentifier",
    "guid": "Uniqueidentifier",
    "text": "String",
    "secret": "String",
    "memo": "Memo",
    "body": "Memo",
    "money": "Money",
    "decimal": "Decimal",
    "integer": "Integer",
    "bigint": "BigInt",
    "boolean": "Boolean",
    "date": "DateTime",
    "localdate": "DateTime",
    "datetime": "DateTime",
    "fixeddate": "DateTime",
    "fixedtime": "DateTime",
    "lookup": "Lookup",
    "picklist": "Picklist",
    "state": "State",
    "status": "Status",
    "file": "Virtual",
    "filename": "String",
    "entityname": "EntityName",
}
_BEHAVIOURS = {
    "date": ("DateOnly", "DateOnly"),
    "localdate": ("UserLocal", "DateOnly"),
    "datetime": ("UserLocal", "DateAndTime"),
    "fixeddate": ("TimeZoneIndependent", "DateOnly"),
    "fixedtime": ("TimeZoneIndependent", "DateAndTime"),
}
_CAST = re.compile(r"Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata")
_PATH = re.compile(
    r"EntityDefinitions(?:\(LogicalName='(?P<table>\w+)'\))?"
    r"(?:/Attributes(?:\(LogicalName='(?P<column>\w+)'\))?(?:/(?P<cast>[\w.]+))?)?"
)


class Metadata:
    """Answers queries for definitions."""

    def __init__(self, environment: Environment, root: str) -> None:
        self.environment = environment
        self.root = root

    def answer(self, path: str, query: Query) -> Row:
        """The definitions that a path names; raises Refusal."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise unknown_segment(path.rpartition("/")[2])
        if match["table"] is None:
            return self._list("EntityDefinitions", [self._table(name) for name in tables()], query)
        name = match["table"].lower()
        if name not in tables():
            raise error(
                404,
                "0x80060888",
                f"Could not find an entity with name {name} and id 00000000-0000-0000-0000-000000000000.",
            )
        if "/Attributes" not in path:
            return self._one("EntityDefinitions", self._table(name), query)
        return self._attributes(name, match["column"], match["cast"], query)

    def _attributes(self, table: str, column: str | None, cast: str | None, query: Query) -> Row:
        kind = None
        if cast is not None:
            found = _CAST.fullmatch(cast)
            if found is None:
                raise unknown_segment(cast)
            kind = found[1]
        rows = [
            self._column(each, typed=kind is not None)
            for each in self.environment.columns[table].values()
            if kind is None or _TYPES[each.type] == kind
        ]
        where = f"EntityDefinitions('{table}')/Attributes"
        if column is None:
            return self._list(where, rows, query)
        chosen = next((row for row in rows if row["LogicalName"] == column.lower()), None)
        if chosen is None:
            raise error(
                404,
                "0x80060888",
                f"Could not find an attribute with name {column} and entity {table}.",
            )
        return self._one(where, chosen, query)

    def _list(self, where: str, rows: list[Row], query: Query) -> Row:
        if query.orderby or query.top is not None:
            raise bad_query("The query parameters $orderby and $top are not supported for metadata.")
        if query.filter:
            known = rows[0] if rows else {}

            def kind(path: str) -> str:
                if rows and path.partition("/")[0] not in known:
                    raise unknown_property(path, where)
                return "any"

            condition = parse_filter(query.filter, kind)
            rows = [row for row in rows if condition.holds(partial(_inner, row))]
        return {
            "@odata.context": f"{self.root}$metadata#{where}",
            "value": [self._selected(row, query) for row in rows],
        }

    def _one(self, where: str, row: Row, query: Query) -> Row:
        return {"@odata.context": f"{self.root}$metadata#{where}/$entity"} | self._selected(row, query)

    def _selected(self, row: Row, query: Query) -> Row:
        for name in query.select:
            if name not in row:
                raise unknown_property(name, "EntityMetadata" if "EntitySetName" in row else "Metadata")
        expanded = {each.name: each.query for each in query.expand}
        always = {"MetadataId", "@odata.type"}
        made = {
            name: value
            for name, value in row.items()
            if name not in _EXPANDABLE and (not query.select or name in query.select or name in always)
        }
        for name, inner in expanded.items():
            if name == "Attributes" and "EntitySetName" in row:
                columns = self.environment.columns[row["LogicalName"]].values()
                made[name] = [self._selected(self._column(each), inner) for each in columns]
            elif name in row and name in _EXPANDABLE:
                made[name] = row[name]
            else:
                raise unknown_property(name, "Metadata")
        return made

    def _table(self, name: str) -> Row:
        table = tables()[name]
        return {
            "MetadataId": guid("table", name),
            "LogicalName": name,
            "SchemaName": name.capitalize(),
            "EntitySetName": table.set,
            "LogicalCollectionName": table.set,
            "PrimaryIdAttribute": table.key,
            "PrimaryNameAttribute": table.title,
            "ObjectTypeCode": table.code,
            "IsCustomEntity": False,
            "ChangeTrackingEnabled": self.environment.tracked(name),
            "CanChangeTrackingBeEnabled": {
                "Value": True,
                "CanBeChanged": True,
                "ManagedPropertyLogicalName": "canchangetrackingbeenabled",
            },
            "DisplayName": _label(table.label),
        }

    def _column(self, column: Column, *, typed: bool = False) -> Row:
        kind = _TYPES[column.type]
        made: Row = {
            "@odata.type": f"#Microsoft.Dynamics.CRM.{kind}AttributeMetadata",
            "MetadataId": guid("column", column.table, column.name),
            "EntityLogicalName": column.table,
            "LogicalName": column.name,
            "SchemaName": column.name,
            "AttributeType": kind,
            "AttributeTypeName": {"Value": f"{'File' if column.type == 'file' else kind}Type"},
            "IsCustomAttribute": column.name.startswith(CUSTOM_PREFIX),
            "IsPrimaryId": column.type == "id",
            "IsValidForRead": column.type != "secret",
            "DisplayName": _label(column.label),
        }
        if typed and column.type in _BEHAVIOURS:
            behaviour, made["Format"] = _BEHAVIOURS[column.type]
            made["DateTimeBehavior"] = {"Value": behaviour}
        if typed and column.type in ("picklist", "state", "status"):
            options = self.environment.options(column.table, column.name).values()
            made["OptionSet"] = {
                "Name": f"{column.table}_{column.name}",
                "OptionSetType": column.type.capitalize(),
                "Options": [_option(option) for option in options],
            }
        if typed and column.type == "lookup":
            made["Targets"] = list(column.targets)
        return made


_EXPANDABLE = frozenset({"OptionSet", "Attributes"})


def _option(option: Option) -> Row:
    made: Row = {"Value": option.value, "Label": _label(option.german, option.english)}
    return made if option.state is None else made | {"State": option.state}


def _label(german: str, english: str | None = None) -> Row:
    labels: list[Row] = [{"Label": german, "LanguageCode": 1031, "IsManaged": True}]
    if english is not None:
        labels.append({"Label": english, "LanguageCode": 1033, "IsManaged": True})
    return {"LocalizedLabels": labels, "UserLocalizedLabel": labels[0]}


def _inner(row: Row, path: str) -> Any:
    value: Any = row
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value
