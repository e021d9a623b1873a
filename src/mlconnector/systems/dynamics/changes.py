"""One page of changes at a time, by the change tracking of Dataverse: table after table.

A pass begins with the lines, so that a line which changes while invoices are read is told of by the next
pass; customers come last, where they are followed at all. The cursor has a delta link for each table, good
only for the columns that it was asked with. Where a link has expired, or tables or columns are others,
everything is read again; what is unchanged then has its old revision, and what is not listed any more is left
alone: that it is missing does not say why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.dynamics.answers import VersionExpired
from mlconnector.systems.dynamics.client import PAGE, Client, Tracked
from mlconnector.systems.kit import cursors
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.source import Page, Reference

LINES = "invoicedetail"
INVOICES = "invoice"
_OF_LINES = ("invoicedetailid", "_invoiceid_value")
_LINES_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Followed:
    """A table whose changes are read, with the columns that are asked for."""

    table: str
    columns: tuple[str, ...]
    page: int = PAGE


class Cursor(msgspec.Struct, frozen=True):
    """Where a later pass begins: a link for each table; `columns` is a fingerprint of what was asked for."""

    columns: str
    links: dict[str, str] = {}


class Position(msgspec.Struct, frozen=True):
    """Where a pass stands: at `link` in the first table that is not `done`; of those it has the delta links.

    `full` when it reads everything, `columns` as in `Cursor`, `seen` are marks of the links it followed.
    """

    full: bool
    columns: str = ""
    done: dict[str, str] = {}
    link: str | None = None
    seen: tuple[str, ...] = ()


def followed(select: Callable[[str], tuple[str, ...]], customers: Sequence[str]) -> tuple[Followed, ...]:
    """The tables of a pass in their order; `customers` are those of customers that are followed, too."""
    return (
        Followed(LINES, _OF_LINES, _LINES_PAGE),
        *(Followed(table, select(table)) for table in (INVOICES, *customers)),
    )


def changed(
    client: Client,
    tables: Sequence[Followed],
    is_final: Callable[[Raw], bool],
    since: str | None,
    position: str | None,
) -> Page:
    """A page of references to changed invoices and customers, with the rows as they came where these changed.

    The first load (`since` is None) gives final invoices only; later passes give all, so that what is no
    longer final is noticed. The id of a customer is `account/<id>` or `contact/<id>`. A pass whose tables or
    columns became others begins anew. Raises Broken when the pages go round in a circle.
    """
    columns = fingerprint(tables)
    before = None if since is None else cursors.read(since, Cursor)
    full = before is None or before.columns != columns
    at = Position(full, columns) if position is None else cursors.read(position, Position)
    if at.columns != columns:
        at = Position(full, columns)
    try:
        page = _page(client, tables, at, before)
    except VersionExpired as expired:
        if at.full:
            raise Broken(
                f"dynamics: a link from a moment ago is said to have expired: {expired}"
            ) from expired
        at = Position(True, columns)
        page = _page(client, tables, at, before)
    table = _current(tables, at).table
    references = _references(table, page, is_final if since is None else None, full=at.full)
    if page.following is not None:
        seen = cursors.with_mark(at.seen, page.following, "dynamics: the pages of changes")
        further = msgspec.structs.replace(at, link=page.following, seen=seen)
        return Page(references, cursors.written(further), since)
    if page.delta is None:
        raise Broken("dynamics: the last page of changes came without a delta link; is change tracking on?")
    done = {**at.done, table: page.delta}
    if len(done) < len(tables):
        return Page(references, cursors.written(Position(at.full, columns, done)), since)
    return Page(references, None, cursors.written(Cursor(columns, done)))


def fingerprint(tables: Sequence[Followed]) -> str:
    """A short name for tables and their columns."""
    return cursors.mark("|".join(f"{each.table}:{','.join(each.columns)}" for each in tables))


def _current(tables: Sequence[Followed], at: Position) -> Followed:
    return next(each for each in tables if each.table not in at.done)


def _page(client: Client, tables: Sequence[Followed], at: Position, before: Cursor | None) -> Tracked:
    current = _current(tables, at)
    begin = None if at.full or before is None else before.links[current.table]
    return client.changes(current.table, current.columns, at.link or begin, current.page)


def _references(
    table: str, page: Tracked, is_final: Callable[[Raw], bool] | None, *, full: bool
) -> tuple[Reference, ...]:
    if table == LINES:
        # When everything is read, the invoices that these lines belong to come by themselves.
        owners = [] if full else [row.get("_invoiceid_value") for row in page.rows]
        return tuple(Reference(each) for each in dict.fromkeys(owners) if each)
    prefix = "" if table == INVOICES else f"{table}/"
    rows = [row for row in page.rows if table != INVOICES or is_final is None or is_final(row)]
    return (
        *(Reference(f"{prefix}{row[f'{table}id']}", row.get("modifiedon"), row) for row in rows),
        *(Reference(f"{prefix}{each}") for each in page.deleted),
    )
