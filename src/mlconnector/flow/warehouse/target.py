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
from mlconnector.store import connections, loads
from mlconnector.systems.kit.check_steps import CheckStep
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

    @property
    def key(self) -> str:
        """What loads are identified by beside their content: elsewhere nothing of them has arrived yet."""
        return f"{self.name} {self.place}"

    @property
    def owner(self) -> str:
        """Whose credentials the vault has: its table of the settings file, which no connection is called."""
        return f"[{self.name}]"

    def secrets(self) -> dict[str, str]:
        """The unsealed credentials by name; those not given yet are left out."""
        found = {name: self.services.vault.get(self.owner, name) for name in self.wanted}
        return {name: secret for name, secret in found.items() if secret is not None}

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names of the credentials that the settings want."""
        return self.system.secrets(self.settings)

    def _context(self, secrets: Mapping[str, str]) -> WarehouseContext:
        services, stopping = self.services, self.services.stopping
        return WarehouseContext(
            self.settings,
            services.settings.data_dir,
            services.now,
            secrets,
            doze=stopping.doze,
            is_over=lambda: stopping.over,
        )

    def check(self) -> Iterator[CheckStep]:
        """Step by step whether loads can be carried, with the credentials first.

        Where all is well, what waited for a person waits no longer.
        """
        is_well = True
        try:
            with self.opened() as warehouse:
                for step in warehouse.check():
                    is_well = is_well and step.outcome != "failed"
                    yield step
            if is_well:
                with self.services.database.write() as db:
                    loads.release(db, self.name)
        except NeedsHuman as error:
            facts = {**error.problem.facts, "system": self.system.title}
            yield CheckStep("warehouse.credentials", "failed", error.problem.key, facts, "it")

    @contextmanager
    def opened(self) -> Iterator[Warehouse]:
        """The warehouse, for the time of the block. Raises NeedsHuman (`warehouse_secret_missing`)."""
        secrets = self.secrets()
        missing = [name for name in self.wanted if name not in secrets]
        if missing:
            facts = {"system": self.system.title, "names": ", ".join(missing)}
            raise NeedsHuman(Problem("warehouse_secret_missing", facts))
        with self.opened_with(secrets) as warehouse:
            yield warehouse

    @contextmanager
    def opened_with(self, secrets: Mapping[str, str]) -> Iterator[Warehouse]:
        """The same with other credentials than those that are sealed."""
        warehouse = self.system.open(self._context(secrets))
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


def target_of(services: Services, name: str) -> Target:
    """The warehouse of this name. Raises NeedsHuman (`no_warehouse`)."""
    found = next((one for one in targets(services) if one.name == name), None)
    if found is None:
        raise NeedsHuman(Problem("no_warehouse"))
    return found


def named_target(services: Services, name: str) -> Target | None:
    """The warehouse of this name, None where there is none; a connection that is called so comes first."""
    found = next((target for target in targets(services) if target.name == name), None)
    if found is None:
        return None
    with services.database.read() as db:
        return None if any(row.name == name for row in connections.every(db)) else found
