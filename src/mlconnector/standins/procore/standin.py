"""The Procore stand-in as tests, demo and bench hold it: a server, its switches, and edits of its data.

Options in `Options.extra`: `per_hour` and `per_spike` (calls of an hour and of ten seconds), `tax_base`
(`payment` lets the tax of a progress bill be of the payment due).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec

from mlconnector.standins import state_file
from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.faults import Faults, FaultyApp
from mlconnector.standins.procore import edits, sums
from mlconnector.standins.procore.access import Access
from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.app import Services, build
from mlconnector.standins.procore.commitment_api import CommitmentApi
from mlconnector.standins.procore.company_api import CompanyApi
from mlconnector.standins.procore.cost_api import DirectCostApi
from mlconnector.standins.procore.deliveries import Deliveries
from mlconnector.standins.procore.hooks import Hooks
from mlconnector.standins.procore.identities import CLIENT_ID, CLIENT_SECRET, COMPANY_ID
from mlconnector.standins.procore.limits import GENEROUS, Limits
from mlconnector.standins.procore.login import Login
from mlconnector.standins.procore.papers import content
from mlconnector.standins.procore.printing import Printing
from mlconnector.standins.procore.records import Row, Table
from mlconnector.standins.procore.requisition_api import RequisitionApi
from mlconnector.standins.procore.storage import Storage
from mlconnector.standins.procore.telling import Telling


class ProcoreStandIn:
    """A company's Procore account."""

    name = "procore"
    company_id = COMPANY_ID
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        on_payment = options.extra.get("tax_base") == "payment"
        self.account = Account(options.records, options.seed, options.clock, on_payment)
        limits = [int(options.extra.get(name, GENEROUS)) for name in ("per_hour", "per_spike")]
        self.limits = Limits(options.clock, *limits)
        self.login = Login(options.clock)
        self.access = Access(self.account.tables["projects"])
        self.storage = Storage(options.clock, self.account.file)
        self.deliveries = Deliveries(options.clock)
        self.hooks = Hooks(self.deliveries)
        self.telling = Telling(self.account, self.deliveries, self.hooks)
        bills = RequisitionApi(self.account)
        self.printing = Printing(self.account, options.clock, options.delay, bills.found)
        self.services = Services(self.access, self.login, self.limits, self.storage)
        others = (CompanyApi(self.account), DirectCostApi(self.account), CommitmentApi(self.account))
        rows = [row for each in (bills, *others, self.printing, self.hooks) for row in each.routes()]
        self._app = FaultyApp(build(self.services, rows), self.faults)
        if options.state_file is not None and options.state_file.exists():
            self._restore(options.state_file)

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write tokens, hooks, permissions and edits to the state file, when one was given."""
        if self.options.state_file is None:
            return
        state = {
            "records": self.options.records,
            "seed": self.options.seed,
            "tokens": self.login.tokens,
            "hooks": self.deliveries.hooks,
            "triggers": self.deliveries.triggers,
            "hooks_made": self.hooks.made,
            "told": self.telling.told,
            "hidden": self.access.hidden,
            "is_connected": self.access.is_connected,
            "edits": self.account.edits(),
        }
        state_file.replace(self.options.state_file, msgspec.json.encode(state))

    def _restore(self, path: Path) -> None:
        state = json.loads(path.read_bytes())
        state_file.refuse_another(path, self.options, state["records"], state["seed"])
        self.login.tokens = state["tokens"]
        self.deliveries.hooks, self.deliveries.triggers = state["hooks"], state["triggers"]
        self.hooks.made, self.telling.told = state["hooks_made"], state["told"]
        self.access.hidden = {int(project_id): status for project_id, status in state["hidden"].items()}
        self.access.is_connected = state["is_connected"]
        self.account.restore(state["edits"])

    @property
    def projects(self) -> Table:
        """All projects by id, also those that the service account may not see."""
        return self.account.tables["projects"]

    @property
    def vendors(self) -> Table:
        """All vendors of the company by id."""
        return self.account.tables["vendors"]

    @property
    def requisitions(self) -> Table:
        """All subcontractor invoices by id."""
        return self.account.tables["requisitions"]

    @property
    def direct_costs(self) -> Table:
        """All direct costs by id."""
        return self.account.tables["direct_costs"]

    @property
    def commitments(self) -> Table:
        """All subcontracts and purchase orders by id, deleted ones too."""
        return self.account.tables["commitments"]

    @property
    def change_orders(self) -> Table:
        """All change orders to commitments by id."""
        return self.account.tables["change_orders"]

    def table(self, name: str) -> Table:
        """Any table by its name, such as `tax_codes` or `billing_periods`."""
        return self.account.tables[name]

    @property
    def mailed(self) -> list[int]:
        """The requisitions whose print would have been sent by e-mail."""
        return self.printing.mailed

    @property
    def leaks(self) -> list[str]:
        """The headers that were sent to the host of the files and had no business there."""
        return self.storage.leaks

    @property
    def unknown_calls(self) -> list[str]:
        """Calls of addresses that this account does not have."""
        return self.services.unknown

    @property
    def writes(self) -> list[str]:
        """What a client tried to write, hooks and prints apart: `PATCH /rest/v1.1/requisitions/1`."""
        return self.services.writes

    def cases(self) -> dict[int, str]:
        """The case of each requisition and direct cost by its id."""
        return dict(self.account.cases)

    def of_case(self, case: str) -> list[int]:
        """The requisitions and direct costs of a case that are still there, in their order."""
        there = self.requisitions.keys() | self.direct_costs.keys()
        return [
            record_id for record_id, name in self.account.cases.items() if name == case and record_id in there
        ]

    def attachments(self, record_id: int) -> dict[int, str]:
        """The names of the files of a record, by their ids."""
        return {file.id: file.name for file in self.account.files.get(record_id, [])}

    def file_content(self, attachment_id: int) -> bytes:
        """The bytes of a file; LookupError when there is none."""
        file = self.account.file(attachment_id)
        if file is None:
            raise LookupError(f"This account has no attachment {attachment_id}.")
        return content(file)

    def costs(self, wanted: Callable[[Row], bool] = lambda _: True) -> sums.Costs:
        """See `sums.costs`."""
        return sums.costs(self.account, wanted)

    def obligo(self) -> dict[tuple[str, str, str], Decimal]:
        """See `sums.obligo`."""
        return sums.obligo(self.account)

    def hide_project(self, project_id: int, status: int = 403) -> None:
        """Take a project from the service account: it is answered with 403 or 404, and no longer listed."""
        self.access.hidden[project_id] = status

    def show_project(self, project_id: int) -> None:
        """Permit a project again."""
        self.access.hidden.pop(project_id, None)

    def disconnect_company(self) -> None:
        """Disconnect the app from the company."""
        self.access.is_connected = False

    def connect_company(self) -> None:
        """Connect the app again."""
        self.access.is_connected = True

    def cap_pages(self, size: int | None) -> None:
        """Let pages hold no more than so many rows, whatever was asked for."""
        self.services.page_cap = size

    def circle(self) -> None:
        """From now on no list ends: each page leads to itself."""
        self.services.goes_round = True

    def update_record(
        self, table: str, record_id: int, edit: edits.Edit, at: datetime | None = None, moves: bool = True
    ) -> None:
        """Edit a record of any table, such as `vendors` or `tax_codes`; see `edits.update`."""
        self.telling.of(table, edits.update(self.account, table, record_id, edit, at, moves))

    def update_requisition(
        self, requisition_id: int, edit: edits.Edit, at: datetime | None = None, moves: bool = True
    ) -> None:
        """See `edits.update`."""
        self.update_record("requisitions", requisition_id, edit, at, moves)

    def update_direct_cost(
        self, direct_cost_id: int, edit: edits.Edit, at: datetime | None = None, moves: bool = True
    ) -> None:
        """See `edits.update`."""
        self.update_record("direct_costs", direct_cost_id, edit, at, moves)

    def update_commitment(
        self, commitment_id: int, edit: edits.Edit, at: datetime | None = None, moves: bool = True
    ) -> None:
        """See `edits.update`."""
        self.update_record("commitments", commitment_id, edit, at, moves)

    def update_vendor(self, vendor_id: int, edit: edits.Edit, at: datetime | None = None) -> None:
        """See `edits.update`."""
        self.update_record("vendors", vendor_id, edit, at)

    def change_work(self, requisition_id: int, work: Decimal, place: int = 0) -> None:
        """See `edits.change_work`."""
        self.telling.of("requisitions", edits.change_work(self.account, requisition_id, work, place))

    def change_amount(self, direct_cost_id: int, amount: Decimal, place: int = 0) -> None:
        """See `edits.change_amount`."""
        self.telling.of("direct_costs", edits.change_amount(self.account, direct_cost_id, amount, place))

    def add_requisition(
        self, commitment_id: int, work: Decimal, status: str = "approved", at: datetime | None = None
    ) -> int:
        """See `edits.add_requisition`; gives its id."""
        made = edits.add_requisition(self.account, commitment_id, work, status, at)
        return self.telling.of("requisitions", made, "create")

    def add_direct_cost(self, like: int, number: str | None = None, at: datetime | None = None) -> int:
        """See `edits.add_direct_cost`; gives its id."""
        return self.telling.of(
            "direct_costs", edits.add_direct_cost(self.account, like, number, at), "create"
        )

    def add_change_order(self, commitment_id: int, amount: Decimal, status: str = "approved") -> int:
        """See `edits.add_change_order`; gives its id."""
        made = edits.add_change_order(self.account, commitment_id, amount, status)
        return self.telling.of("change_orders", made, "create")

    def delete_requisition(self, requisition_id: int) -> None:
        """Let a requisition be gone for good."""
        self.telling.of("requisitions", self.account.remove("requisitions", requisition_id), "delete")

    def delete_direct_cost(self, direct_cost_id: int) -> None:
        """Let a direct cost be gone for good."""
        self.telling.of("direct_costs", self.account.remove("direct_costs", direct_cost_id), "delete")

    def delete_commitment(self, commitment_id: int) -> None:
        """See `edits.delete_commitment`."""
        self.telling.of("commitments", edits.delete_commitment(self.account, commitment_id), "delete")

    def add_attachment(self, record_id: int, name: str, content: bytes) -> int:
        """See `edits.add_attachment`; the record's stamp moves by an edit only."""
        return edits.add_attachment(self.account, record_id, name, content)

    def remove_attachments(self, record_id: int) -> None:
        """Detach all files of a record."""
        self.account.remove_files(record_id)

    def enlarge_file(self, attachment_id: int, size: int) -> None:
        """See `edits.enlarge_file`."""
        edits.enlarge_file(self.account, attachment_id, size)

    def delivery(self, resource: str, record_id: int, reason: str = "update", **values: Any) -> bytes:
        """The body of an event; see `Telling.event`. `values` may have `version` and `is_echo`."""
        version = values.pop("version", "v2.0")
        return self.telling.event(resource, record_id, reason, **values).encoded(version)

    def deliver(
        self, url: str, resource: str, record_id: int, reason: str = "update", token: str = "", **values: Any
    ) -> httpx.Response:
        """POST an event to `url`, with `token` as its whole Authorization header."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
        body = self.delivery(resource, record_id, reason, **values)
        return httpx.post(url, content=body, headers=headers, timeout=10)
