"""The list of bookings (Primanota): the rows as they were handed over, or will be, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.case_titles import case_title
from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.search import period_of
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.flow.report.transferred import Whose, whose
from mlconnector.formats.extf import document_field
from mlconnector.model.entries import Entry, EntryLine, decode
from mlconnector.model.money import ZERO
from mlconnector.store import booked
from mlconnector.store.booked import JournalRow
from mlconnector.texts.catalogue import sentence, word
from mlconnector.texts.language import Language

_KEYS = (
    *("date", "turnover", "side", "currency", "tax_key", "contra_account", "document_field_1", "account"),
    *("cost_centre_1", "cost_centre_2", "text", "tax_case", "state", "file"),
)


@dataclass(frozen=True, slots=True)
class Journal:
    """A page of the bookings of a period, and how many bookings there are."""

    whose: Whose
    first: date | None
    last: date | None
    rows: tuple[JournalRow, ...]
    total: int


def journal_of(
    services: Services,
    name: str,
    *,
    period: str | None = None,
    whole_client: bool = False,
    limit: int | None = None,
    page: int = 1,
) -> Journal:
    """The bookings in the months of a period; none that DATEV has refused.

    Raises NeedsHuman (`connection_unknown`), and Unreadable for a period that is none.
    """
    first, last = period_of(period) if period else (None, None)
    of = whose(services, name, whole_client=whole_client)
    begin, end = (f"{day:%Y-%m}" if day is not None else "" for day in (first, last))
    with services.database.read() as db:
        total = booked.count_in_months(db, of.client, of.names, begin, end)
        before = (page - 1) * (limit or 0)
        rows = booked.journal(db, of.client, of.names, begin, end, limit=limit, offset=before)
    return Journal(of, first, last, tuple(rows), total)


def journal_table(rows: Iterable[JournalRow], spoken: Language) -> Table:
    """Each row of the bookings, as a Buchungsliste has it."""
    cells = [made for row in rows for made in _rows(row, spoken)]
    return Table(sentence("report_journal_sheet", {}, spoken), _KEYS, cells, spoken)


def _rows(row: JournalRow, spoken: Language) -> Iterator[list[Cell]]:
    entry = decode(row.content)
    for line in entry.lines:
        yield [
            entry.posted_on,
            abs(line.amount),
            "S" if line.amount > ZERO else "H",
            line.currency or entry.currency,
            line.tax_key,
            line.contra_account,
            _number(entry, line),
            line.account,
            line.cost_centre_1,
            line.cost_centre_2,
            line.text,
            case_title(line.tax_case, spoken),
            word("became", "ready" if row.stand == "planned" else _STANDS[row.stand], spoken),
            row.file_name or "",
        ]


_STANDS = {"accepted": "accepted", "under_way": "sent"}


def _number(entry: Entry, line: EntryLine) -> str:
    return document_field(line.number or entry.number)[0]
