"""Parameters of statements: read from a request, and put into a parsed statement as typed literals.

The engine takes no parameters in commands, and values must never be read as SQL: they are bound in the tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlglot import exp

from mlconnector.standins.databricks.answers import Row, invalid, refusal
from mlconnector.standins.databricks.sql_errors import SqlError, unbound

MOST_PARAMETERS = 256
_NESTED = re.compile(r"\s*(ARRAY|MAP|STRUCT)\b", re.IGNORECASE)
_TYPE = re.compile(r"[A-Za-z_ ]+(\(\s*\d+\s*(,\s*\d+\s*)?\))?")


class Parameter(NamedTuple):
    """A named value as a string, None for NULL, and its type in SQL."""

    value: str | None
    type: str = "STRING"


def parameters(given: Any) -> dict[str, Parameter]:
    """The parameters of a request; raises Refusal where the original takes none such."""
    rows: Sequence[Row] = given or []
    if len(rows) > MOST_PARAMETERS:
        raise refusal(
            400,
            "BAD_REQUEST",
            f"Parameterized query has too many parameters: {len(rows)} parameters were given "
            f"but the limit is {MOST_PARAMETERS}.",
        )
    return {str(row["name"]): _parameter(row) for row in rows if _is_named(row)}


def bind(tree: exp.Expr, values: Mapping[str, Parameter]) -> exp.Expr:
    """The statement with its parameters as literals; raises SqlError where one has no value."""

    def literal(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder):
            return node
        found = values.get(node.name)
        if found is None:
            raise unbound(node.name)
        inner = exp.Null() if found.value is None else exp.Literal.string(found.value)
        if found.value is not None and found.type.upper() == "STRING":
            return inner
        return exp.Cast(this=inner, to=exp.DataType.build(found.type, dialect="databricks"))

    bound: exp.Expr = tree.transform(literal)
    return bound


def text_of(node: exp.Expr | None) -> str:
    """The text of a literal that a bound statement names, such as a path; raises SqlError for any other."""
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    if not isinstance(node, exp.Literal):
        raise SqlError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "A constant is needed here.", "42K09")
    return str(node.this)


def _is_named(row: Row) -> bool:
    if not row.get("name"):
        raise invalid("A parameter has no name: only named parameters are supported.")
    return True


def _parameter(row: Row) -> Parameter:
    kind, value = str(row.get("type") or "STRING"), row.get("value")
    if _NESTED.match(kind):
        raise invalid(f"Parameter {row['name']} is of the unsupported type {kind}.")
    if not _TYPE.fullmatch(kind):
        raise invalid(f"Parameter {row['name']} is of the unknown type {kind}.")
    if value is not None and not isinstance(value, str):
        raise invalid(f"The value of parameter {row['name']} is no string.")
    return Parameter(value, kind)
