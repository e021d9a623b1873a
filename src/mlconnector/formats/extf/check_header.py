"""Rules for the header: its 31 fields one by one, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from mlconnector.formats.extf.dictionary import (
    BOOKINGS,
    MASTER_DATA,
    Field,
    accepted_versions,
    format_name,
    header_fields,
)
from mlconnector.formats.extf.header import MAX_HEADER_LENGTH, day_of, last_day
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Finding, found

_SMALLEST_CONSULTANT = 1001
_DERIVATIVE = 24


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


def header_facts(cells: Sequence[str]) -> HeaderFacts:
    """What can be made out of the header's raw cells, however faulty they are."""
    values = [value_of(cell) for cell in cells] + [""] * len(header_fields())
    fields = header_fields()

    def usable(index: int) -> str | None:
        value = values[index - 1]
        return value if value and fields[index - 1].fault(value) is None else None

    def day(index: int) -> date | None:
        return day_of(values[index - 1])

    length = usable(14)
    number = values[2]
    return HeaderFacts(
        category=int(number) if number.isascii() and number.isdigit() else None,
        account_length=int(length) if length else None,
        fiscal_year_start=day(13),
        date_from=day(15),
        date_to=day(16),
        currency=usable(22),
        festschreibung=usable(21),
    )


def check_header(cells: Sequence[str], text: str) -> Iterator[Finding]:
    """The findings in the header line with these raw cells."""
    fields = header_fields()
    if len(cells) != len(fields):
        yield found("EXTF-H-00", 1, value=str(len(cells)), expected=str(len(fields)))
    if len(text) > MAX_HEADER_LENGTH:
        yield found("EXTF-H-32", 1, value=str(len(text)), expected=f"≤ {MAX_HEADER_LENGTH}")
    facts = header_facts(cells)
    for field, cell in zip(fields, cells, strict=False):
        yield from _field(field, cell, facts.category)
    yield from _triple(cells, facts.category)
    yield from _period(facts)


def _field(field: Field, cell: str, number: int | None) -> Iterator[Finding]:
    value = value_of(cell)
    if cell.startswith('"') != field.quoted:
        yield found("EXTF-H-37", 1, field.index, field.name, cell, field.empty or "ohne / without")
    if not value:
        if number is not None and field.is_required(number):
            yield found(f"EXTF-H-{field.index:02d}", 1, field.index, field.name, value, field.expected)
        return
    fault = field.fault(value)
    if field.index == 11 and fault is None and int(value) < _SMALLEST_CONSULTANT:
        fault = "form"
    if fault is not None:
        yield found(_header_rule(field, number), 1, field.index, field.name, value, field.expected)


def _header_rule(field: Field, number: int | None) -> str:
    if field.index == _DERIVATIVE and number not in (BOOKINGS, MASTER_DATA):
        return "EXTF-H-38"
    return "EXTF-H-23" if field.required == "never" else f"EXTF-H-{field.index:02d}"


def _triple(cells: Sequence[str], number: int | None) -> Iterator[Finding]:
    if number is None or len(cells) < 5 or format_name(number) is None:
        return
    name, version = value_of(cells[3]), value_of(cells[4])
    known = [str(each) for each in accepted_versions(number)]
    if name != format_name(number) or version not in known:
        expected = f"{number};{format_name(number)};{' / '.join(known)}"
        yield found("EXTF-H-33", 1, 5, "Formatversion", f"{number};{name};{version}", expected)


def _period(facts: HeaderFacts) -> Iterator[Finding]:
    begin, end, year = facts.date_from, facts.date_to, facts.fiscal_year_start
    if begin is None or end is None:
        return
    shown = f"{begin:%Y%m%d}-{end:%Y%m%d}"
    if begin > end:
        yield found("EXTF-H-34", 1, 15, "Datum von", shown)
    elif begin.year != end.year:
        yield found("EXTF-H-36", 1, 16, "Datum bis", shown)
    if year is not None and (begin < year or end > last_day(year)):
        allowed = f"{year:%Y%m%d}-{last_day(year):%Y%m%d}"
        yield found("EXTF-H-35", 1, 15, "Datum von", shown, allowed)
