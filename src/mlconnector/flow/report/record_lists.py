"""Lists of everything there is: vouchers, those left out included, and batches, page by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.report.overview import batch_summary
from mlconnector.flow.report.search import Search, period_of
from mlconnector.flow.report.voucher_facts import facts_of, told
from mlconnector.model.problems import Problem
from mlconnector.store import batches, lookup
from mlconnector.store.batches import BatchRow, BatchState
from mlconnector.store.vouchers import VoucherRow


def vouchers_of(
    services: Services, name: str | None, wanted: Search, *, limit: int, page: int = 1
) -> dict[str, Any]:
    """A page of the vouchers that are meant, the latest changed first, and how many there are in `total`.

    Raises Unreadable.
    """
    scope = wanted.scope(name)
    before = (page - 1) * limit
    with services.database.read() as db:
        if wanted.is_of_content:
            every = ((row, facts_of(content)) for row, content in lookup.search(db, scope))
            found = [one for one in every if wanted.means(*one)]
            total, shown = len(found), found[before : before + limit]
        else:
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
    limit: int,
    page: int = 1,
) -> dict[str, Any]:
    """A page of the batches that are meant, the latest first, and how many there are in `total`.

    A number may be that of the file, the batch, its job or one of its vouchers. Customer and amount are those
    of one of its vouchers, and the period is that of the batch. Raises Unreadable.
    """
    before = (page - 1) * limit
    with services.database.read() as db:
        rows = batches.listed(db, name, None if state is None else [state])
        holding = None
        if wanted.is_of_content:
            of_content = Search(number=wanted.number, customer=wanted.customer, amount=wanted.amount)
            every = lookup.in_batches(db, name)
            holding = {batch for batch, row, said in every if of_content.means(row, facts_of(said))}
    found = [row for row in reversed(rows) if _is_meant(row, wanted, holding)]
    return {
        "batches": [batch_in_list(row) for row in found[before : before + limit]],
        "page": page,
        "limit": limit,
        "total": len(found),
    }


def batch_in_list(row: BatchRow) -> dict[str, Any]:
    """A batch with whose it is and when it was made."""
    whose = {"connection": row.connection, "client": row.client}
    return {**whose, **batch_summary(row), "created_at": row.created_at, "changed_at": row.changed_at}


def batch_of(services: Services, wanted: str) -> dict[str, Any]:
    """A batch by its id or file name, with the vouchers that it books as `booked`. Raises NeedsHuman."""
    with services.database.read() as db:
        row = _named(batches.find(db, wanted), wanted)
        booked = [(one, facts_of(said)) for _, one, said in lookup.in_batches(db, batch=row.id)]
    return {**batch_in_list(row), "booked": told(services, booked)}


def file_of(services: Services, wanted: str) -> tuple[BatchRow, bytes]:
    """A batch by its id or file name with its frozen bytes, as DATEV gets them. Raises NeedsHuman."""
    with services.database.read() as db:
        row = _named(batches.find(db, wanted), wanted)
        return row, batches.content(db, row.id)


def _named(row: BatchRow | None, wanted: str) -> BatchRow:
    if row is None:
        raise NeedsHuman(Problem("batch_unknown", {"batch": wanted}))
    return row


def _is_meant(row: BatchRow, wanted: Search, holding: Collection[str] | None) -> bool:
    if wanted.period and not _overlaps(row.period, wanted.period):
        return False
    if holding is None or row.id in holding:
        return True
    names = (row.file_name, row.id, row.job_id or "")
    of_number_alone = wanted.number is not None and not (wanted.customer or wanted.amount)
    return of_number_alone and any((wanted.number or "").casefold() in name.casefold() for name in names)


def _overlaps(month: str, period: str) -> bool:
    first, last = period_of(period)
    begin, end = period_of(month)
    return (last is None or begin is None or begin <= last) and (first is None or end is None or first <= end)
