"""Events that Procore gave up telling: after twelve hours in vain it throws them away, and lists them.

Changes are found by the polls all the same; a deletion is in no list of records.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mlconnector.systems.kit.json_answers import records_in
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.names import SYSTEM
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
        query = {"project_id": project, "filters[status]": "discarded", "page_size": str(_PAGE)}
        try:
            rows = records_in(client.read(company, f"{HOOKS}/{hook}/deliveries", query), SYSTEM)
        except (Forbidden, NotFound):
            # The hook or its project is gone, which the ping tells; the polls do not need it.
            continue
        for row in rows:
            event = row.get("event")
            if isinstance(event, dict):
                found |= dict.fromkeys(names_in(event))
    memory.remember(LOOKED_AT, now.isoformat())
    return list(found)
