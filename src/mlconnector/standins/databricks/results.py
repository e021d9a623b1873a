"""What a statement gives: columns of the manifest, and rows of strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlconnector.standins.databricks import values
from mlconnector.standins.databricks.answers import Row


@dataclass
class Result:
    """The rows of a statement; a definition has neither columns nor rows."""

    columns: list[Row] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)


def of_arrow(table: Any) -> Result:
    """The answer of the engine."""
    return Result([values.column(each, place) for place, each in enumerate(table.schema)], values.rows(table))


def of_counts(counts: Mapping[str, int]) -> Result:
    """The one row that tells how many rows were changed."""
    columns = [
        {"name": name, "type_text": "BIGINT", "type_name": "LONG", "position": place}
        for place, name in enumerate(counts)
    ]
    return Result(columns, [[str(count) for count in counts.values()]])


def of_strings(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> Result:
    """Rows of strings, as SHOW and DESCRIBE give them."""
    columns = [
        {"name": name, "type_text": "STRING", "type_name": "STRING", "position": place}
        for place, name in enumerate(names)
    ]
    return Result(columns, [list(row) for row in rows])
