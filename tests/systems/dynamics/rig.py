"""The Dynamics source at its stand-in, for the conformance suite and for tests of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.dynamics import CLIENT_ID, CLIENT_SECRET, TENANT_ID, DynamicsStandIn
from mlconnector.standins.faults import Fault
from mlconnector.systems.dynamics import describe_source
from mlconnector.systems.source import Delivery
from tests.conformance.context import FakeTime, Outside
from tests.conformance.doors import served
from tests.conformance.source_suite import SourceRig, Webhooks

WEBHOOK_KEY = "a-key-that-nobody-guesses"
HEADER = "x-ml-connector-key"
LISTING = r"^/api/data/v9.2/invoice(detail)?s$"
COLUMNS: dict[str, Any] = {
    "invoice_date": ["new_invoicedate", "createdon"],
    "vat_id": "account.new_vatid",
    "debtor_number": ["account.new_debtornumber", "contact.new_debtornumber"],
    "category": "product.new_category",
    "cost_centre": ["invoicedetail.new_costcenter", "new_costcenter"],
    "tax_class": ["invoicedetail.new_taxclass", "new_taxclass"],
}
DOCUMENTS = {"sources": ["note", "file"], "file_column": "new_file"}
_FINAL = frozenset({4, 100001, 100002})


class DynamicsRig(SourceRig):
    """The conformance rig together with the stand-in behind it."""

    standin: DynamicsStandIn
    url: str


@contextmanager
def dynamics_rig(
    records: int = 30,
    settings: dict[str, Any] | None = None,
    secrets: dict[str, str] | None = None,
    extra: dict[str, str] | None = None,
) -> Iterator[DynamicsRig]:
    """A source that logs in with a client secret, unless `settings` and `secrets` say otherwise."""
    standin = DynamicsStandIn(Options(records=records, clock=Clock(), extra=extra or {}))
    with served(standin.app) as url:
        table = {
            "environment": url,
            "tenant": TENANT_ID,
            "client_id": CLIENT_ID,
            "authority": url,
            "columns": COLUMNS,
            "documents": DOCUMENTS,
            "webhook": {},
            **(settings or {}),
        }
        follows = table.get("customers") == "tracked"
        rig = DynamicsRig(
            system=describe_source(),
            settings=table,
            secrets={"client_secret": CLIENT_SECRET, "webhook_key": WEBHOOK_KEY, **(secrets or {})},
            outside=Outside(FakeTime(standin.options.clock)),
            faults=standin.faults,
            listing=LISTING,
            first_load=lambda: final_ids(standin) | (customer_ids(standin) if follows else set()),
            change=lambda external_id: _change(standin, external_id),
            arrive_late=lambda _cursor: _arrive_late(standin),
            circle=lambda: _circle(standin, url),
            attachment=lambda attachment_id: _content(standin, attachment_id),
            remove=lambda: standin.delete(4),
            withdraw=lambda: str(standin.cancel(min(final_ids(standin)))["invoiceid"]),
            expire_tokens=standin.entra.forget_tokens,
            webhooks=Webhooks(
                deliver=lambda external_id: proved(standin.delivery(external_id)[0]),
                prove=proved,
                forge=lambda delivery: Delivery({**delivery.headers, HEADER: "guessed"}, delivery.body),
            ),
            api=r"^/api/",
        )
        rig.standin = standin
        rig.url = url
        with closing(rig.outside):
            yield rig


def final_ids(standin: DynamicsStandIn) -> set[str]:
    return {str(row["invoiceid"]) for row in standin.invoices() if row["statuscode"] in _FINAL}


def customer_ids(standin: DynamicsStandIn) -> set[str]:
    return {f"{table}/{id_}" for table in ("account", "contact") for id_ in standin.environment.rows[table]}


def proved(body: bytes) -> Delivery:
    return Delivery({"content-type": "application/json", HEADER: WEBHOOK_KEY}, body)


def _change(standin: DynamicsStandIn, external_id: str) -> None:
    standin.change_record("invoice", external_id, invoicenumber="INV-GEÄNDERT-1")


def _arrive_late(standin: DynamicsStandIn) -> str:
    moment = datetime.fromtimestamp(standin.options.clock(), UTC) - timedelta(minutes=2)
    return str(standin.touch(3, modified_on=f"{moment:%Y-%m-%dT%H:%M:%SZ}")["invoiceid"])


def _circle(standin: DynamicsStandIn, url: str) -> None:
    link = f"{url}/api/data/v9.2/invoicedetails?$select=invoicedetailid&$skiptoken=round"
    body = json.dumps({"value": [], "@odata.nextLink": link}).encode()
    standin.faults.add(Fault("status", path=LISTING, status=200, body=body, times=1000))


def _content(standin: DynamicsStandIn, attachment_id: str) -> bytes:
    source, _, where = attachment_id.partition(":")
    if source == "note":
        return standin.note_content(where)
    invoice = where.partition("/")[0]
    return standin.file_content(invoice) if source == "file" else standin.exported(invoice)
