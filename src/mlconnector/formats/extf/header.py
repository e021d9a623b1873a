"""The header (Vorlauf): line 1 of every file, 31 fields that say whose data it is and for which period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mlconnector.formats.extf.columns import HEADER, Column, HeaderFields
from mlconnector.formats.extf.dictionary import (
    BOOKINGS,
    Category,
    Field,
    accepted_versions,
    category,
    format_name,
    header_fields,
)
from mlconnector.formats.extf.text import has_control_characters

HEADER_VERSION = "700"
MAX_HEADER_LENGTH = 1000
_SMALLEST_CONSULTANT = 1001
_MILLISECONDS = 1000


class BadHeader(ValueError):
    """A header field that DATEV would not take; `field` is its number, 0 for the header as a whole."""

    def __init__(self, column: Column | None, value: str, reason: str) -> None:
        self.field = column.number if column is not None else 0
        super().__init__(f"header field {self.field}: {value!r}: {reason}")
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Whose data a file holds, made when, for which fiscal year and period.

    `created_at` is written to the millisecond, as it is given. `account_length` is the length of general
    ledger accounts (4 to 8). `date_from`, `date_to`, `booking_type`, `purpose`, `festschreibung` and
    `currency` belong to a Buchungsstapel and stay None and empty in master data. `version` None is the
    newest format version of the category.
    """

    created_at: datetime
    consultant: int
    client: int
    fiscal_year_start: date
    account_length: int
    category: int = BOOKINGS
    version: int | None = None
    date_from: date | None = None
    date_to: date | None = None
    label: str = ""
    dictation_code: str = ""
    booking_type: int | None = None
    purpose: int | None = None
    festschreibung: bool | None = None
    currency: str = ""
    chart: str = ""
    industry_solution: str = ""
    origin: str = ""
    exported_by: str = ""
    imported_by: str = ""
    application_information: str = ""

    @property
    def layout(self) -> Category:
        """The columns that follow this header; raises ValueError for an unknown category or version."""
        return category(self.category, self.version)

    def fields(self) -> tuple[str, ...]:
        """The 31 fields as they are written, quotes included; raises `BadHeader`."""
        if self.version is not None and self.version not in accepted_versions(self.category):
            raise BadHeader(
                HeaderFields.FORMAT_VERSION,
                str(self.version),
                f"DATEV takes {accepted_versions(self.category)}",
            )
        if self.consultant < _SMALLEST_CONSULTANT:
            raise BadHeader(
                HeaderFields.CONSULTANT,
                str(self.consultant),
                f"consultant numbers begin at {_SMALLEST_CONSULTANT}",
            )
        self._check_period()
        values = self._values()
        written = tuple(
            _written(column, field, value, self.category)
            for column, field, value in zip(HEADER, header_fields(), values, strict=True)
        )
        if len(";".join(written)) > MAX_HEADER_LENGTH:
            raise BadHeader(None, "", f"longer than {MAX_HEADER_LENGTH} characters")
        return written

    def _check_period(self) -> None:
        if self.date_from is None or self.date_to is None:
            return
        if self.date_from > self.date_to:
            raise BadHeader(
                HeaderFields.DATE_FROM, self.date_from.isoformat(), "Datum von is after Datum bis"
            )
        if not self.fiscal_year_start <= self.date_from or self.date_to > last_day(self.fiscal_year_start):
            raise BadHeader(
                HeaderFields.DATE_FROM,
                self.date_from.isoformat(),
                "the period is not within the fiscal year",
            )
        if self.date_from.year != self.date_to.year:
            raise BadHeader(
                HeaderFields.DATE_TO, self.date_to.isoformat(), "the period spans two calendar years"
            )

    def _values(self) -> tuple[str, ...]:
        bookings = self.category == BOOKINGS
        stamp = f"{self.created_at:%Y%m%d%H%M%S}{self.created_at.microsecond // _MILLISECONDS:03d}"
        layout = self.layout
        return (
            "EXTF",
            HEADER_VERSION,
            str(self.category),
            layout.name,
            str(layout.version),
            stamp,
            "",
            self.origin,
            self.exported_by,
            self.imported_by,
            str(self.consultant),
            str(self.client),
            _day(self.fiscal_year_start),
            str(self.account_length),
            _day(self.date_from),
            _day(self.date_to),
            self.label,
            self.dictation_code,
            _number(self.booking_type, 1 if bookings else None),
            _number(self.purpose, 0 if bookings else None),
            _number(self.festschreibung, 0 if bookings else None),
            self.currency or ("EUR" if bookings else ""),
            "",
            "",
            "",
            "",
            self.chart,
            self.industry_solution,
            "",
            "",
            self.application_information,
        )


