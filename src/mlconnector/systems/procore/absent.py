"""Records that are not listed any more: Procore does not say in its lists what was deleted.

Once a day all ids are listed and compared with those that were listed before, by a look or by a pass. What
is missing is looked at on several days, because a look may be lost together with what it found. What no pass
has seen is looked at as well: a row may slip from one page to another while pages are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.kit.paging import all_pages
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.lists import List
from mlconnector.systems.procore.names import SYSTEM, Name, is_id
from mlconnector.systems.source import Memory, SourceContext

LOOK_EVERY = timedelta(hours=20)
LOOKED_AT = "all_listed_at"
_KNOWN = "ids"
_MISSING = "missing"
_LOOKS = 3
_LARGE_PAGE = "1000"
# Deleted contracts are listed on request.
_DELETABLE = frozenset({"requisition", "direct-cost"})


def absent_since_yesterday(client: Client, context: SourceContext, lists: Sequence[List]) -> list[str]:
    """The names of records that were listed once and are no longer; none where it is too early to look."""
    memory, now = context.memory, context.now()
    looked = memory.recall(LOOKED_AT)
    if looked is not None and now - datetime.fromisoformat(str(looked)) < LOOK_EVERY:
        return []
    # Nothing is kept before all lists were read, for a look that breaks off has told nothing.
    looks = [_look(client, memory, one) for one in lists if one.kind in _DELETABLE]
    for look in looks:
        if look is not None:
            look.keep(memory)
    memory.remember(LOOKED_AT, now.isoformat())
    return [name for look in looks if look is not None for name in look.found]


def note_listed(memory: Memory, one: List, rows: Iterable[Raw]) -> None:
    """Remember the ids of a page, so that one that comes and goes between two looks is missed."""
    if one.kind not in _DELETABLE:
        return
    known = set(memory.recall(f"{_KNOWN} {one}") or [])
    added = {str(row.get("id")) for row in rows if is_id(str(row.get("id")))} - known
    if added:
        memory.remember(f"{_KNOWN} {one}", sorted(known | added))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a list had before and has now; `missing` counts on how many days an id was not there."""

    of: List
    known: set[str]
    listed: set[str]
    missing: Mapping[str, int]

    @property
    def found(self) -> list[str]:
        """The names of records that are there no longer, or that no pass has seen."""
        gone = {*self.known, *self.missing} - self.listed
        unseen = self.listed - self.known if self.known else set()
        return [str(Name(self.of.kind, self.of.project, id_)) for id_ in sorted(gone | unseen)]

    def keep(self, memory: Memory) -> None:
        """Remember what was seen, and what has to be looked at again."""
        looks = {id_: self.missing.get(id_, 0) + 1 for id_ in {*self.known, *self.missing} - self.listed}
        left = {id_: count for id_, count in looks.items() if count < _LOOKS}
        if self.listed != self.known:
            memory.remember(f"{_KNOWN} {self.of}", sorted(self.listed))
        if left != self.missing:
            memory.remember(f"{_MISSING} {self.of}", left)


def _look(client: Client, memory: Memory, one: List) -> _Look | None:
    """A look at a list; None where it was taken from the service account since it was read."""
    try:
        listed = _ids(client, one)
    except (Forbidden, NotFound):
        return None
    known = set(memory.recall(f"{_KNOWN} {one}") or [])
    return _Look(one, known, listed, memory.recall(f"{_MISSING} {one}") or {})


def _ids(client: Client, one: List) -> set[str]:
    query = {**one.query(), "per_page": _LARGE_PAGE}
    company = one.project.company

    def read(link: str | None) -> tuple[list[str], str | None]:
        page = client.page(company, one.path, query) if link is None else client.next_page(company, link)
        return [str(row.get("id")) for row in page.rows], page.following

    return {id_ for id_ in all_pages(read, f"{SYSTEM}: the pages of {one}") if is_id(id_)}
