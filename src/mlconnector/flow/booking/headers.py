"""Headers: what every file of a connection says first, and the encoding of the client's files."""

from __future__ import annotations

from datetime import datetime

from mlconnector.flow.connection import ConnectionSettings
from mlconnector.formats.extf import Encoding, Header, Period
from mlconnector.mapping.books import Books


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
        chart=chart_of(books),
    )


def chart_of(books: Books) -> str:
    """The chart as a header names it: `03` or `04`, nothing for a chart of the client's own."""
    return "" if books.chart == "own" else books.chart.removeprefix("SKR")


def encoding_of(books: Books) -> Encoding:
    """The encoding of the client's files; UTF-8 needs a byte order mark."""
    return "utf-8-bom" if books.encoding == "utf-8" else "windows-1252"
