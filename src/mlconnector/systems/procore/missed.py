"""Events that Procore gave up telling: after twelve hours in vain it throws them away, and lists them.

Changes are found by the polls all the same; a deletion is in no list of records.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mlconnector.systems.kit.json_answers import Raw, records_in
from mlconnector.systems.kit.paging import all_pages
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.names import SYSTEM, Project
from mlconnector.systems.procore.webhook_setup import HOOKS, KNOWN
from mlconnector.systems.procore.webhooks import names_in
from mlconnector.systems.source import SourceContext

LOOK_EVERY = timedelta(hours=6)
LOOKED_AT = "deliveries_looked_at"
_PAGE = 100


def missed(client: Client, context: SourceContext) -> list[str]:
    """The records of deliveries that were thrown away; none without webhooks, or where it is too early.

    All that Procore still lists are named each time: what was read again changes nothing.
    """
    memory, now = context.memory, context.now()
    hooks: dict[str, str] = memory.recall(KNOWN) or {}
    looked = memory.recall(LOOKED_AT)
    early = looked is not None and now - datetime.fromisoformat(str(looked)) < LOOK_EVERY
    if not hooks or early:
        return []
    found: dict[str, None] = {}
    for where, hook in hooks.items():
        company, _, project = where.partition("/")
        try:
            for event in _discarded(client, Project(company, project), hook):
                found |= dict.fromkeys(names_in(event, context.settings))
        except (Forbidden, NotFound):
            # The hook or its project is gone, which the ping tells; the polls do not need it.
            continue
    memory.remember(LOOKED_AT, now.isoformat())
    return list(found)


def _discarded(client: Client, project: Project, hook: str) -> Iterator[Raw]:
    """The events of all deliveries that were thrown away; a page begins behind the last id of another."""
    query = {"project_id": project.id, "filters[status]": "discarded", "page_size": str(_PAGE)}

    def read(start: str | None) -> tuple[list[Raw], str | None]:
        asked = query if start is None else {**query, "page_start": start}
        rows = records_in(client.read(project.company, f"{HOOKS}/{hook}/deliveries", asked), SYSTEM)
        last = rows[-1].get("id") or rows[-1].get("event_id") if rows else None
        return rows, str(last) if last and len(rows) >= _PAGE else None

    for row in all_pages(read, f"{SYSTEM}: the deliveries of {hook}"):
        event = row.get("event")
        if isinstance(event, dict):
            yield event
