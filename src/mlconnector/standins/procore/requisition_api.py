"""The endpoints of subcontractor invoices, which the API calls requisitions."""

from __future__ import annotations

from mlconnector.standins.procore import shown
from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.answers import not_found
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.listing import Listing, Page
from mlconnector.standins.procore.papers import content_type
from mlconnector.standins.procore.records import Row

VIEWS = ("default", "extended", "items", "action_policy")
STATUSES = (
    "draft", "under_review", "revise_and_resubmit", "approved", "approved_as_noted", "pending_owner_approval",
)  # fmt: skip
_LISTING = Listing(
    usual=30,
    equal={name: name for name in ("id", "commitment_id", "period_id", "origin_id")},
    statuses=STATUSES,
)


class RequisitionApi:
    """Lists and single requisitions, and what was changed in them."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self) -> list[Api]:
        """The route table."""
        return [
            Api("GET", "/rest/v1.1/requisitions", self._list),
            Api("GET", "/rest/v1.1/requisitions/{id}", self._one),
            Api("GET", "/rest/v1.0/requisitions/{id}/change_histories", self._histories),
        ]

    def found(self, asked: Asked) -> Row:
        """The requisition of the path, which must be of the project; raises Refusal."""
        project, row = asked.project(), asked.record(self.account.tables["requisitions"])
        if row["project_id"] != project["id"]:
            raise not_found()
        return row

    def _list(self, asked: Asked) -> Page:
        project, view = asked.project(), asked.view(VIEWS)
        rows = [
            row for row in self.account.tables["requisitions"].values() if row["project_id"] == project["id"]
        ]
        lasts = self._lasts()
        if asked.query.text("filters[is_last]"):
            wanted = asked.query.flag("filters[is_last]")
            rows = [row for row in rows if (row["id"] in lasts) == wanted]
        return asked.page(rows, _LISTING).shown(lambda row: self._shown(asked, row, view, lasts))

    def _one(self, asked: Asked) -> Row:
        return self._shown(asked, self.found(asked), asked.view(VIEWS), self._lasts())

    def _shown(self, asked: Asked, row: Row, view: str, lasts: set[int]) -> Row:
        attachments = asked.attachments(self.account.files.get(row["id"], []))
        attachments = [each | {"content_type": content_type(each["filename"])} for each in attachments]
        tables = self.account.tables
        context = shown.Context(
            tables["commitments"][row["commitment_id"]],
            tables["projects"][row["project_id"]],
            tables["vendors"][row["vendor_id"]],
            row["id"] in lasts,
        )
        return shown.requisition(row, view, attachments, context)

    def _lasts(self) -> set[int]:
        """The newest requisition of every commitment."""
        newest = {row["commitment_id"]: row["id"] for row in self.account.tables["requisitions"].values()}
        return set(newest.values())

    def _histories(self, asked: Asked) -> list[Row]:
        return self.account.histories.get(self.found(asked)["id"], [])
