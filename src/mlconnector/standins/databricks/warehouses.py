"""SQL warehouses and their states; one that stands still begins to run when it is asked for something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mlconnector.standins.databricks.answers import Row, denied, missing
from mlconnector.standins.databricks.endpoint import Api, Asked
from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.identities import WAREHOUSE_ID

State = Literal["RUNNING", "STARTING", "STOPPED", "STOPPING", "DELETING", "DELETED"]


@dataclass
class Warehouse:
    """A warehouse; it takes `start_seconds` of the stand-in's clock to start."""

    id: str
    name: str
    clock: Callable[[], float]
    start_seconds: float = 0.0
    state: State = "RUNNING"
    ready_at: float = 0.0

    def look(self) -> State:
        """The state that it is in by now."""
        if self.state == "STARTING" and self.clock() >= self.ready_at:
            self.state = "RUNNING"
        return self.state

    def start(self) -> None:
        """Begin to start, where it stands still."""
        if self.look() in {"STOPPED", "STOPPING"}:
            self.state, self.ready_at = "STARTING", self.clock() + self.start_seconds

    def turn(self, state: State) -> None:
        """Put it into a state; one that is STARTING is ready after `start_seconds`."""
        self.state, self.ready_at = state, self.clock() + self.start_seconds


@dataclass
class Warehouses:
    """All warehouses by their ids."""

    clock: Callable[[], float]
    grants: Grants

    def __post_init__(self) -> None:
        self.all = {WAREHOUSE_ID: Warehouse(WAREHOUSE_ID, "Serverless Starter Warehouse", self.clock)}

    def usable(self, warehouse_id: str, principal: str) -> Warehouse:
        """A warehouse for statements; raises Refusal where there is none, or it may not be used."""
        found = self.all.get(warehouse_id)
        if found is None or found.look() in {"DELETED", "DELETING"}:
            raise missing(f"SQL warehouse {warehouse_id} does not exist.")
        if not self.grants.has(principal, "CAN_USE", warehouse_id):
            raise denied(f"You do not have permission to use the SQL warehouse {warehouse_id}.")
        return found

    def routes(self) -> list[Api]:
        """The endpoints of warehouses."""
        base = "/api/2.0/sql/warehouses"
        return [
            Api("GET", base, self._list),
            Api("GET", f"{base}/{{id}}", self._get),
            Api("POST", f"{base}/{{id}}/start", self._start),
            Api("POST", f"{base}/{{id}}/stop", self._stop),
        ]

    def _list(self, asked: Asked) -> Row:
        seen = [each for each in self.all.values() if self._may_see(each, asked.principal)]
        return {"warehouses": [_shown(each) for each in seen]}

    def _get(self, asked: Asked) -> Row:
        found = self.all.get(asked.path["id"])
        if found is None:
            raise missing(f"SQL warehouse {asked.path['id']} does not exist.")
        if not self._may_see(found, asked.principal):
            raise denied(f"You do not have permission to view the SQL warehouse {found.id}.")
        return _shown(found)

    def _start(self, asked: Asked) -> Row:
        self.usable(asked.path["id"], asked.principal).start()
        return {}

    def _stop(self, asked: Asked) -> Row:
        self.usable(asked.path["id"], asked.principal).turn("STOPPED")
        return {}

    def _may_see(self, warehouse: Warehouse, principal: str) -> bool:
        return self.grants.has(principal, "CAN_VIEW", warehouse.id)


def _shown(warehouse: Warehouse) -> Row:
    state = warehouse.look()
    return {
        "id": warehouse.id,
        "name": warehouse.name,
        "state": state,
        "cluster_size": "2X-Small",
        "warehouse_type": "PRO",
        "enable_serverless_compute": True,
        "auto_stop_mins": 10,
        "num_clusters": 1 if state == "RUNNING" else 0,
        "odbc_params": {"path": f"/sql/1.0/warehouses/{warehouse.id}", "protocol": "https", "port": 443},
    }
