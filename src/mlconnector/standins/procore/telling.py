"""Tells the hooks what happened to records, as far as their resources can be hooked at all."""

from __future__ import annotations

from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.deliveries import Deliveries
from mlconnector.standins.procore.events import Event
from mlconnector.standins.procore.hooks import Hooks
from mlconnector.standins.procore.identities import APPLICATION_ID, OTHER_USER_ID, SERVICE_ACCOUNT_ID
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.times import from_seconds, stamp

_RESOURCES = {
    "requisitions": "Requisitions",
    "direct_costs": "Direct Costs",
    "change_orders": "Change Order Packages",
    "payments": "Contract Payments",
    "vendors": "Company Vendors",
    "projects": "Projects",
    "cost_codes": "Cost Codes",
}
_CONTRACTS = {
    "WorkOrderContract": "Work Order Contracts",
    "PurchaseOrderContract": "Purchase Order Contracts",
}


class Telling:
    """Makes events and hands them to the deliveries; `told` counts them."""

    def __init__(self, account: Account, deliveries: Deliveries, hooks: Hooks) -> None:
        self.account = account
        self.deliveries = deliveries
        self.hooks = hooks
        self.told = 0

    def of(self, table: str, row: Row, reason: str = "update") -> int:
        """Tell of a record of a table, and give its id; nobody can hook what is not offered."""
        resource = _CONTRACTS[row["_kind"]] if table == "commitments" else _RESOURCES.get(table, "")
        offered = [*self.hooks.offered("company"), *self.hooks.offered("project")]
        if any(each.name == resource and reason in each.events for each in offered):
            self.deliveries.emit(self._event(resource, row["id"], reason, _project_of(table, row)))
        return int(row["id"])

    def event(self, resource: str, record_id: int, reason: str, is_echo: bool = False) -> Event:
        """An event about a record, or about a line of one; `is_echo` where our own app did it."""
        tables = {name: table for table, name in _RESOURCES.items()}
        table = "commitments" if resource in _CONTRACTS.values() else tables.get(resource, "")
        row = self.account.tables[table].get(record_id) if table else None
        if row is not None:
            return self._event(resource, record_id, reason, _project_of(table, row), is_echo)
        return self._of_line(resource, record_id, reason, is_echo)

    def _of_line(self, resource: str, record_id: int, reason: str, is_echo: bool) -> Event:
        """An event about a line, which names what it belongs to, or about what is no longer there."""
        parents = {"Direct Cost Line Items": "direct_costs"} | {
            f"{name.removesuffix('s')} Line Items": "commitments" for name in _CONTRACTS.values()
        }
        for row in self.account.tables.get(parents.get(resource, ""), {}).values():
            if any(line["id"] == record_id for line in row["line_items"]):
                name = resource.removesuffix(" Line Items") + "s"
                project_id = row["project"]["id"]
                return self._event(resource, record_id, reason, project_id, is_echo, (name, row["id"]))
        project_id = next(iter(self.account.tables["projects"]))
        return self._event(resource, record_id, reason, project_id, is_echo)

    def _event(
        self,
        resource: str,
        record_id: int,
        reason: str,
        project_id: int | None,
        is_echo: bool = False,
        parent: tuple[str, int] | None = None,
    ) -> Event:
        self.told += 1
        user, application = (SERVICE_ACCOUNT_ID, APPLICATION_ID) if is_echo else (OTHER_USER_ID, None)
        now = stamp(from_seconds(self.account.clock()))
        return Event(self.told, now, reason, resource, record_id, project_id, user, application, parent)


def _project_of(table: str, row: Row) -> int | None:
    if table == "projects":
        return int(row["id"])
    if "project_id" in row:
        return int(row["project_id"])
    if "project" in row:
        return int(row["project"]["id"])
    return row.get("_project_id")
