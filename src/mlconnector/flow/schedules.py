"""Schedules: each connection is polled by its own, and everything is tidied up once a day."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from mlconnector.flow.services import Services
from mlconnector.store import connections

HOUSEKEEPING = "17 3 * * *"


def keep_schedules(services: Services, poll: Any, housekeeping: Any) -> None:
    """Bring DBOS's schedules in line with the connections' settings; those of paused ones end.

    `poll` and `housekeeping` are workflows that take the moment and a context; a poll's context is the
    connection's name. A schedule that is right already is left alone.
    """
    with services.database.read() as db:
        names = [row.name for row in connections.every(db) if row.state != "paused"]
    crons = {name: services.connection(name).schedule.cron for name in names}
    wanted: dict[str, tuple[str, Any, str | None]] = {
        f"poll:{name}": (cron, poll, name) for name, cron in crons.items() if cron
    }
    wanted["housekeeping"] = (HOUSEKEEPING, housekeeping, None)
    existing = {one["schedule_name"]: one["schedule"] for one in DBOS.list_schedules()}
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
