"""What a header says that rows are checked against, however faulty the rest of it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from mlconnector.formats.extf.columns import Column, HeaderFields
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

    def usable(column: Column) -> str | None:
        value = values[column.place]
        return value if value and fields[column.place].fault(value) is None else None

    def day(column: Column) -> date | None:
        return day_of(values[column.place])

    length, chart = usable(HeaderFields.ACCOUNT_LENGTH), usable(HeaderFields.CHART)
    number = values[HeaderFields.CATEGORY.place]
    return HeaderFacts(
        category=int(number) if number.isascii() and number.isdigit() else None,
        account_length=int(length) if length else None,
        fiscal_year_start=day(HeaderFields.FISCAL_YEAR_START),
        date_from=day(HeaderFields.DATE_FROM),
        date_to=day(HeaderFields.DATE_TO),
        currency=usable(HeaderFields.CURRENCY),
        festschreibung=usable(HeaderFields.LOCK),
        chart=f"{int(chart):02d}" if chart else None,
    )


def facts_of(stream: BinaryIO) -> HeaderFacts:
    """What the header of a file says; of a file without one, nothing. The caller rewinds the stream."""
    first = next(iter(Records(stream)), None)
    cells = split_cells(first.text) if first is not None and first.defect is None else None
    return header_facts(cells or ())
