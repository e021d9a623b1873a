"""The configured columns of rows as facts, with a problem for each that is unreadable; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from mlconnector.model.money import exact
from mlconnector.model.problems import Problem
from mlconnector.systems.dynamics.days import Days, Unclear
from mlconnector.systems.dynamics.settings import Columns
from mlconnector.systems.dynamics.shapes import FORMATTED
from mlconnector.systems.kit.fields import clean, number_in
from mlconnector.systems.kit.json_answers import Raw

Fact = TypeVar("Fact")
Rows = Mapping[str, Raw | None]


class Facts:
    """Reads the columns that serve a purpose; `problems` gathers what was wrong with them.

    `rows` are those that belong together, by table: an invoice, its customer, and for a line that and its
    product.
    """

    def __init__(self, columns: Columns, days: Days, title: str) -> None:
        self._columns: dict[str, Sequence[str]] = columns.model_dump()
        self._days = days
        self._title = title
        self.problems: list[Problem] = []

    def text(self, purpose: str, rows: Rows) -> str | None:
        """The text of the first column that is filled; choices and lookups give their labels."""
        return self._first(purpose, rows, lambda row, _, name: _text_of(row, name))

    def day(self, purpose: str, rows: Rows) -> date | None:
        """The day of the first column that is filled; held where it may be either of two."""
        return self._first(purpose, rows, self._days.day)

    def number(self, purpose: str, rows: Rows) -> Decimal | None:
        """The number of the first column that is filled."""
        return self._first(purpose, rows, lambda row, _, name: _number_of(row, name))

    def _first(self, purpose: str, rows: Rows, read: Callable[[Raw, str, str], Fact]) -> Fact | None:
        """What `read` gives for the first column that is filled, by its row, table and name."""
        for row, table, name in self._filled(purpose, rows):
            facts = {"column": name, "purpose": purpose, "value": str(row[name]), "title": self._title}
            try:
                return read(row, table, name)
            except Unclear as unclear:
                key = "dynamics_day_at_night" if unclear.at_night else "dynamics_day_unclear"
                self._hold(Problem(key, {**facts, **self._both(unclear)}))
            except ValueError:
                self._hold(Problem("dynamics_column_unreadable", facts))
            return None
        return None

    def _both(self, unclear: Unclear) -> dict[str, str]:
        written, local = unclear.written.isoformat(), unclear.local.isoformat()
        return {"written": written, "local": local, "zone": self._days.zone.key, "shown": unclear.shown}

    def _hold(self, problem: Problem) -> None:
        self.problems += [problem] if problem not in self.problems else []

    def _filled(self, purpose: str, rows: Rows) -> Iterator[tuple[Raw, str, str]]:
        for column in self._columns[purpose]:
            table, _, name = column.partition(".")
            row = rows.get(table)
            if row is not None and row.get(name) is not None and str(row[name]).strip():
                yield row, table, name


def _text_of(row: Raw, name: str) -> str:
    """A text, or the label of a choice or lookup; a whole number has one, too: itself, with marks in it.

    Raises ValueError for what is neither.
    """
    value, written = row[name], row.get(f"{name}{FORMATTED}")
    if not isinstance(value, str | int | Decimal) or not isinstance(written, str | None):
        raise ValueError(f"expected a text, a number or a choice, got {value!r} with the label {written!r}")
    label = clean(written)
    if isinstance(value, bool) and not label:
        raise ValueError(f"expected the label of a choice, got {value!r}")
    if isinstance(value, Decimal):
        return f"{exact(value):f}"
    is_number = (
        isinstance(value, int) and not isinstance(value, bool) and re.sub(r"[^\w-]", "", label) == str(value)
    )
    return clean(str(value)) if is_number or not label else label


def _number_of(row: Raw, name: str) -> Decimal:
    """A number, or that of a text or of a choice's label, like `19` or `7,0 %`."""
    value = row[name]
    if isinstance(value, Decimal):
        return exact(value)
    return number_in(_text_of(row, name).removesuffix("%").strip())
