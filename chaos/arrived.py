"""What the stand-in of DATEV has by its own records: its jobs, its documents, and every row of every file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal

import msgspec
from tests.flow.rig import StandIns
from tests.flow.suggestions_rig import processed

from mlconnector.formats.extf import BOOKINGS, read
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn


class Row(msgspec.Struct, frozen=True, order=True):
    """One booking that DATEV has; `amount` is signed from the view of the person's account."""

    number: str
    amount: Decimal
    person: str
    account: str
    key: str
    currency: str
    document: str


class Arrived(msgspec.Struct, frozen=True):
    """All that DATEV has; `files` are the jobs that succeeded, by what makes each the same as another."""

    rows: list[Row]
    files: list[str]
    references: list[str]
    failed: int
    documents: list[str]


def arrived(datev: DatevStandIn) -> Arrived:
    """What DATEV has at the moment."""
    jobs = [job for job in datev.jobs if job.result == "succeeded"]
    suggested = list(_suggestions(datev))
    return Arrived(
        rows=[*_bookings(datev), *suggested],
        files=[job.sha256 for job in jobs],
        references=[job.reference_id for job in datev.jobs],
        failed=sum(job.result == "failed" for job in datev.jobs),
        documents=[document.guid for document in datev.documents.values()],
    )


def _bookings(datev: DatevStandIn) -> Iterator[Row]:
    folder = datev.options.received
    assert folder is not None
    contents = [path.read_bytes() for path in folder.glob("*/extf/*.csv")]
    files = {hashlib.sha256(content).hexdigest(): read(content) for content in contents}
    for job in datev.jobs:
        file = files.get(job.sha256)
        if job.result != "succeeded" or file is None or file.header.category != BOOKINGS:
            continue
        for row in file.rows:
            amount = Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
            yield Row(
                number=row["Belegfeld 1"],
                amount=amount if row["Soll/Haben-Kennzeichen"] == "S" else -amount,
                person=row["Konto"],
                account=row["Gegenkonto (ohne BU-Schlüssel)"],
                key=row["BU-Schlüssel"],
                currency=row["WKZ Umsatz"],
                document=row["Beleglink"].removeprefix('BEDI "').removesuffix('"').lower(),
            )


def _suggestions(datev: DatevStandIn) -> Iterator[Row]:
    # Only the sink of the two is asked.
    outside = StandIns(PipedriveStandIn(Options(records=0)), datev, {}, Clock())
    for row in processed(outside):
        key = row.values.get("tax", "")
        yield Row(row.number, row.amount, row.account, row.contra_account, key, row.currency, row.guid)
