"""The endpoints of commitments, their change orders and payments, and of how they are billed."""

from __future__ import annotations

from functools import partial

from mlconnector.standins.procore import shown
from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.answers import not_found
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.identities import COMPANY_ID
from mlconnector.standins.procore.listing import Listing, Page
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.vocabulary import vocabulary

WORK_ORDER = ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void")
PURCHASE_ORDER = ("Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed")
CHANGE_ORDER = (
    *("draft", "pricing", "not_pricing", "pending", "revised", "proceeding", "not_proceeding"),
    *("pending_billable", "no_charge", "approved", "rejected", "void"),
)
_IDS = {"id": "id", "origin_id": "origin_id"}
_LISTS = {
    "work_order_contracts": ("WorkOrderContract", Listing(equal=_IDS, statuses=WORK_ORDER)),
    "purchase_order_contracts": ("PurchaseOrderContract", Listing(equal=_IDS, statuses=PURCHASE_ORDER)),
}
_CHANGE_ORDERS = Listing(
    ranges=("updated_at",),
    equal={"id": "id", "contract_id": "contract_id"},
    statuses=CHANGE_ORDER,
    paged=False,
)
_PAYMENTS = Listing(ranges=(), equal={})
_VERSION_2 = Listing(usual=10, most=100, ranges=(), equal={})


class CommitmentApi:
    """Subcontracts and purchase orders; both have the same endpoints under their own names."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self) -> list[Api]:
        """The route table."""
        rows = []
        for name in _LISTS:
            root = f"/rest/v1.0/{name}"
            rows += [
                Api("GET", root, partial(self._list, name)),
                Api("GET", f"{root}/{{id}}", partial(self._one, name)),
                Api("GET", f"{root}/{{id}}/line_items", partial(self._lines, name)),
            ]
        project = "/rest/v1.0/projects/{project_id}"
        of_project = "/companies/{company_id}/projects/{project_id}"
        currency = f"/rest/v1.0{of_project}/currency_configuration"
        lines = f"/rest/v2.0{of_project}/commitment_change_orders/{{id}}/line_items"
        return [
            *rows,
            Api("GET", f"{project}/commitment_change_orders", self._change_orders),
            Api("GET", lines, self._change_order_lines),
            Api("GET", "/rest/v1.0/change_order_packages", self._packages),
            Api("GET", "/rest/v1.0/contract_payments", self._payments),
            Api("GET", f"{project}/contracts/{{id}}/invoice_configuration", self._invoice_configuration),
            Api("GET", currency, self._currency),
            Api("GET", f"{currency}/exchange_rates", self._exchange_rates),
        ]

    def _list(self, name: str, asked: Asked) -> Page:
        kind, listing = _LISTS[name]
        asked.query.one_of("view", ("compact", "extended"))
        rows = [row for row in self._of_project(asked) if row["_kind"] == kind]
        rows = _by_deletion(asked, rows)
        return asked.page(rows, listing).shown(
            lambda row: shown.commitment_in_list(row, self._bills(row), self._paid(row))
        )

    def _one(self, name: str, asked: Asked) -> Row:
        row = self._found(asked, name)
        files = asked.attachments(self.account.files.get(row["id"], []))
        changes = self.account.changes_of(row["id"])
        return shown.commitment(row, changes, self._bills(row), self._paid(row), files)

    def _lines(self, name: str, asked: Asked) -> Page:
        row = self._found(asked, name)
        lines = [shown.commitment_line(line, row, alone=True) for line in row["line_items"]]
        return asked.page(lines, Listing())

    def _found(self, asked: Asked, name: str) -> Row:
        project, row = asked.project(), asked.record(self.account.tables["commitments"])
        is_there = row["project"]["id"] == project["id"] and row["_kind"] == _LISTS[name][0]
        if not is_there or row["deleted_at"]:
            raise not_found()
        return row

    def _of_project(self, asked: Asked) -> list[Row]:
        project = asked.project()
        rows = self.account.tables["commitments"].values()
        return [row for row in rows if row["project"]["id"] == project["id"]]

    def _bills(self, commitment: Row) -> list[Row]:
        return [row for row in self._all("requisitions") if row["commitment_id"] == commitment["id"]]

    def _paid(self, commitment: Row) -> list[Row]:
        return [row for row in self._all("payments") if row["contract_id"] == commitment["id"]]

    def _all(self, table: str) -> list[Row]:
        return list(self.account.tables[table].values())

    def _changes(self, asked: Asked) -> list[Row]:
        project = asked.project()
        return [row for row in self._all("change_orders") if row["_project_id"] == project["id"]]

    def _change_orders(self, asked: Asked) -> Page:
        return asked.page(self._changes(asked), _CHANGE_ORDERS).shown(shown.change_order)

    def _change_order_lines(self, asked: Asked) -> object:
        asked.company()
        project, row = asked.project(), asked.record(self.account.tables["change_orders"])
        if row["_project_id"] != project["id"]:
            raise not_found()
        lines = [
            shown.change_order_line(line, place) for place, line in enumerate(row["line_items"], start=1)
        ]
        return asked.page(lines, _VERSION_2).wrapped()

    def _packages(self, asked: Asked) -> Page:
        contract_id = asked.query.whole("contract_id")
        rows = [row for row in self._changes(asked) if contract_id in (None, row["contract_id"])]
        return asked.page(_by_deletion(asked, rows), Listing()).shown(shown.change_order_package)

    def _payments(self, asked: Asked) -> Page:
        project, contract_id = asked.project(), asked.query.required("contract_id")
        rows = [row for row in self._all("payments") if row["project_id"] == project["id"]]
        return asked.page([row for row in rows if row["contract_id"] == contract_id], _PAYMENTS).shown(
            shown.payment
        )

    def _invoice_configuration(self, asked: Asked) -> Row:
        project, row = asked.project(), asked.record(self.account.tables["commitments"])
        if row["project"]["id"] != project["id"]:
            raise not_found()
        return {
            "id": row["id"],
            "separate_billing_for_stored_materials": True,
            "stored_materials_billing_method": "amount",
            "contract_id": row["id"],
            "project_id": project["id"],
            "company_id": COMPANY_ID,
            "ssr_enabled": False,
            "move_materials_to_previous_work_completed": row["_moves_materials"],
            "commitment_has_invoices": bool(self._bills(row)),
            "retainage_rule_set": None,
        }

    def _currency(self, asked: Asked) -> Row:
        return {
            "company_id": asked.company(),
            "project_id": asked.project()["id"],
            "currency_iso_code": vocabulary().company.currency,
            "currency_display": "symbol",
            "company_currency_exchange_rate_override": None,
            "multicurrency_enabled": True,
            "eligible_for_financial_objs_multicurrency": True,
        }

    def _exchange_rates(self, asked: Asked) -> Row:
        words, project = vocabulary().company, asked.project()
        rate = {
            "id": 1,
            "company_id": asked.company(),
            "project_id": project["id"],
            "base_currency_iso_code": words.currency,
            "quote_currency_iso_code": words.foreign_currency,
            "exchange_rate": words.foreign_rate,
            "is_active": True,
            "created_at": project["created_at"],
            "updated_at": project["created_at"],
        }
        return {"exchange_rates": [rate]}


def _by_deletion(asked: Asked, rows: list[Row]) -> list[Row]:
    wanted = asked.query.one_of("filters[include_deleted]", ("only", "with"))
    return [row for row in rows if wanted == "with" or (row["deleted_at"] is not None) == (wanted == "only")]
