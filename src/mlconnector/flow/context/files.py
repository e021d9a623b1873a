"""Files: what all files for the books share: their header, their encoding, and how changes are noted."""

from __future__ import annotations

from datetime import date, datetime

from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.formats.extf import MASTER_DATA, Change, Encoding, Header, Period
from mlconnector.mapping.books import Books

OBLIGO = "Obligo"
"""What files of statistical bookings are called: what is still open of orders and contracts."""


def booking_header(settings: ConnectionSettings, period: Period, label: str, now: datetime) -> Header:
    """The header of a Buchungsstapel with one month of a connection's bookings."""
    books = settings.rules.books
    consultant, client = settings.client.split("-")
    return Header(
        created_at=now,
        consultant=int(consultant),
        client=int(client),
        fiscal_year_start=period.fiscal_year_start,
        account_length=books.account_length,
        version=books.format_version,
        date_from=period.date_from,
        date_to=period.date_to,
        label=label,
        festschreibung=books.festschreibung,
        chart=_chart_of(books),
    )


def label_of(settings: ConnectionSettings, month: str, *, statistical: bool) -> str:
    """The Bezeichnung of a Buchungsstapel: its source and month, and whether it is statistical."""
    return " ".join((settings.source_system.name, *([OBLIGO] if statistical else []), month))


def source_word(settings: ConnectionSettings, *, statistical: bool) -> str:
    """What the name of a file says of its content: the source, and whether it is statistical."""
    return f"{settings.source_system.name}-{OBLIGO}" if statistical else settings.source_system.name


def master_data_header(settings: ConnectionSettings, fiscal_year_start: date, now: datetime) -> Header:
    """The header of a file of debtors and creditors; one fiscal year takes them for all."""
    books = settings.rules.books
    consultant, client = settings.client.split("-")
    return Header(
        category=MASTER_DATA,
        created_at=now,
        consultant=int(consultant),
        client=int(client),
        fiscal_year_start=fiscal_year_start,
        account_length=books.account_length,
        chart=_chart_of(books),
    )


def _chart_of(books: Books) -> str:
    """The chart as a header names it: `03` or `04`, nothing for a chart of the client's own."""
    return "" if books.chart == "own" else books.chart.removeprefix("SKR")


def encoding_of(books: Books) -> Encoding:
    """The encoding of the client's files; UTF-8 needs a byte order mark."""
    return "utf-8-bom" if books.encoding == "utf-8" else "windows-1252"


def noted_change(entry: str, change: Change) -> dict[str, str]:
    """A change as batches keep it; `entry` is the booking, or the number of the person account."""
    return {
        "entry": entry,
        "line": str(change.line or ""),
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
    }
