"""What a header says that rows are checked against, however faulty the rest of it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from mlconnector.formats.extf.dictionary import header_fields
from mlconnector.formats.extf.header import day_of
from mlconnector.formats.extf.lines import Records, split_cells, value_of


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the rows are checked against; None where the header does not say it in a usable way."""

    category: int | None = None
    account_length: int | None = None
    fiscal_year_start: date | None = None
    date_from: date | None = None
    date_to: date | None = None
    currency: str | None = None
    festschreibung: str | None = None
    chart: str | None = None


def header_facts(cells: Sequence[str]) -> HeaderFacts:
    """What can be made out of the header's raw cells, however faulty they are."""
    values = [value_of(cell) for cell in cells] + [""] * len(header_fields())
    fields = header_fields()

    def usable(index: int) -> str | None:
        value = values[index - 1]
        return value if value and fields[index - 1].fault(value) is None else None

    def day(index: int) -> date | None:
        return day_of(values[index - 1])

    length, chart = usable(14), usable(27)
    number = values[2]
    return HeaderFacts(
        category=int(number) if number.isascii() and number.isdigit() else None,
        account_length=int(length) if length else None,
        fiscal_year_start=day(13),
        date_from=day(15),
        date_to=day(16),
        currency=usable(22),
        festschreibung=usable(21),
        chart=f"{int(chart):02d}" if chart else None,
    )


def facts_of(stream: BinaryIO) -> HeaderFacts:
    """What the header of a file says; of a file without one, nothing. The caller rewinds the stream."""
    first = next(iter(Records(stream)), None)
    cells = split_cells(first.text) if first is not None and first.defect is None else None
    return header_facts(cells or ())
