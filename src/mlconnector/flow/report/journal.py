"""The list of bookings (Primanota): the rows as they were handed over, or will be, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.completeness import Outcome
from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.search import period_of
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.flow.report.transferred import Whose, whose
from mlconnector.formats.extf import document_field
from mlconnector.model.entries import Entry, EntryLine, decode
from mlconnector.model.money import ZERO
from mlconnector.store import booked
from mlconnector.store.booked import JournalRow, Stand
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


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A row of the list of bookings; `state` is `accepted`, `sent` or `ready`."""

    voucher: str
    posted_on: date
    turnover: Decimal
    side: Literal["S", "H"]
    currency: str
    tax_key: str
    contra_account: str
    document_field_1: str
    account: str
    cost_centre_1: str
    cost_centre_2: str
    text: str
    tax_case: str
    state: Outcome
    file: str


def journal_lines(rows: Iterable[JournalRow]) -> Iterator[JournalLine]:
    """Each row of the bookings, in their order."""
    for row in rows:
        entry = decode(row.content)
        for line in entry.lines:
            yield JournalLine(
                voucher=row.voucher,
                posted_on=entry.posted_on,
                turnover=abs(line.amount),
                side="S" if line.amount > ZERO else "H",
                currency=line.currency or entry.currency,
                tax_key=line.tax_key,
                contra_account=line.contra_account,
                document_field_1=_number(entry, line),
                account=line.account,
                cost_centre_1=line.cost_centre_1,
                cost_centre_2=line.cost_centre_2,
                text=line.text,
                tax_case=line.tax_case,
                state=_STATES[row.stand],
                file=row.file_name or "",
            )


def journal_table(rows: Iterable[JournalRow], spoken: Language) -> Table:
    """Each row of the bookings, as a Buchungsliste has it."""
    cells = [_cells(one, spoken) for one in journal_lines(rows)]
    return Table(sentence("report_journal_sheet", {}, spoken), _KEYS, cells, spoken)


def _cells(one: JournalLine, spoken: Language) -> list[Cell]:
    return [
        one.posted_on,
        one.turnover,
        one.side,
        one.currency,
        one.tax_key,
        one.contra_account,
        one.document_field_1,
        one.account,
        one.cost_centre_1,
        one.cost_centre_2,
        one.text,
        word("tax_case", one.tax_case, spoken),
        word("became", one.state, spoken),
        one.file,
    ]


_STATES: Mapping[Stand, Outcome] = {"accepted": "accepted", "under_way": "sent", "planned": "ready"}


def _number(entry: Entry, line: EntryLine) -> str:
    return document_field(line.number or entry.number)[0]
