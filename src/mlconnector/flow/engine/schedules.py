"""Schedules: each connection is polled by its own, tables are loaded, people are told, all is tidied up."""

from __future__ import annotations

import logging
from typing import Any

from dbos import DBOS

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.states import note_state
from mlconnector.flow.engine import notifications, warehouse_loads
from mlconnector.store import connections

log = logging.getLogger(__name__)

HOUSEKEEPING = "17 3 * * *"


def keep_schedules(services: Services, poll: Any, housekeeping: Any, load: Any, notify: Any) -> None:
    """Bring DBOS's schedules in line with the connections' settings; those of paused ones end.

    `poll`, `housekeeping`, `load` and `notify` are workflows that take the moment and a context; a poll's
    context is the connection's name. A schedule that is right already is left alone, and so is that of a
    connection whose stored settings cannot be read: it says so itself, and the others go on.
    """
    with services.database.read() as db:
        names = [row.name for row in connections.every(db) if not row.is_disconnected]
    existing = {one["schedule_name"]: one["schedule"] for one in DBOS.list_schedules()}
    wanted: dict[str, tuple[str, Any, str | None]] = {}
    for name in names:
        cron = _cron(Context(services, name))
        if cron is None:
            cron = existing.get(f"poll:{name}", "")
        if cron:
            wanted[f"poll:{name}"] = (cron, poll, name)
    wanted["housekeeping"] = (HOUSEKEEPING, housekeeping, None)
    if warehouse_loads.wanted(services):
        wanted["load"] = (warehouse_loads.SCHEDULE, load, None)
    if notifications.wanted(services):
        wanted["notify"] = (notifications.SCHEDULE, notify, None)
    for gone in set(existing) - set(wanted):
        DBOS.delete_schedule(gone)
    for schedule_name, (cron, workflow, context) in wanted.items():
        if existing.get(schedule_name) != cron:
            DBOS.apply_schedules(
                [
                    {
                        "schedule_name": schedule_name,
                        "workflow_fn": workflow,
                        "schedule": cron,
                        "context": context,
                    }
                ]
            )


def _cron(context: Context) -> str | None:
    """When a connection is polled; None where its stored settings are refused, which is noted of it."""
    try:
        return context.settings.schedule.cron
    except NeedsHuman as error:
        log.error("%s: %s", context.name, error)
        note_state(context, "degraded", error.problem.cause, dict(error.problem.facts))
        return None
