"""One page of changes at a time, by the change tracking of Dataverse: first of lines, then of invoices.

A pass begins with the lines, so that a line which changes while invoices are read is told of by the next
pass. The cursor is a pair of delta links, good only for the columns that they were asked with. Where a link
has expired or the columns are others, everything is read again; what is unchanged then has its old revision,
and what is not listed any more is left alone: that it is missing does not say why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.dynamics.answers import VersionExpired
from mlconnector.systems.dynamics.client import Client, Tracked
from mlconnector.systems.dynamics.shapes import Raw
from mlconnector.systems.source import Page, Reference

LINES = "invoicedetail"
INVOICES = "invoice"
_OF_LINES = ("invoicedetailid", "_invoiceid_value")
_LINES_PAGE = 5000


class Links(msgspec.Struct, frozen=True):
    """Where a later pass begins; `columns` is a fingerprint of those that were asked for."""

    columns: str
    lines: str
    invoices: str


class Position(msgspec.Struct, frozen=True):
    """Where a pass stands; `full` when it reads everything, `seen` are marks of the links it followed."""

    full: bool
    link: str | None = None
    lines: str | None = None
    seen: tuple[str, ...] = ()


def changed(
    client: Client,
    select: Sequence[str],
    is_final: Callable[[Raw], bool],
    since: str | None,
    position: str | None,
) -> Page:
    """A page of references to changed invoices, with the invoices as they came where they themselves changed.

    The first load (`since` is None) gives final invoices only; later passes give all, so that what is no
    longer final is noticed. Raises Broken when the pages go round in a circle.
    """
    columns = fingerprint(select)
    before = None if since is None else _links(since)
    full = before is None or before.columns != columns
    at = Position(full) if position is None else _read(position)
    try:
        page = _page(client, select, at, None if at.full else before)
    except VersionExpired as expired:
        if at.full:
            raise Broken(
                f"dynamics: a link from a moment ago is said to have expired: {expired}"
            ) from expired
        at = Position(full=True)
        page = _page(client, select, at, None)
    references = _references(page, at, is_final if since is None else None)
    if page.following is not None:
        return Page(references, _written(_further(at, page.following)), since)
    if page.delta is None:
        raise Broken("dynamics: the last page of changes came without a delta link; is change tracking on?")
    if at.lines is None:
        return Page(references, _written(Position(at.full, lines=page.delta)), since)
    return Page(references, None, _written(Links(columns, at.lines, page.delta)))


def fingerprint(select: Sequence[str]) -> str:
    """A short name for a list of columns."""
    return _mark(",".join(select))


def _page(client: Client, select: Sequence[str], at: Position, before: Links | None) -> Tracked:
    if at.lines is None:
        return client.changes(LINES, _OF_LINES, at.link or (before.lines if before else None), _LINES_PAGE)
    return client.changes(INVOICES, select, at.link or (before.invoices if before else None))


def _references(page: Tracked, at: Position, is_final: Callable[[Raw], bool] | None) -> tuple[Reference, ...]:
    if at.lines is None:
        # When everything is read, the invoices that these lines belong to come by themselves.
        owners = [] if at.full else [row.get("_invoiceid_value") for row in page.rows]
        return tuple(Reference(each) for each in dict.fromkeys(owners) if each)
    rows = [row for row in page.rows if is_final is None or is_final(row)]
    return (
        *(Reference(str(row["invoiceid"]), row.get("modifiedon"), row) for row in rows),
        *(Reference(each) for each in page.deleted),
    )


def _further(at: Position, link: str) -> Position:
    mark = _mark(link)
    if mark in at.seen:
        raise Broken("dynamics: the pages of changes go round in a circle")
    return msgspec.structs.replace(at, link=link, seen=(*at.seen, mark))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _written(state: Position | Links) -> str:
    return msgspec.json.encode(state).decode()


def _links(cursor: str) -> Links:
    try:
        return msgspec.json.decode(cursor, type=Links)
    except msgspec.DecodeError as error:
        raise Broken(f"a cursor that is none of ours: {error}") from error


def _read(position: str) -> Position:
    try:
        return msgspec.json.decode(position, type=Position)
    except msgspec.DecodeError as error:
        raise Broken(f"a position that is none of ours: {error}") from error
