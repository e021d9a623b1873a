"""Rules for the header: its 31 fields one by one, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.client import ClientSettings
from mlconnector.formats.extf.dictionary import (
    BOOKINGS,
    MASTER_DATA,
    Field,
    accepted_versions,
    format_name,
    header_fields,
)
from mlconnector.formats.extf.facts import HeaderFacts, header_facts
from mlconnector.formats.extf.header import MAX_HEADER_LENGTH, last_day
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Finding, found

_SMALLEST_CONSULTANT = 1001
_DERIVATIVE = 24


def check_header(cells: Sequence[str], text: str, settings: ClientSettings) -> Iterator[Finding]:
    """The findings in the header line with these raw cells, also beside the client's settings."""
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
    yield from _beside_the_client(facts, settings)


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


def _beside_the_client(facts: HeaderFacts, settings: ClientSettings) -> Iterator[Finding]:
    length, start = facts.account_length, facts.fiscal_year_start
    if settings.account_length is not None and length not in (None, settings.account_length):
        yield _differs("EXTF-H-40", 14, str(length), str(settings.account_length))
    if settings.chart and facts.chart not in (None, settings.chart):
        yield _differs("EXTF-H-41", 27, facts.chart or "", settings.chart)
    month = settings.fiscal_year_start
    if month is not None and start is not None and (start.month, start.day) != (month, 1):
        yield _differs("EXTF-H-42", 13, f"{start:%Y%m%d}", f"{start.year}{month:02d}01")


def _differs(rule: str, column: int, value: str, expected: str) -> Finding:
    return found(rule, 1, column, header_fields()[column - 1].name, value, expected)
