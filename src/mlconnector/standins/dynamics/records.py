"""The shapes that the modules of the stand-in hand each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

Row = dict[str, Any]
Reference = tuple[str, str]
"""A lookup: the table and the id of the record it points to."""


class Labels(msgspec.Struct, frozen=True):
    """Which case of `account.toml` an invoice shows, and how its paper is kept.

    `final` is whether its status says that it was issued; `hold` whether it must not be booked as it stands.
    """

    case: str
    paper: str
    final: bool
    hold: bool


@dataclass
class Generated:
    """The rows of a generated environment by table, the cases of its invoices by id, and its version."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)
    version: int = 0

    def add(self, table: str, row: Row) -> Row:
        """Add a row to a table."""
        self.rows.setdefault(table, []).append(row)
        return row
