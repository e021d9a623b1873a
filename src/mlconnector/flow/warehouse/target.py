"""The warehouses that the settings file has a table for, each opened for the time of a load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.model.problems import Problem
from mlconnector.systems.registry import warehouse_system
from mlconnector.systems.warehouse import Row, Warehouse, WarehouseContext, WarehouseSystem


@dataclass(frozen=True, slots=True)
class Target:
    """A warehouse with its settings, before it is opened."""

    services: Services
    system: WarehouseSystem
    settings: Any

    @property
    def name(self) -> str:
        """What the warehouse is called in the settings."""
        return self.system.name

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.system.place(self.settings, self.services.settings.data_dir)

    @property
    def imports(self) -> Path | None:
        """The folder in which files of other software are looked for."""
        return self.system.imports(self.settings)

    @property
    def entities(self) -> Mapping[str, str]:
        """What clients stand for, by client; others stand for themselves."""
        return self.system.entities(self.settings)

    def refusal(self, table: str, row: Row) -> Problem | None:
        """Why a table of the warehouse cannot take a row; None where it can."""
        return self.system.refusal(table, row)

    def entity(self, client: str) -> str:
        """The legal entity of a client."""
        return self.entities.get(client, client)

    @contextmanager
    def opened(self) -> Iterator[Warehouse]:
        """The warehouse, for the time of the block."""
        services = self.services
        warehouse = self.system.open(
            WarehouseContext(self.settings, services.settings.data_dir, services.now)
        )
        try:
            yield warehouse
        finally:
            warehouse.close()


def targets(services: Services) -> list[Target]:
    """The warehouses that the settings name; none is the usual case."""
    return [
        Target(services, system, settings)
        for name, settings in sorted(services.settings.warehouses.items())
        if (system := warehouse_system(name)) is not None
    ]


def some_targets(services: Services) -> list[Target]:
    """The same; raises NeedsHuman (`no_warehouse`) where there is none."""
    found = targets(services)
    if not found:
        raise NeedsHuman(Problem("no_warehouse"))
    return found
