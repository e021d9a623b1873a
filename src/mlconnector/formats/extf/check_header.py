"""Rules for the header: its 31 fields one by one, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.client import ClientSettings
from mlconnector.formats.extf.columns import Column, HeaderFields
from mlconnector.formats.extf.dictionary import (
    ADDRESSES,
    BOOKINGS,
    LABELS,
    MASTER_DATA,
    PAYMENT_TERMS,
    RECURRING,
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
# Empty means the same as 0: independent of the purpose.
_MAY_BE_EMPTY = frozenset({HeaderFields.PURPOSE.number})
_WITHOUT_PERIOD = frozenset({MASTER_DATA, LABELS, PAYMENT_TERMS, ADDRESSES, RECURRING})


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
        is_open = field.index in _MAY_BE_EMPTY
        if number is not None and field.is_required(number) and not is_open:
            yield found(f"EXTF-H-{field.index:02d}", 1, field.index, field.name, value, field.expected)
        return
    if field.required == "bookings" and number in _WITHOUT_PERIOD:
        yield found("EXTF-H-39", 1, field.index, field.name, value, field.empty or "leer / empty")
        return
    fault = field.fault(value)
    if field.index == HeaderFields.CONSULTANT.number and fault is None and int(value) < _SMALLEST_CONSULTANT:
        fault = "form"
    if fault is not None:
        yield found(_header_rule(field, number), 1, field.index, field.name, value, field.expected)


def _header_rule(field: Field, number: int | None) -> str:
    if field.index == HeaderFields.DERIVATIVE.number and number not in (BOOKINGS, MASTER_DATA):
        return "EXTF-H-38"
    return "EXTF-H-23" if field.required == "never" else f"EXTF-H-{field.index:02d}"


def _triple(cells: Sequence[str], number: int | None) -> Iterator[Finding]:
    last = HeaderFields.FORMAT_VERSION
    if number is None or len(cells) <= last.place or format_name(number) is None:
        return
    name, version = value_of(cells[HeaderFields.FORMAT_NAME.place]), value_of(cells[last.place])
    known = [str(each) for each in accepted_versions(number)]
    if name != format_name(number) or version not in known:
        expected = f"{number};{format_name(number)};{' / '.join(known)}"
        is_older = name == format_name(number) and _is_before(version, min(accepted_versions(number)))
        yield _about("EXTF-H-43" if is_older else "EXTF-H-33", last, f"{number};{name};{version}", expected)


def _is_before(version: str, oldest: int) -> bool:
    return version.isascii() and version.isdigit() and 1 <= int(version) < oldest


def _period(facts: HeaderFacts) -> Iterator[Finding]:
    begin, end, year = facts.date_from, facts.date_to, facts.fiscal_year_start
    if begin is None or end is None:
        return
    shown = f"{begin:%Y%m%d}-{end:%Y%m%d}"
    if begin > end:
        yield _about("EXTF-H-34", HeaderFields.DATE_FROM, shown)
    elif begin.year != end.year:
        yield _about("EXTF-H-36", HeaderFields.DATE_TO, shown)
    if year is not None and (begin < year or end > last_day(year)):
        allowed = f"{year:%Y%m%d}-{last_day(year):%Y%m%d}"
        yield _about("EXTF-H-35", HeaderFields.DATE_FROM, shown, allowed)


def _beside_the_client(facts: HeaderFacts, settings: ClientSettings) -> Iterator[Finding]:
    length, start = facts.account_length, facts.fiscal_year_start
    if settings.account_length is not None and length not in (None, settings.account_length):
        yield _about("EXTF-H-40", HeaderFields.ACCOUNT_LENGTH, str(length), str(settings.account_length))
    if settings.chart and facts.chart not in (None, settings.chart):
        yield _about("EXTF-H-41", HeaderFields.CHART, facts.chart or "", settings.chart)
    month = settings.fiscal_year_start
    if month is not None and start is not None and (start.month, start.day) != (month, 1):
        yield _about(
            "EXTF-H-42", HeaderFields.FISCAL_YEAR_START, f"{start:%Y%m%d}", f"{start.year}{month:02d}01"
        )


def _about(rule: str, column: Column, value: str, expected: str = "") -> Finding:
    return found(rule, 1, column.number, column.name, value, expected)
