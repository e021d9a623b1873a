"""Records are dicts in the shape of the API; what is the same in all of them is added when they are shown.

A name that begins with an underscore is the stand-in's own, and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Table = dict[int, Row]
TABLES = (
    "projects", "vendors", "cost_codes", "line_item_types", "wbs_codes", "tax_types", "tax_codes",
    "billing_periods", "commitments", "change_orders", "requisitions", "direct_costs", "payments",
)  # fmt: skip


@dataclass
class File:
    """An attachment; its bytes are made from `kind` and `text`, or are `content` where somebody added it.

    `size` in bytes makes a generated file longer than it is by itself.
    """

    id: int
    owner: int
    name: str
    kind: str
    text: list[str]
    content: bytes = b""
    size: int = 0


@dataclass
class Generated:
    """A generated account: its tables by name, and what belongs to records by their ids."""

    tables: dict[str, Table] = field(default_factory=lambda: {name: {} for name in TABLES})
    files: dict[int, list[File]] = field(default_factory=dict)
    histories: dict[int, list[Row]] = field(default_factory=dict)
    cases: dict[int, str] = field(default_factory=dict)
