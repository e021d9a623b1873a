"""Tables of rates by period as a file brings them: rows, days, numbers, and which line is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation


def each_row(text: str, needed: Sequence[str], take: Callable[[Mapping[str, str]], None]) -> None:
    """Give each row to `take`, by column; raises `ValueError` with the line that is wrong, and why.

    The cells are stripped, and empty where a row ends before them. They are separated by commas or, with
    decimal commas allowed, by semicolons. A ValueError of `take` is told with the line.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    separator = ";" if lines and ";" in lines[0] else ","
    reader = csv.DictReader(lines, delimiter=separator)
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"line 1: the column {missing[0]} is missing; needed are {', '.join(needed)}")
    for row in reader:
        try:
            # Cells beyond the last column have no name.
            take({name: (cell or "").strip() for name, cell in row.items() if name is not None})
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def day_of(column: str, written: str) -> date:
    """The day that a cell says; raises `ValueError` with its column."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{column} {written!r} is no day such as 2026-07-01") from None


def number_of(written: str) -> Decimal:
    """The number that a cell says; zero, which is no rate, for anything that cannot be reckoned with."""
    try:
        number = Decimal(written.replace(",", "."))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)
