"""Lists of everything there is: vouchers, those left out included, and batches, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.report.overview import batch_summary
from mlconnector.flow.report.search import Search, period_of
from mlconnector.flow.report.voucher_facts import told
from mlconnector.model.problems import Problem
from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import batches, lookup
from mlconnector.store.batches import BatchFormat, BatchRow, BatchState
from mlconnector.store.vouchers import VoucherRow
from mlconnector.texts.language import Language


def vouchers_of(
    services: Services, name: str | None, wanted: Search, *, limit: int, page: int = 1
) -> dict[str, Any]:
    """A page of the vouchers that are meant, the latest changed first, and how many there are in `total`.

    Raises Unreadable.
    """
    scope = wanted.scope(name)
    before = (page - 1) * limit
    with services.database.read() as db:
        total = lookup.count(db, scope)
        some = lookup.search(db, scope, limit=limit, offset=before)
        shown = [(row, facts_of(content)) for row, content in some]
    return {"vouchers": told(services, shown), "page": page, "limit": limit, "total": total}


def told_of(services: Services, rows: Sequence[VoucherRow]) -> list[dict[str, Any]]:
    """These vouchers as lists show them."""
    with services.database.read() as db:
        said = lookup.contents(db, rows)
    return told(services, [(row, facts_of(said.get(row.id))) for row in rows])


def batches_of(
    services: Services,
    name: str | None,
    wanted: Search,
    *,
    state: BatchState | None = None,
    data_format: BatchFormat | None = None,
    limit: int,
    page: int = 1,
) -> dict[str, Any]:
    """A page of the batches that are meant, the latest first, and how many there are in `total`.

    A number may be that of the file, the batch, its job or one of its vouchers. Customer and amount are those
    of one of its vouchers, and the period is that of the batch. Raises Unreadable.
    """
    before = (page - 1) * limit
    first, last = period_of(wanted.period) if wanted.period else (None, None)
    begin, end = (f"{day:%Y-%m}" if day is not None else "" for day in (first, last))
    states = () if state is None else (state,)
    of_content = bool(wanted.customer or wanted.amount)
    text = "" if of_content else (wanted.number or "").strip()
    meant = batches.Wanted(name, states, data_format, begin, end, text)
    with services.database.read() as db:
        if of_content:
            asked = Search(number=wanted.number, customer=wanted.customer, amount=wanted.amount)
            holding = lookup.batches_with(db, asked.scope(name))
            found = [row for row in batches.search(db, meant) if row.id in holding]
            total, rows = len(found), found[before : before + limit]
        else:
            total = batches.count(db, meant)
            rows = batches.search(db, meant, limit=limit, offset=before)
    return {"batches": [batch_in_list(row) for row in rows], "page": page, "limit": limit, "total": total}


def batch_in_list(row: BatchRow) -> dict[str, Any]:
    """A batch with whose it is and when it was made."""
    whose = {"connection": row.connection, "client": row.client}
    return {**whose, **batch_summary(row), "created_at": row.created_at, "changed_at": row.changed_at}


def batch_of(
    services: Services,
    wanted: str,
    *,
    limit: int | None = None,
    page: int = 1,
    language: Language | None = None,
) -> dict[str, Any]:
    """A batch by its id or file name, with the vouchers that it books, or a page of them, as `booked`.

    Raises NeedsHuman.
    """
    before = (page - 1) * (limit or 0)
    with services.database.read() as db:
        row = _named(batches.find(db, wanted), wanted)
        rows = lookup.of_batch(db, row.connection, row.id, limit=limit, offset=before)
        said = lookup.contents(db, rows)
    booked = [(one, facts_of(said.get(one.id))) for one in rows]
    return {**batch_in_list(row), "booked": told(services, booked, language)}


def file_of(services: Services, wanted: str) -> tuple[BatchRow, bytes]:
    """A batch by its id or file name with its frozen bytes, as DATEV gets them. Raises NeedsHuman."""
    with services.database.read() as db:
        row = _named(batches.find(db, wanted), wanted)
        return row, batches.content(db, row.id)


def _named(row: BatchRow | None, wanted: str) -> BatchRow:
    if row is None:
        raise NeedsHuman(Problem("batch_unknown", {"batch": wanted}))
    return row
