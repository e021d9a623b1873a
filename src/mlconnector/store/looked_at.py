"""Columns that are looked at in rows that something else has found, and by which nothing is looked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class LookedAt(FunctionElement[str]):
    """A text that SQLite uses no index for: it knows too little of what is in the tables to choose well.

    PostgreSQL knows, and chooses for itself.
    """

    inherit_cache = True
    type = String()


def looked_at(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A column for a condition that leaves some of the rows that others have found."""
    return LookedAt(column)


@compiles(LookedAt)
def _as_it_is(element: LookedAt, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.clauses, **more))


@compiles(LookedAt, "sqlite")
def _without_index(element: LookedAt, compiler: Any, **more: Any) -> str:
    return f"+{compiler.process(element.clauses, **more)}"
