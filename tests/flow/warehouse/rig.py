"""A rig whose installation has Delta tables, and what stands in them, read by others."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from mlconnector.flow.warehouse.loading import Report, load_into
from mlconnector.flow.warehouse.target import Target, targets
from mlconnector.systems.databricks.settings import Settings
from tests.flow.rig import Rig
from tests.systems.databricks.tables import rows_of

LOAD_POINTS = ("load_planned", "load_staged", "load_applied", "load_audited")
"""The points of the way that only an installation with a warehouse reaches."""


def with_tables(rig: Rig, **settings: Any) -> Target:
    """Let the installation have Delta tables, as the settings file says it."""
    warehouses = {"databricks": Settings(**settings)}
    rig.services.settings = rig.services.settings.model_copy(update={"warehouses": warehouses})
    return targets(rig.services)[0]


def load(rig: Rig) -> Report:
    """Load what is new."""
    report = Report()
    for target in targets(rig.services):
        load_into(target, report)
    return report


def folder(rig: Rig) -> Path:
    """Where the tables are."""
    return Path(targets(rig.services)[0].place)


def lines(rig: Rig) -> list[dict[str, Any]]:
    """The rows of bookings that hold."""
    return [row for row in rows_of(folder(rig), "booking_lines") if not row["is_deleted"]]


def sums(rig: Rig) -> dict[str, Decimal]:
    """What the tables have under each Belegfeld 1, from the debtor's view."""
    found: dict[str, Decimal] = {}
    for row in lines(rig):
        found[row["document_number"]] = found.get(row["document_number"], Decimal(0)) + row["amount"]
    return found
