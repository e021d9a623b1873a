"""One page of changes at a time, by the change tracking of Dataverse: table after table.

A pass begins with the lines, so that a line which changes while invoices are read is told of by the next
pass; customers come last, where they are followed at all. The cursor has a delta link for each table, good
only for the columns that it was asked with. Where a link has expired or is none of the environment any more,
or tables or columns are others, everything is read again; what is unchanged then has its old revision, and
what is not listed any more is left alone: that it is missing does not say why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.dynamics.answers import Wrong
from mlconnector.systems.dynamics.client import DELTA, PAGE, Client, Tracked
from mlconnector.systems.kit import cursors
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.source import Page, Reference

LINES = "invoicedetail"
INVOICES = "invoice"
_OF_LINES = ("invoicedetailid", "_invoiceid_value", "modifiedon")
_LINES_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Followed:
    """A table whose changes are read, with the columns that are asked for."""

    table: str
    columns: tuple[str, ...]
    page: int = PAGE


class Cursor(msgspec.Struct, frozen=True):
    """Where a later pass begins: a link for each table; `columns` is a fingerprint of what was asked for.

    One without links reads again what changed since `moment`, or everything.
    """

    columns: str
    links: dict[str, str] = {}
    moment: datetime | None = None


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
    longer final is noticed. The id of a customer is `account/<id>` or `contact/<id>`. A pass whose tables,
    columns or address became others begins anew. Raises Broken when the pages go round in a circle.
    """
    columns = fingerprint(tables)
    before = None if since is None else cursors.fitting(since, Cursor)
    links = before is not None and has_links(client, tables, before)
    moment = None if before is None else before.moment
    begin = Position(not links, columns)
    at = begin if position is None else cursors.read(position, Position)
    if at.columns != columns or not _is_ours(client, tables, at):
        at = begin
    anew = at is begin and since is not None and not links and not _is_asked_for(before)
    try:
        page = _page(client, tables, at, before)
    except Wrong as refused:
        if at.full and at.link:
            raise Broken(f"dynamics: a link from a moment ago is refused: {refused}") from refused
        if at.full:
            raise
        at, anew = Position(True, columns), True
        page = _page(client, tables, at, before)
    table = _current(tables, at).table
    references = _references(table, page, is_final if since is None else None, full=at.full, moment=moment)
    if page.following is not None:
        seen = cursors.with_mark(at.seen, page.following, "dynamics: the pages of changes")
        further = msgspec.structs.replace(at, link=page.following, seen=seen)
        return Page(references, cursors.written(further), since, anew)
    done = {**at.done, table: page.delta or ""}
    if len(done) < len(tables):
        return Page(references, cursors.written(Position(at.full, columns, done)), since, anew)
    return Page(references, None, cursors.written(Cursor(columns, done)), anew)


def cursor_from(moment: datetime | None) -> str:
    """The cursor of a pass that reads again what changed since a moment, or everything."""
    return cursors.written(Cursor("", moment=moment))


def goes_on(client: Client, tables: Sequence[Followed], cursor: str) -> bool:
    """Whether a pass goes on from a cursor: its links are ours, and Dataverse still knows them."""
    before = cursors.fitting(cursor, Cursor)
    if before is None or not has_links(client, tables, before):
        return before is not None and _is_asked_for(before)
    try:
        for each in tables:
            client.changes(each.table, each.columns, before.links[each.table], each.page)
    except Wrong:
        return False
    return True


def has_links(client: Client, tables: Sequence[Followed], cursor: Cursor) -> bool:
    """Whether a cursor has a link of this environment for each table and for its columns."""
    links = {each.table: cursor.links.get(each.table, "") for each in tables}
    return cursor.columns == fingerprint(tables) and all(
        client.is_ours(link, table, DELTA) for table, link in links.items()
    )


def _is_asked_for(cursor: Cursor | None) -> bool:
    """Whether a cursor wants everything read again, rather than none of its links fitting any more."""
    return cursor is not None and not cursor.columns


def _is_ours(client: Client, tables: Sequence[Followed], at: Position) -> bool:
    """Whether a pass may go on where it stands: its environment is still the one that is asked."""
    links = {**at.done, **({_current(tables, at).table: at.link} if at.link else {})}
    return all(client.is_ours(link, table) for table, link in links.items())


def fingerprint(tables: Sequence[Followed]) -> str:
    """A short name for tables and their columns."""
    return cursors.mark("|".join(f"{each.table}:{','.join(each.columns)}" for each in tables))


def _current(tables: Sequence[Followed], at: Position) -> Followed:
    return next(each for each in tables if each.table not in at.done)


def _page(client: Client, tables: Sequence[Followed], at: Position, before: Cursor | None) -> Tracked:
    current = _current(tables, at)
    begin = None if at.full or before is None else before.links.get(current.table)
    return client.changes(current.table, current.columns, at.link or begin, current.page)


def _references(
    table: str,
    page: Tracked,
    is_final: Callable[[Raw], bool] | None,
    *,
    full: bool,
    moment: datetime | None,
) -> tuple[Reference, ...]:
    found = [row for row in page.rows if not full or moment is None or _is_since(row, moment)]
    if table == LINES:
        # When everything is read, the invoices that these lines belong to come by themselves.
        owners = [] if full and moment is None else [row.get("_invoiceid_value") for row in found]
        return tuple(Reference(each) for each in dict.fromkeys(owners) if each)
    prefix = "" if table == INVOICES else f"{table}/"
    rows = [row for row in found if table != INVOICES or is_final is None or is_final(row)]
    known = rows if page.annotated else [None] * len(rows)
    return (
        *(
            Reference(f"{prefix}{row[f'{table}id']}", row.get("modifiedon"), content)
            for row, content in zip(rows, known, strict=True)
        ),
        *(Reference(f"{prefix}{each}") for each in page.deleted),
    )


def _is_since(row: Raw, moment: datetime) -> bool:
    """Whether a row changed at a moment or later; one that does not say when may have."""
    try:
        return datetime.fromisoformat(str(row.get("modifiedon"))) >= moment
    except (TypeError, ValueError):
        return True
