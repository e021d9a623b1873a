"""Records that are not listed any more: Procore does not say in its lists what was deleted.

Once a day all ids are listed and compared with those of the day before. What is missing is looked at on
several days, because a look may be lost together with what it found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mlconnector.systems.kit.paging import all_pages
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.lists import List
from mlconnector.systems.procore.names import SYSTEM, Name, is_id
from mlconnector.systems.source import SourceContext

LOOK_EVERY = timedelta(hours=20)
LOOKED_AT = "all_listed_at"
_KNOWN = "ids"
_MISSING = "missing"
_LOOKS = 3
_LARGE_PAGE = "1000"


def absent_since_yesterday(client: Client, context: SourceContext, lists: Sequence[List]) -> list[str]:
    """The names of records that were listed once and are no longer; none where it is too early to look."""
    memory, now = context.memory, context.now()
    looked = memory.recall(LOOKED_AT)
    if looked is not None and now - datetime.fromisoformat(str(looked)) < LOOK_EVERY:
        return []
    found: list[str] = []
    for one in lists:
        if one.kind in {"requisition", "direct-cost"}:
            found += _absent(client, context, one)
    memory.remember(LOOKED_AT, now.isoformat())
    return found


def _absent(client: Client, context: SourceContext, one: List) -> list[str]:
    memory = context.memory
    listed = _ids(client, one)
    known = set(memory.recall(f"{_KNOWN} {one}") or [])
    missing: dict[str, int] = memory.recall(f"{_MISSING} {one}") or {}
    looks = {id_: missing.get(id_, 0) + 1 for id_ in {*known, *missing} - listed}
    left = {id_: count for id_, count in looks.items() if count < _LOOKS}
    if listed != known:
        memory.remember(f"{_KNOWN} {one}", sorted(listed))
    if left != missing:
        memory.remember(f"{_MISSING} {one}", left)
    return [str(Name(one.kind, one.project, id_)) for id_ in sorted(looks)]


def _ids(client: Client, one: List) -> set[str]:
    query = {**one.query(), "per_page": _LARGE_PAGE}
    company = one.project.company

    def read(link: str | None) -> tuple[list[str], str | None]:
        page = client.page(company, one.path, query) if link is None else client.next_page(company, link)
        return [str(row.get("id")) for row in page.rows], page.following

    return {id_ for id_ in all_pages(read, f"{SYSTEM}: the pages of {one}") if is_id(id_)}
