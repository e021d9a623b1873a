"""Arrow tables as the API shows them: the types of columns, and every value as a string or null."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from mlconnector.standins.databricks.answers import Row

_NAMES = {
    "int8": ("BYTE", "TINYINT"),
    "int16": ("SHORT", "SMALLINT"),
    "int32": ("INT", "INT"),
    "int64": ("LONG", "BIGINT"),
    "float": ("FLOAT", "FLOAT"),
    "double": ("DOUBLE", "DOUBLE"),
    "bool": ("BOOLEAN", "BOOLEAN"),
    "string": ("STRING", "STRING"),
    "large_string": ("STRING", "STRING"),
    "string_view": ("STRING", "STRING"),
    "binary": ("BINARY", "BINARY"),
    "date32[day]": ("DATE", "DATE"),
    "null": ("NULL", "VOID"),
}


def column(field: Any, position: int) -> Row:
    """A column of the manifest, of an Arrow field."""
    type_name, type_text = sql_type(field.type)
    shown: Row = {"name": field.name, "type_text": type_text, "type_name": type_name, "position": position}
    if type_name == "DECIMAL":
        shown |= {"type_precision": field.type.precision, "type_scale": field.type.scale}
    return shown


def sql_type(kind: Any) -> tuple[str, str]:
    """The name of an Arrow type and its text in SQL: `("DECIMAL", "DECIMAL(18,2)")`."""
    text = str(kind)
    if text in _NAMES:
        return _NAMES[text]
    if text.startswith("decimal"):
        return "DECIMAL", f"DECIMAL({kind.precision},{kind.scale})"
    if text.startswith("timestamp"):
        return "TIMESTAMP", "TIMESTAMP" if kind.tz else "TIMESTAMP_NTZ"
    if text.startswith(("list", "large_list")):
        return "ARRAY", f"ARRAY<{sql_type(kind.value_type)[1]}>"
    if text.startswith("struct"):
        fields = ", ".join(f"{each.name}: {sql_type(each.type)[1]}" for each in kind)
        return "STRUCT", f"STRUCT<{fields}>"
    if text.startswith("map"):
        return "MAP", f"MAP<{sql_type(kind.key_type)[1]}, {sql_type(kind.item_type)[1]}>"
    return "STRING", "STRING"


def rows(table: Any) -> list[list[str | None]]:
    """All rows with every value as a string or null."""
    columns = [each.to_pylist() for each in table.columns]
    return [[shown(value) for value in row] for row in zip(*columns, strict=True)]


def shown(value: Any) -> str | None:
    """A value as its string."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(_inside(value), ensure_ascii=False, separators=(",", ":"))
    return _scalar(value)


def _inside(value: Any) -> Any:
    """What is in an array, map or struct; the scalars are strings there too."""
    if isinstance(value, dict):
        return {name: _inside(each) for name, each in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(each, tuple) for each in value):
            return {str(shown(name)): _inside(each) for name, each in value}
        return [_inside(each) for each in value]
    return shown(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        moved = value.astimezone(UTC) if value.tzinfo else value
        return moved.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moved.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