def parse_header(values: Sequence[str]) -> Header:
    """The header of 31 values without quotes; raises `BadHeader` for the first one that cannot be read.

    Reserved fields (7, 23 to 26, 29, 30) are not looked at: the checker does that.
    """
    if len(values) != len(header_fields()):
        raise BadHeader(None, "", f"{len(values)} fields instead of {len(header_fields())}")

    def text(column: Column) -> str:
        return values[column.place]

    def whole(column: Column) -> int | None:
        return _whole(values, column) if text(column) else None

    number = _whole(values, HeaderFields.CATEGORY)
    name = text(HeaderFields.FORMAT_NAME)
    if name != format_name(number):
        raise BadHeader(HeaderFields.FORMAT_NAME, name, f"category {number} is called {format_name(number)}")
    lock = whole(HeaderFields.LOCK)
    return Header(
        category=number,
        version=_whole(values, HeaderFields.FORMAT_VERSION),
        created_at=_stamp(text(HeaderFields.CREATED_AT)),
        origin=text(HeaderFields.ORIGIN),
        exported_by=text(HeaderFields.EXPORTED_BY),
        imported_by=text(HeaderFields.IMPORTED_BY),
        consultant=_whole(values, HeaderFields.CONSULTANT),
        client=_whole(values, HeaderFields.CLIENT),
        fiscal_year_start=_date(values, HeaderFields.FISCAL_YEAR_START),
        account_length=_whole(values, HeaderFields.ACCOUNT_LENGTH),
        date_from=_date(values, HeaderFields.DATE_FROM) if text(HeaderFields.DATE_FROM) else None,
        date_to=_date(values, HeaderFields.DATE_TO) if text(HeaderFields.DATE_TO) else None,
        label=text(HeaderFields.LABEL),
        dictation_code=text(HeaderFields.DICTATION_CODE),
        booking_type=whole(HeaderFields.BOOKING_TYPE),
        purpose=whole(HeaderFields.PURPOSE),
        festschreibung=None if lock is None else lock == 1,
        currency=text(HeaderFields.CURRENCY),
        chart=text(HeaderFields.CHART),
        industry_solution=text(HeaderFields.INDUSTRY_SOLUTION),
        application_information=text(HeaderFields.APPLICATION_INFORMATION),
    )


def first_day(day: date, fiscal_year_start_month: int) -> date:
    """The first day of the fiscal year that a day lies in, for years that begin with this month."""
    year = day.year if day.month >= fiscal_year_start_month else day.year - 1
    return date(year, fiscal_year_start_month, 1)


def last_day(fiscal_year_start: date) -> date:
    """The last day of the fiscal year that begins on this day."""
    day = fiscal_year_start
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1) - timedelta(days=1)


def _written(column: Column, field: Field, value: str, number: int) -> str:
    if not value:
        if field.is_required(number):
            raise BadHeader(column, value, f"{field.heading} must be filled")
        return field.empty
    if field.fault(value) is not None or has_control_characters(value):
        raise BadHeader(column, value, f"{field.heading} must look like {field.expected}")
    doubled = value.replace('"', '""')
    return f'"{doubled}"' if field.quoted else value


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%Y%m%d}"


def _number(value: int | None, default: int | None) -> str:
    chosen = default if value is None else value
    return "" if chosen is None else str(int(chosen))


def _whole(values: Sequence[str], column: Column) -> int:
    text = values[column.place]
    if not (text.isascii() and text.isdigit()):
        raise BadHeader(column, text, "is not a number")
    return int(text)


def _date(values: Sequence[str], column: Column) -> date:
    text = values[column.place]
    day = day_of(text)
    if day is None:
        raise BadHeader(column, text, "is not a day JJJJMMTT")
    return day


def day_of(text: str) -> date | None:
    """The day written as JJJJMMTT, or None where it is none."""
    if len(text) != len("JJJJMMTT") or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _stamp(text: str) -> datetime:
    if len(text) == len("JJJJMMTThhmmssfff") and text.isascii() and text.isdigit():
        try:
            return datetime.fromisoformat(f"{text[:8]}T{text[8:14]}.{text[14:]}")
        except ValueError:
            raise BadHeader(HeaderFields.CREATED_AT, text, "is not a moment JJJJMMTThhmmssfff") from None
    raise BadHeader(HeaderFields.CREATED_AT, text, "is not a moment JJJJMMTThhmmssfff")
