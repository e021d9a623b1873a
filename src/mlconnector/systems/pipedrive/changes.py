"""One page of changed deals at a time, so that no deal is passed over whatever happens between two pages.

A pass reads the archived deals first and then the others, each by time of change. Only the second list
moves the cursor on, and never past the start of the pass: a deal that is archived meanwhile, and so is in
neither list, is found by the next pass. Later passes begin a little before the cursor (`OVERLAP`), because
a change may become visible after later ones, and clocks differ.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from mlconnector.systems.kit import cursors
from mlconnector.systems.pipedrive.client import STATUSES, Client
from mlconnector.systems.source import Page, Reference

OVERLAP = timedelta(minutes=10)
_CURSOR = "%Y-%m-%dT%H:%M:%SZ"
# Pipedrive was founded in 2010.
_EVERYTHING = "2000-01-01T00:00:00Z"


class Position(msgspec.Struct, frozen=True):
    """Where a pass stands; `seen` are fingerprints of the cursors that this list has shown."""

    archived: bool
    started: datetime
    reached: str | None
    cursor: str | None = None
    seen: tuple[str, ...] = ()


def changed(client: Client, since: str | None, position: str | None, now: Callable[[], datetime]) -> Page:
    """A page of references to changed deals, with the deals as they came.

    The first load (`since` is None) asks for won deals only; later ones for all, so that what is no longer
    won is noticed. Raises Broken when Pipedrive's cursors go round in a circle.
    """
    given_up = since is not None and not goes_on(since, now())
    since = _EVERYTHING if given_up else since
    at = Position(True, now(), since) if position is None else cursors.read(position, Position)
    deals, following = client.changed_deals(
        archived=at.archived,
        statuses="won" if since is None else STATUSES,
        since=None if since is None else _moment(since) - OVERLAP,
        cursor=at.cursor,
    )
    references = tuple(Reference(str(deal["id"]), deal.get("update_time"), deal) for deal in deals)
    reached = at.reached if at.archived else _further(at, references)
    return Page(references, _next(at, following, reached), reached, given_up and position is None)


def cursor_from(moment: datetime | None) -> str:
    """The cursor of a pass that reads again what changed since a moment, or everything."""
    return _EVERYTHING if moment is None else moment.astimezone(UTC).strftime(_CURSOR)


def goes_on(cursor: str, now: datetime) -> bool:
    """Whether a cursor is a moment of ours; one that lies ahead would pass over what changes until then."""
    try:
        return _moment(cursor) <= now + OVERLAP
    except ValueError:
        return False


def _further(at: Position, references: tuple[Reference, ...]) -> str | None:
    times = [reference.changed_at for reference in references if reference.changed_at]
    if not times:
        return at.reached
    last = min(datetime.fromisoformat(times[-1]), at.started)
    if at.reached is not None:
        last = max(last, _moment(at.reached))
    return last.astimezone(UTC).strftime(_CURSOR)


def _next(at: Position, following: str | None, reached: str | None) -> str | None:
    if following is None:
        return cursors.written(Position(False, at.started, reached)) if at.archived else None
    seen = cursors.with_mark(at.seen, following, "pipedrive: the pages of deals")
    return cursors.written(msgspec.structs.replace(at, reached=reached, cursor=following, seen=seen))


def _moment(cursor: str) -> datetime:
    return datetime.strptime(cursor, _CURSOR).replace(tzinfo=UTC)
