"""One page of changed sales and purchases at a time, so that none is passed over whatever happens between.

A pass reads closed windows: what changed from the cursor on, a little overlapped, up to the moment at which
the pass began. How Cin7 orders its rows is not known, and many may share one moment, so the cursor moves only
when all windows are finished; then it is that moment. Rows that leave a window while it is read (they changed
once more) let later ones move up: where the number of rows changes, the listing is read again from its first
page, and if it does not come to rest the cursor stays where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.cin7.client import LARGEST_PAGE, PAGE, Client, Listing, Row, Rows
from mlconnector.systems.cin7.names import SYSTEM, RecordKind, record_name
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.kit import cursors
from mlconnector.systems.source import Memory, Page, Reference

OVERLAP = timedelta(minutes=10)
LOOK_AGAIN_EVERY = timedelta(hours=20)
FILTER_KNOWN = "filter_works"
LOOKED_AT = "unpaid_looked_at"
UNPAID = "unpaid_sales"
_LOOK = "unpaid_look"
_RESTARTS = 3
_MARKS = 60
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_EVERYTHING = "2000-01-01T00:00:00Z"
_STANDALONE = {"credit note", "sale credit note", "purchase credit note"}
_LISTINGS: dict[str, tuple[Listing, ...]] = {
    "sales": ("sales", "credit_notes"),
    "purchases": ("purchases", "purchase_credit_notes"),
    "both": ("sales", "credit_notes", "purchases", "purchase_credit_notes"),
}


class Position(msgspec.Struct, frozen=True):
    """Where a pass stands: which listing, which page; `seen` are marks of the pages before.

    `total` is how many rows the listing had at its first page, `restarts` how often it was begun anew, and
    `restless` that one never came to rest. `again` says that unpaid sales are looked at, after all listings.
    """

    started: datetime
    listing: int = 0
    page: int = 1
    collected: int = 0
    total: int | None = None
    restarts: int = 0
    restless: bool = False
    again: bool = False
    seen: tuple[str, ...] = ()


class Changes:
    """The pages of passes over one account."""

    def __init__(
        self, client: Callable[[], Client], settings: Settings, memory: Memory, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._settings = settings
        self._memory = memory
        self._now = now

    def page(self, since: str | None, position: str | None) -> Page:
        """A page of references. Raises Broken for a position that is none of ours, and for a circle."""
        given_up = since is not None and not goes_on(since, self._now())
        begin = None if since is None or given_up or since == _EVERYTHING else _moment(since)
        kept = None if given_up else since
        at = Position(self._now()) if position is None else cursors.read(position, Position)
        if position is None and begin is not None:
            self._refuse_ignored_filter()
        if at.again:
            return self._unpaid(at, kept)
        return replace(self._changed(at, begin, kept), anew=given_up and position is None)

    def _changed(self, at: Position, begin: datetime | None, since: str | None) -> Page:
        listings = _LISTINGS[self._settings.read]
        if not 0 <= at.listing < len(listings) or at.page < 1:
            raise Broken(f"a position of {SYSTEM} that is none of ours")
        listing = listings[at.listing]
        found = self._client().rows(
            listing,
            at.page,
            since=None if begin is None else begin - OVERLAP,
            until=None if begin is None else at.started,
        )
        references = _references(listing, found.rows)
        if listing == "sales" and self._settings.look_again_at_unpaid:
            self._note_unpaid(found.rows, anew=begin is None and at.page == 1)
        if at.total is not None and found.total != at.total and at.restarts < _RESTARTS:
            return Page(references, cursors.written(_anew(at)), since)
        at = _counted(at, found, listing)
        if at.collected < found.total and found.rows:
            following = msgspec.structs.replace(at, page=at.page + 1)
            return Page(references, cursors.written(following), since)
        return self._ended(at, references, since, len(listings), is_first=begin is None)

    def _ended(
        self,
        at: Position,
        references: tuple[Reference, ...],
        since: str | None,
        listings: int,
        *,
        is_first: bool,
    ) -> Page:
        """The last page of a listing: on to the next one, then to what is unpaid, then the cursor moves."""
        at = msgspec.structs.replace(
            at, listing=at.listing + 1, page=1, collected=0, total=None, restarts=0, seen=()
        )
        if at.listing < listings:
            return Page(references, cursors.written(at), since)
        if not is_first and self._settings.look_again_at_unpaid and self._is_due():
            return Page(references, cursors.written(msgspec.structs.replace(at, again=True)), since)
        return Page(references, None, since if at.restless else _cursor(at.started))

    def _unpaid(self, at: Position, since: str | None) -> Page:
        """Sales that are not paid, or were not before this look: a payment may leave no other trace."""
        before = self._unpaid_before(at)
        found = self._client().rows("sales", at.page, limit=LARGEST_PAGE)
        open_now = self._note_unpaid(found.rows, anew=at.page == 1)
        again = [row for row in found.rows if row.id in {*open_now, *before}]
        at = _counted(at, found, "sales")
        references = _references("sales", again)
        if at.collected < found.total and found.rows:
            return Page(references, cursors.written(msgspec.structs.replace(at, page=at.page + 1)), since)
        self._memory.remember(LOOKED_AT, _cursor(self._now()))
        return Page(references, None, since if at.restless else _cursor(at.started))

    def _unpaid_before(self, at: Position) -> list[str]:
        """Which sales were not paid when this look began; its pages may be read again, and find the same.

        What an earlier look had still before it when it was given up is among them.
        """
        began = _cursor(at.started)
        look = self._memory.recall(_LOOK) or {"began": "", "before": []}
        if look["began"] != began:
            finished = look["began"] <= str(self._memory.recall(LOOKED_AT) or "")
            left = [] if finished else look["before"]
            look = {"began": began, "before": sorted({*left, *(self._memory.recall(UNPAID) or [])})}
            self._memory.remember(_LOOK, look)
        before: list[str] = look["before"]
        return before

    def _note_unpaid(self, rows: Sequence[Row], *, anew: bool) -> set[str]:
        """Remember which sales are not paid, beside those that are known; gives those of these rows."""
        found = {row.id for row in rows if _is_unpaid(row)}
        known: list[str] = self._memory.recall(UNPAID) or []
        noted = sorted(found if anew else {*known, *found})
        if noted != known:
            self._memory.remember(UNPAID, noted)
        return found

    def _is_due(self) -> bool:
        if self._settings.read == "purchases":
            return False
        looked = self._memory.recall(LOOKED_AT)
        try:
            return looked is None or self._now() - _moment(str(looked)) > LOOK_AGAIN_EVERY
        except ValueError:
            return True

    def _refuse_ignored_filter(self) -> None:
        """Raise Broken where Cin7 ignores the filter by time, as it ignores what it does not know."""
        if self._memory.recall(FILTER_KNOWN):
            return
        ignored = ignoring_the_filter(self._client(), self._settings, self._now())
        if ignored:
            raise Broken(
                f"{SYSTEM} ignores UpdatedSince in {', '.join(ignored)}: everything would be read for ever"
            )
        self._memory.remember(FILTER_KNOWN, True)


def ignoring_the_filter(client: Client, settings: Settings, now: datetime) -> list[Listing]:
    """The listings that are read in which Cin7 ignores the filter by time."""
    return [one for one in _LISTINGS[settings.read] if _ignores_the_filter(client, one, now)]


def cursor_from(moment: datetime | None) -> str:
    """The cursor of a pass that reads again what changed since a moment, or everything."""
    return _EVERYTHING if moment is None else _cursor(moment)


def goes_on(cursor: str, now: datetime) -> bool:
    """Whether a cursor is a moment of ours; one that lies ahead would pass over what changes until then."""
    try:
        return _moment(cursor) <= now + OVERLAP
    except ValueError:
        return False


def _ignores_the_filter(client: Client, listing: Listing, now: datetime) -> bool:
    """Whether as many rows come for what changes in a year from now as without a filter."""
    ahead = client.rows(listing, 1, since=now + timedelta(days=365), limit=1)
    return ahead.total > 0 and ahead.total == client.rows(listing, 1, limit=1).total


def _references(listing: Listing, rows: Sequence[Row]) -> tuple[Reference, ...]:
    """The records of a page, each once; of credit notes those that stand alone, in no sale or purchase."""
    kind: RecordKind = "purchase" if listing.startswith("purchase") else "sale"
    wanted = [
        row
        for row in rows
        if not listing.endswith("credit_notes") or str(row.raw.get("Type") or "").lower() in _STANDALONE
    ]
    names = {record_name(kind, row.id): row.changed_at for row in wanted}
    return tuple(Reference(name, changed_at or None) for name, changed_at in names.items())


def _counted(at: Position, found: Rows, listing: Listing) -> Position:
    """Where a pass stands after a page. Raises Broken where it has come before, or there are too many."""
    place = f"{listing} {' '.join(row.id for row in found.rows)}"
    seen = cursors.with_mark(at.seen, place, f"{SYSTEM}: the pages of {listing}") if found.rows else at.seen
    if at.page * PAGE > found.total + 10 * LARGEST_PAGE:
        raise Broken(f"{SYSTEM}: the pages of {listing} do not end")
    restless = at.restless or (at.total is not None and at.total != found.total)
    return msgspec.structs.replace(
        at,
        collected=at.collected + len(found.rows),
        total=found.total if at.total is None else at.total,
        restless=restless,
        seen=seen[-_MARKS:],
    )


def _anew(at: Position) -> Position:
    return msgspec.structs.replace(at, page=1, collected=0, total=None, restarts=at.restarts + 1, seen=())


def _is_unpaid(row: Row) -> bool:
    invoiced, paid = row.raw.get("InvoiceAmount"), row.raw.get("PaidAmount")
    return invoiced != paid


def _cursor(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_FORMAT)


def _moment(cursor: str) -> datetime:
    return datetime.strptime(cursor, _FORMAT).replace(tzinfo=UTC)
