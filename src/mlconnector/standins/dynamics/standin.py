"""The Dynamics stand-in as tests, demo and bench hold it: a server, its switches, and edits of its data.

An invoice is named by its id, or by its place among the generated ones, from 1. Options in `Options.extra`:
`requests` (of the application user in five minutes).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec

from mlconnector.standins import state_file
from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.dynamics import edits, papers
from mlconnector.standins.dynamics.app import build
from mlconnector.standins.dynamics.entra import CLIENT_SECRET, Entra, Grant
from mlconnector.standins.dynamics.environment import Depth, Edited, Environment
from mlconnector.standins.dynamics.identities import CLIENT_ID, ORGANIZATION_ID, TEMPLATE_ID, TENANT_ID
from mlconnector.standins.dynamics.limits import GENEROUS, Limits
from mlconnector.standins.dynamics.pdf_export import rendered
from mlconnector.standins.dynamics.records import Labels, Reference, Row
from mlconnector.standins.dynamics.webapi import WebApi
from mlconnector.standins.dynamics.webhooks import Authentication, Event, Message, delivery, post, registered
from mlconnector.standins.faults import Faults, FaultyApp
from mlconnector.standins.statistics import Statistics

HOST = "beispielbau.crm4.dynamics.com"
_encoder = msgspec.json.Encoder(decimal_format="number")


class State(msgspec.Struct):
    """What the state file holds; the rest is generated again from seed and number of records."""

    records: int
    seed: int
    tokens: dict[str, Grant]
    certificates: list[str]
    edited: Edited


class DynamicsStandIn:
    """An environment of its own, with the tenant it belongs to."""

    name = "dynamics"
    tenant_id = TENANT_ID
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    template_id = TEMPLATE_ID
    organization_id = ORGANIZATION_ID

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        self.environment = Environment(options.records, options.seed, options.clock)
        self.entra = Entra(options.clock)
        self.limits = Limits(options.clock, int(options.extra.get("requests", GENEROUS)))
        self.statistics = Statistics()
        api = WebApi(self.environment, self.entra, self.limits, self.statistics)
        self._app = FaultyApp(build(api, self.entra), self.faults)
        if options.state_file is not None and options.state_file.exists():
            self._restore(options.state_file)

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write tokens, certificates and edits to the state file, when one was given."""
        if self.options.state_file is None:
            return
        state = State(
            records=self.options.records,
            seed=self.options.seed,
            tokens=self.entra.tokens,
            certificates=[certificate.pem for certificate in self.entra.certificates],
            edited=self.environment.edited,
        )
        state_file.replace(self.options.state_file, _encoder.encode(state))

    def _restore(self, path: Path) -> None:
        state = msgspec.json.Decoder(State, float_hook=Decimal).decode(path.read_bytes())
        state_file.refuse_another(path, self.options, state.records, state.seed)
        self.entra.tokens = state.tokens
        for pem in state.certificates:
            self.entra.register(pem)
        self.environment.restore(state.edited)

    # ------------------------------------------------------------------------------- what there is

    def labels(self) -> dict[str, Labels]:
        """Which case each generated invoice shows, by its id."""
        return dict(self.environment.labels)

    def invoices(self) -> list[Row]:
        """All invoices as they stand."""
        return list(self.environment.rows["invoice"].values())

    def invoice(self, which: int | str) -> Row:
        """An invoice as it stands; LookupError when there is none."""
        return self.environment.invoice(which)

    def lines(self, which: int | str) -> list[Row]:
        """The lines of an invoice in their order."""
        return self.environment.lines(self.environment.invoice_id(which))

    def place_of(self, case: str) -> int:
        """The place of the first invoice that shows `case`; LookupError when none does."""
        for place, label in enumerate(self.environment.labels.values(), start=1):
            if label.case == case:
                return place
        raise LookupError(f"No invoice shows the case {case}.")

    def note_content(self, note_id: str) -> bytes:
        """The bytes of the file of a note."""
        return papers.content(self.environment.row("annotation", note_id)["documentbody"])

    def file_content(self, which: int | str) -> bytes:
        """The bytes in the file column of an invoice."""
        return papers.content(self.environment.invoice(which)["new_file"]["paper"])

    def exported(self, which: int | str) -> bytes:
        """What the Word template makes of an invoice as it stands."""
        return papers.content(rendered(self.environment, self.environment.invoice(which)))

    # ------------------------------------------------------------------------------- what people do

    def change_invoice(self, which: int | str, *, modified_on: str | None = None, **values: Any) -> Row:
        """See `edits.change_invoice`."""
        return edits.change_invoice(self.environment, which, modified_on=modified_on, **values)

    def change_line(self, which: int | str, place: int, *, moves_invoice: bool = True, **values: Any) -> Row:
        """See `edits.change_line`."""
        return edits.change_line(self.environment, which, place, moves_invoice=moves_invoice, **values)

    def change_customer(self, which: int | str, customer: Reference) -> Row:
        """Give an invoice another customer, e.g. `("account", id)`."""
        return edits.change_customer(self.environment, which, customer)

    def change_record(self, table: str, identity: str, **values: Any) -> Row:
        """Set columns of any record, e.g. of an account."""
        return edits.change_record(self.environment, table, identity, **values)

    def add_record(self, table: str, **values: Any) -> Row:
        """Create a record that stands on its own, e.g. an account."""
        return edits.add_record(self.environment, table, **values)

    def touch(self, which: int | str, modified_on: str | None = None) -> Row:
        """Save an invoice without a change."""
        return edits.touch(self.environment, which, modified_on)

    def bill(self, which: int | str) -> Row:
        """Set an invoice to billed."""
        return edits.set_status(self.environment, which, 4)

    def pay(self, which: int | str) -> Row:
        """Set an invoice to paid in full."""
        return edits.set_status(self.environment, which, 100001)

    def cancel(self, which: int | str) -> Row:
        """Cancel an invoice."""
        return edits.set_status(self.environment, which, 100003)

    def reactivate(self, which: int | str, statuscode: int = 1) -> Row:
        """Make a paid or canceled invoice active again, as new unless another status is named."""
        return edits.set_status(self.environment, which, statuscode)

    def delete(self, which: int | str) -> str:
        """Delete an invoice with its lines and notes; gives its id."""
        return edits.delete(self.environment, which)

    def copy_invoice(self, which: int | str, **values: Any) -> Row:
        """Create an invoice like another one."""
        return edits.copy_invoice(self.environment, which, **values)

    def add_note(self, which: int | str, name: str, content: bytes, **details: str) -> Row:
        """Attach a file to an invoice by a note; `mimetype` and `subject` may be given."""
        return edits.add_note(self.environment, which, name, content, **details)

    def remove_notes(self, which: int | str) -> None:
        """Delete all notes of an invoice."""
        edits.remove_notes(self.environment, which)

    def put_file(self, which: int | str, name: str, content: bytes) -> Row:
        """Upload a file into the file column of an invoice."""
        return edits.put_file(self.environment, which, name, content)

    def add_line(self, which: int | str, **values: Any) -> Row:
        """Add a line to an invoice: a copy of its first one, with other values."""
        return edits.add_line(self.environment, which, **values)

    def remove_line(self, which: int | str, place: int) -> None:
        """Delete the line at `place`."""
        edits.remove_line(self.environment, which, place)

    def merge_accounts(self, gone: str, into: str) -> None:
        """Merge one account into another."""
        edits.merge_accounts(self.environment, gone, into)

    # ------------------------------------------------------------------------------- what administrators do

    def set_tracking(self, table: str, *, enabled: bool) -> None:
        """Say whether change tracking is on for a table."""
        self.environment.edited.tracked[table] = enabled

    def set_privilege(self, table: str, depth: Depth) -> None:
        """Say how far the security role lets the application user read a table."""
        self.environment.edited.privileges[table] = depth

    def set_member(self, *, is_member: bool) -> None:
        """Add the application user to the environment, or take it away."""
        self.environment.edited.is_member = is_member

    def add_column(self, table: str, name: str, kind: str = "text", label: str = "") -> None:
        """Add a custom column; delta tokens of the table become worthless."""
        edits.add_column(self.environment, table, name, kind, label)

    def rename_option(self, table: str, column: str, value: int, label: str) -> None:
        """Give an option another label; delta tokens of the table become worthless."""
        edits.rename_option(self.environment, table, column, value, label)

    # ------------------------------------------------------------------------------- webhooks

    def delivery(
        self,
        which: int | str,
        authentication: Authentication | None = None,
        *,
        message: Message = "Update",
        changed: tuple[str, ...] = ("statuscode",),
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a delivery about an invoice; one that was deleted is named by its id."""
        event = Event(message, "invoice", self.environment.invoice_id(which), changed)
        return delivery(self.environment, event, authentication or Authentication(), HOST)

    def record_delivery(
        self, table: str, identity: str, *, message: Message = "Update", changed: tuple[str, ...] = ()
    ) -> tuple[bytes, dict[str, str]]:
        """The same about any record, e.g. an account."""
        event = Event(message, table, identity, changed)
        return delivery(self.environment, event, Authentication(), HOST)

    def line_delivery(
        self, which: int | str, place: int, *, message: Message = "Update", image: tuple[str, ...] = ()
    ) -> tuple[bytes, dict[str, str]]:
        """The same about the line at `place`; `image` names the columns of a registered image."""
        identity = self.lines(which)[place]["invoicedetailid"]
        event = Event(message, "invoicedetail", identity, ("quantity",), image)
        return delivery(self.environment, event, Authentication(), HOST)

    def deliver(
        self,
        which: int | str,
        url: str,
        authentication: Authentication | None = None,
        *,
        message: Message = "Update",
        changed: tuple[str, ...] = ("statuscode",),
    ) -> httpx.Response:
        """POST a delivery about an invoice to `url`."""
        proof = authentication or Authentication()
        body, headers = self.delivery(which, proof, message=message, changed=changed)
        return post(url, body, headers, proof)

    def deliver_registered(
        self, which: int | str, *, message: Message = "Update", changed: tuple[str, ...] = ("statuscode",)
    ) -> list[httpx.Response]:
        """POST a delivery to every endpoint that has a step for it."""
        answers, table = [], "salesorder" if message == "ConvertSalesOrderToInvoice" else "invoice"
        for step in list(self.environment.rows["sdkmessageprocessingstep"].values()):
            chosen = step.get("sdkmessagefilterid")
            if chosen and self.environment.row(*chosen)["primaryobjecttypecode"] != table:
                continue
            name = self.environment.row("sdkmessage", step["sdkmessageid"][1])["name"]
            filtering = {each.strip() for each in (step.get("filteringattributes") or "").split(",")} - {""}
            if name != message or (message == "Update" and filtering and not filtering & set(changed)):
                continue
            endpoint = self.environment.row("serviceendpoint", step["eventhandler"][1])
            answers.append(
                self.deliver(which, endpoint["url"], registered(endpoint), message=message, changed=changed)
            )
        return answers
