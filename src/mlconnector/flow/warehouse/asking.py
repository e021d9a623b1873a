"""Asking for loads: what somebody wants loaded now is checked, and noted with that person."""

from __future__ import annotations

from mlconnector.flow.context.services import Services
from mlconnector.flow.warehouse.loading import found_load, source_of
from mlconnector.flow.warehouse.target import Target, some_targets
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.loads import LoadRow


def ask_for_new(services: Services, by: str) -> list[Target]:
    """Note that somebody wants loaded what is new; the warehouses. Raises NeedsHuman (`no_warehouse`)."""
    found = some_targets(services)
    for target in found:
        _note(target, {"by": by})
    return found


def ask_again(services: Services, begin: str, by: str) -> tuple[Target, LoadRow]:
    """Note that somebody wants a load once more; the load whose id begins so, with its warehouse.

    Raises NeedsHuman (`warehouse_load_unknown`, `warehouse_source_gone`).
    """
    target, row = found_load(services, begin)
    source_of(target, row)
    _note(target, {"by": by, "load": row.id})
    return target, row


def _note(target: Target, detail: dict[str, str]) -> None:
    event = AuditEvent(target.name, target.owner, "loads_asked", detail)
    with target.services.database.write() as db:
        append(db, [event], target.services.now())
