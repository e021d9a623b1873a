"""The endpoints of direct costs."""

from __future__ import annotations

from mlconnector.standins.procore import shown
from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.answers import not_found
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.listing import RANGES, Listing, Page
from mlconnector.standins.procore.records import Row

_ROOT = "/rest/v1.1/projects/{project_id}/direct_costs"
# There is no filter by status.
_LISTING = Listing(
    ranges=(*RANGES, "payment_date", "received_date"),
    equal={name: name for name in ("id", "origin_id", "invoice_number")},
)


class DirectCostApi:
    """Direct costs of a project, and their lines."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self) -> list[Api]:
        """The route table."""
        lines = "/rest/v1.0/projects/{project_id}/direct_costs/{id}/line_items"
        return [
            Api("GET", _ROOT, self._list),
            Api("GET", f"{_ROOT}/{{id}}", self._one),
            Api("GET", lines, self._lines),
        ]

    def _found(self, asked: Asked) -> Row:
        project, row = asked.project(), asked.record(self.account.tables["direct_costs"])
        if row["project"]["id"] != project["id"]:
            raise not_found()
        return row

    def _list(self, asked: Asked) -> Page:
        project = asked.project()
        rows = self.account.tables["direct_costs"].values()
        of_project = [row for row in rows if row["project"]["id"] == project["id"]]
        return asked.page(of_project, _LISTING).shown(shown.direct_cost_in_list)

    def _one(self, asked: Asked) -> Row:
        row = self._found(asked)
        return shown.direct_cost(row, asked.attachments(self.account.files.get(row["id"], [])))

    def _lines(self, asked: Asked) -> Page:
        cost = self._found(asked)
        rows = [shown.direct_cost_line(line, cost) for line in cost["line_items"]]
        return asked.page(rows, Listing())
