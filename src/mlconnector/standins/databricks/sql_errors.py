"""Errors of SQL with the class, the SQLSTATE and the words of the original.

Source: Databricks, "Error conditions" and "SQLSTATE error codes".
"""

from __future__ import annotations

import re
from typing import NamedTuple


class SqlError(Exception):
    """A statement failed; `name` is the class of the error, `code` what the API of statements calls it."""

    def __init__(self, name: str, text: str, sql_state: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(f"[{name}] {text} SQLSTATE: {sql_state}")
        self.name = name
        self.sql_state = sql_state
        self.code = code


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    name: str
    sql_state: str


def quoted(*parts: str) -> str:
    """A name as errors write it: every part in back quotes."""
    return ".".join(f"`{part}`" for part in parts)


def no_such_table(*parts: str) -> SqlError:
    """Neither a table nor a view has this name."""
    return SqlError(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {quoted(*parts)} cannot be found. "
        "Verify the spelling and correctness of the schema and catalog.",
        "42P01",
    )


def no_such_schema(*parts: str) -> SqlError:
    """No schema has this name."""
    return SqlError("SCHEMA_NOT_FOUND", f"The schema {quoted(*parts)} cannot be found.", "42704")


def no_such_catalog(name: str) -> SqlError:
    """No catalog has this name."""
    return SqlError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{name}' was not found.", "42704")


def no_such_volume(*parts: str) -> SqlError:
    """No volume has this name."""
    return SqlError("VOLUME_DOES_NOT_EXIST", f"Volume {quoted(*parts)} does not exist.", "42704")


def exists_already(kind: str, *parts: str) -> SqlError:
    """A schema, table or volume has this name already."""
    state = {"SCHEMA": "42P06", "TABLE_OR_VIEW": "42P07"}.get(kind, "42710")
    return SqlError(f"{kind}_ALREADY_EXISTS", f"Cannot create {quoted(*parts)} as it exists already.", state)


def insufficient(privilege: str, kind: str, name: str) -> SqlError:
    """The principal lacks a privilege."""
    words = privilege.replace("_", " ")
    text = f"Insufficient privileges: User does not have {words} on {kind} '{name}'."
    return SqlError("INSUFFICIENT_PERMISSIONS", text, "42501")


def needs_unity_catalog(what: str) -> SqlError:
    """The workspace has no metastore."""
    return SqlError(
        "OPERATION_REQUIRES_UNITY_CATALOG", f"Operation {what} requires Unity Catalog enabled.", "0AKUD"
    )


def syntax(text: str) -> SqlError:
    """The text is no SQL."""
    return SqlError("PARSE_SYNTAX_ERROR", f"Syntax error: {text}", "42601")


def unbound(name: str) -> SqlError:
    """A parameter of the text has no value."""
    return SqlError("UNBOUND_SQL_PARAMETER", f"Found the unbound parameter: {name}.", "42P02")


def translated(raised: Exception) -> SqlError:
    """What the engine raised, as the original says it; what is not known keeps its words."""
    text = " ".join(str(raised).split())
    for known in _KNOWN:
        if known.pattern.search(text):
            words = re.sub(rf"^.*?\[{known.name}\]\s*", "", text)
            return SqlError(known.name, words, known.sql_state)
    return SqlError("INTERNAL_ERROR", text or type(raised).__name__, "XX000", "INTERNAL_ERROR")


def _known(pattern: str, name: str, sql_state: str) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), name, sql_state)


_MANY = "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"
_KNOWN = (
    _known("MERGE_CARDINALITY_VIOLATION|matched a target row with multiple source rows", _MANY, "21506"),
    _known(
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED|failed validation check",
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
        "23502",
    ),
    _known("cannot resolve|missing from the schema", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703"),
    _known("divide by zero", "DIVIDE_BY_ZERO", "22012"),
    _known("too large to store|out of range|overflow", "NUMERIC_VALUE_OUT_OF_RANGE", "22003"),
    _known("can't cast value", "CAST_OVERFLOW", "22003"),
    _known(
        "CAST_INVALID_INPUT|cannot (cast|parse)|error parsing|invalid (date|timestamp)",
        "CAST_INVALID_INPUT",
        "22018",
    ),
    _known("expected something|invalid argument: found", "PARSE_SYNTAX_ERROR", "42601"),
    _known("failed to commit transaction", "DELTA_CONCURRENT_APPEND", "2D521"),
    _known("INSERT is missing value|number of columns", "INSERT_COLUMN_ARITY_MISMATCH", "21S01"),
)
