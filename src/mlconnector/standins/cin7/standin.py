"""The Cin7 stand-in as tests, demo and bench hold it: a server, its switches, and edits of its data.

Option in `Options.extra`: `per_minute` (calls of the key in a sliding minute; the original allows 60).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from mlconnector.standins import state_file
from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.cin7 import edits
from mlconnector.standins.cin7.account import Account, decoded, encoded
from mlconnector.standins.cin7.app import Server
from mlconnector.standins.cin7.attachments import Storage
from mlconnector.standins.cin7.balances import balances
from mlconnector.standins.cin7.identities import ACCOUNT_ID, KEY
from mlconnector.standins.cin7.limits import GENEROUS, Limits
from mlconnector.standins.cin7.papers import content
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.registrations import Registrations
from mlconnector.standins.cin7.webhooks import Authentication, delivery_body, registered
from mlconnector.standins.faults import Faults, FaultyApp

_JSON = {"Content-Type": "application/json"}


class Cin7StandIn:
    """A Cin7 Core account of its own."""

    name = "cin7"
    account_id = ACCOUNT_ID
    key = KEY

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        self.account = Account(options.records, options.seed, options.clock)
        self.limits = Limits(options.clock, int(options.extra.get("per_minute", GENEROUS)))
        self.storage = Storage(options.clock, self.account.file)
        self.registrations = Registrations()
        self.server = Server(self.account, self.limits, self.storage, self.registrations)
        self._app = FaultyApp(self.server, self.faults)
        if options.state_file is not None and options.state_file.exists():
            self._restore(options.state_file)

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write webhooks and edits to the state file, when one was given."""
        if self.options.state_file is None:
            return
        state = {
            "records": self.options.records,
            "seed": self.options.seed,
            "webhooks": self.registrations.webhooks,
            "webhooks_made": self.registrations.made,
            "edits": self.account.edits(),
        }
        state_file.replace(self.options.state_file, encoded(state))

    def _restore(self, path: Path) -> None:
        state = decoded(path.read_bytes())
        state_file.refuse_another(path, self.options, state["records"], state["seed"])
        self.registrations.webhooks = state["webhooks"]
        self.registrations.made = state["webhooks_made"]
        self.account.restore(state["edits"])

    # ------------------------------------------------------------ what it holds

    @property
    def sales(self) -> dict[str, Row]:
        """All sales by id, and the credit notes without a sale."""
        return self.account.sales

    @property
    def purchases(self) -> dict[str, Row]:
        """All purchases by id."""
        return self.account.purchases

    @property
    def customers(self) -> dict[str, Row]:
        """All customers by id."""
        return self.account.customers

    @property
    def suppliers(self) -> dict[str, Row]:
        """All suppliers by id."""
        return self.account.suppliers

    @property
    def company(self) -> Row:
        """What `me` answers: currency, time zone, lock date and the like."""
        return self.account.catalogue.company

    @property
    def tax_rules(self) -> list[Row]:
        """The tax rules as they stand."""
        return self.account.catalogue.tax_rules

    @property
    def accounts(self) -> list[Row]:
        """The chart of accounts as it stands."""
        return self.account.catalogue.accounts

    @property
    def calls(self) -> list[float]:
        """When the key called, refused calls too."""
        return self.limits.calls

    @property
    def refused_calls(self) -> list[float]:
        """When calls were refused because of the limit."""
        return self.limits.refused

    @property
    def leaks(self) -> list[str]:
        """The key headers that were sent to the host of the files."""
        return self.storage.leaks

    @property
    def writes(self) -> list[str]:
        """What a client tried to write other than webhooks, such as `POST sale`."""
        return self.server.writes

    def labels(self) -> dict[str, str]:
        """The case of each document by its number; by that of its order where it has none."""
        return dict(self.account.labels)

    def cases(self) -> dict[str, str]:
        """The case of each sale and purchase by its id; a credit note added to one has a label only."""
        return dict(self.account.cases)

    def sale(self, sale_id: str) -> Row:
        """A sale as it stands; LookupError when there is none."""
        return self.account.sale(sale_id)

    def purchase(self, purchase_id: str) -> Row:
        """A purchase as it stands; LookupError when there is none."""
        return self.account.purchase(purchase_id)

    def payments(self, record_id: str) -> list[Row]:
        """The payments of a sale or purchase as they stand."""
        return self.account.payments.get(record_id, [])

    def attachments(self, record_id: str) -> dict[str, str]:
        """The names of the files of a sale or purchase, by their ids."""
        return {file.id: file.name for file in self.account.files.get(record_id, [])}

    def file_content(self, attachment_id: str) -> bytes:
        """The bytes of a file; LookupError when there is none."""
        file = self.account.file(attachment_id)
        if file is None:
            raise LookupError(f"This account has no attachment {attachment_id}.")
        return content(file)

    def balances(self) -> dict[str, Decimal]:
        """The open balance in euros of every customer and supplier, by id; see `balances`."""
        return balances(self.account)

    # ------------------------------------------------------------ what somebody does to it

    def update_sale(
        self, sale_id: str, edit: Callable[[Row], None], moves: bool = True, at: datetime | None = None
    ) -> None:
        """See `edits.update_sale`."""
        edits.update_sale(self.account, sale_id, edit, moves, at)

    def update_purchase(
        self, purchase_id: str, edit: Callable[[Row], None], moves: bool = True, at: datetime | None = None
    ) -> None:
        """See `edits.update_purchase`."""
        edits.update_purchase(self.account, purchase_id, edit, moves, at)

    def add_sale(self, like: str, at: datetime | None = None) -> str:
        """See `edits.add_sale`; the list shows it first."""
        return edits.add_sale(self.account, like, at)

    def void_invoice(self, record_id: str, task_id: str) -> None:
        """See `edits.void_invoice`; of a sale or a purchase."""
        edits.void_invoice(self.account, record_id, task_id)

    def undo_invoice(self, record_id: str, task_id: str, vanish: bool = False) -> None:
        """See `edits.undo_invoice`; of a sale or a purchase."""
        edits.undo_invoice(self.account, record_id, task_id, vanish)

    def reauthorise(self, record_id: str, task_id: str, price: Decimal) -> None:
        """See `edits.reauthorise`; of a sale or a purchase."""
        edits.reauthorise(self.account, record_id, task_id, price)

    def add_payment(
        self,
        record_id: str,
        task_id: str,
        amount: Decimal,
        day: date,
        account: str = "090",
        **values: Any,
    ) -> str:
        """See `edits.add_payment`; `values` may have `rate`, `reference` and `credit_id`."""
        return edits.add_payment(self.account, record_id, task_id, amount, day, account, **values)

    def change_payment(self, record_id: str, payment_id: str, amount: Decimal) -> None:
        """See `edits.change_payment`."""
        edits.change_payment(self.account, record_id, payment_id, amount)

    def delete_payment(self, record_id: str, payment_id: str) -> None:
        """See `edits.delete_payment`."""
        edits.delete_payment(self.account, record_id, payment_id)

    def refund(
        self, record_id: str, task_id: str, amount: Decimal, day: date, account: str = "090", **values: Any
    ) -> str:
        """See `edits.refund`; `values` may have `rate` and `reference`."""
        return edits.refund(self.account, record_id, task_id, amount, day, account, **values)

    def remove_sale(self, sale_id: str) -> None:
        """Let a sale be gone for good."""
        self.account.remove(self.account.sale(sale_id)["ID"])

    def remove_purchase(self, purchase_id: str) -> None:
        """Let a purchase be gone for good."""
        self.account.remove(self.account.purchase(purchase_id)["ID"])

    def add_attachment(self, record_id: str, name: str, content: bytes, moves: bool = True) -> str:
        """See `edits.add_attachment`."""
        return edits.add_attachment(self.account, record_id, name, content, moves)

    def lengthen_file(self, attachment_id: str) -> None:
        """See `edits.lengthen_file`."""
        edits.lengthen_file(self.account, attachment_id)

    def update_party(self, party_id: str, edit: Callable[[Row], None], moves: bool = True) -> None:
        """See `edits.update_party`; a customer or a supplier."""
        edits.update_party(self.account, party_id, edit, moves)

    def rename_tax_rule(self, old: str, new: str) -> None:
        """See `edits.rename_tax_rule`."""
        edits.rename_tax_rule(self.account, old, new)

    def circle(self) -> None:
        """From now on the lists of sales and purchases never end: their pages come again."""
        self.server.sale_api.never_ending = True
        self.server.purchase_api.never_ending = True

    # ------------------------------------------------------------ webhooks

    def delivery(
        self, event_type: str, record_id: str, authentication: Authentication | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of an event such as `Sale/InvoiceAuthorised`."""
        headers = (authentication or Authentication()).headers()
        return delivery_body(self.account, event_type, record_id), _JSON | headers

    def deliver(
        self, event_type: str, record_id: str, url: str, authentication: Authentication | None = None
    ) -> httpx.Response:
        """POST an event to `url`."""
        body, headers = self.delivery(event_type, record_id, authentication)
        return httpx.post(url, content=body, headers=headers, timeout=10, follow_redirects=False)

    def announce(
        self, event_type: str, record_id: str, wait: Callable[[float], None] = lambda _: None
    ) -> list[list[int | None]]:
        """Deliver an event to the webhooks that were set up for it, up to six times each.

        `wait` is told the seconds before each attempt, and by itself waits for none of them. Gives the
        statuses of the attempts of each webhook; None where there was no answer.
        """
        body = delivery_body(self.account, event_type, record_id)

        def send(webhook: Row) -> int | None:
            try:
                headers = _JSON | registered(webhook)
                return httpx.post(
                    webhook["ExternalURL"], content=body, headers=headers, timeout=10
                ).status_code
            except httpx.HTTPError:
                return None

        found = self.registrations.of_type(event_type)
        return [self.registrations.attempt(webhook, send, wait) for webhook in found]
