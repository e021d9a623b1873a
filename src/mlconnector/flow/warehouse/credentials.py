"""Credentials of a warehouse: tried by a real call before they are sealed, and forgotten on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlconnector.errors import NeedsHuman
from mlconnector.flow.warehouse.target import Target
from mlconnector.model.problems import Problem
from mlconnector.store.audit import AuditEvent, append
from mlconnector.systems.kit.check_steps import CheckStep


def give(target: Target, given: Mapping[str, str], by: str) -> CheckStep:
    """Try credentials and seal them; the step that tried them, `skipped` where nobody could be asked.

    Raises NeedsHuman (`warehouse_secret_refused`) where they are not accepted; nothing is changed then.
    """
    with target.opened_with({**target.secrets(), **given}) as warehouse:
        step = next(iter(warehouse.check()))
    if step.outcome == "failed":
        if step.cause == target.system.refused:
            facts = {"system": target.system.title, "answer": step.facts.get("answer", "")}
            raise NeedsHuman(Problem("warehouse_secret_refused", facts))
        step = replace(step, outcome="skipped")
    now, vault = target.services.now(), target.services.vault
    with target.services.database.write() as db:
        for name, secret in given.items():
            vault.put_within(db, target.owner, name, secret)
        detail = {"by": by, "names": sorted(given), "tested": step.outcome == "ok"}
        append(db, [AuditEvent(target.name, target.owner, "warehouse_connected", detail)], now)
    return step


def forget(target: Target, by: str) -> list[str]:
    """Delete the credentials of a warehouse; their names."""
    vault = target.services.vault
    with target.services.database.write() as db:
        names = vault.names_within(db, target.owner)
        for name in names:
            vault.delete_within(db, target.owner, name)
        if names:
            detail = {"by": by, "names": names}
            event = AuditEvent(target.name, target.owner, "warehouse_disconnected", detail)
            append(db, [event], target.services.now())
    return names
