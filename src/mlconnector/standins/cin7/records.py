"""Records are dicts in the shape of the API; what all records share is added when they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass
class File:
    """An attachment; its bytes are made from `kind` and `text`, or are `content` where somebody added it."""

    id: str
    owner: str
    name: str
    kind: str
    text: list[str] = field(default_factory=list)
    content: bytes = b""


@dataclass
class Generated:
    """All that an account holds; payments and files by the id of their sale or purchase."""

    customers: list[Row] = field(default_factory=list)
    suppliers: list[Row] = field(default_factory=list)
    sales: dict[str, Row] = field(default_factory=dict)
    purchases: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, list[Row]] = field(default_factory=dict)
    credits: list[Row] = field(default_factory=list)
    deposits: list[Row] = field(default_factory=list)
    files: dict[str, list[File]] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def attributes(first: str = "", second: str = "") -> Row:
    """The ten additional attributes, of which the account uses two."""
    made: Row = {f"AdditionalAttribute{number}": "" for number in range(1, 11)}
    return made | {"AdditionalAttribute1": first, "AdditionalAttribute2": second}
