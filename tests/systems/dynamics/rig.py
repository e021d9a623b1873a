"""The Dynamics source at its stand-in, for the conformance suite and for tests of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.dynamics import CLIENT_ID, CLIENT_SECRET, TENANT_ID, DynamicsStandIn
from mlconnector.standins.dynamics.papers import added_paper
from mlconnector.standins.faults import Fault
from mlconnector.systems.dynamics import describe_source
from mlconnector.systems.source import Delivery
from tests.conformance.context import FakeTime, Outside
from tests.conformance.doors import served
from tests.conformance.source_suite import Sale, SourceRig, Webhooks

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
            stamp=lambda external_id, moment: _stamp(standin, external_id, moment),
            sell=lambda sale: _sell(standin, sale),
            garble=lambda: _garble(standin, follows=follows),
            circle=lambda: _circle(standin, url),
            attachment=lambda attachment_id: _content(standin, attachment_id),
            lengthen=lambda attachment_id: _lengthen(standin, attachment_id),
            remove=lambda: standin.delete(4),
            leave_out=(lambda: _leave_out(standin)) if follows else None,
            ship=lambda country: _ship(standin, country),
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


def _stamp(standin: DynamicsStandIn, external_id: str, moment: datetime) -> None:
    standin.touch(external_id, modified_on=f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _sell(standin: DynamicsStandIn, sale: Sale) -> str:
    """The first issued invoice with its first line alone; a gross amount is what a price plug-in leaves."""
    invoice = min(final_ids(standin))
    first, *others = standin.lines(invoice)
    for place in range(len(others), 0, -1):
        standin.remove_line(invoice, place)
    gross = sale.tax_method == "inclusive"
    tax = (sale.amount * 19 / (119 if gross else 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    total = sale.amount if gross else sale.amount + tax
    standin.change_record(
        "invoicedetail",
        first["invoicedetailid"],
        quantity=sale.quantity if sale.quantity is None else Decimal(sale.quantity),
        baseamount=sale.amount,
        manualdiscountamount=None,
        tax=tax,
        extendedamount=total,
    )
    nothing = dict.fromkeys(("discountamount", "discountpercentage", "totaldiscountamount", "freightamount"))
    totals = {"totallineitemamount": total - tax, "totaltax": tax, "totalamount": total}
    standin.change_record(
        "invoice", invoice, invoicenumber=sale.number, billto_country=sale.country, **nothing, **totals
    )
    return invoice


def _ship(standin: DynamicsStandIn, country: str) -> str:
    """The first issued invoice, with an address of delivery of its own."""
    invoice = min(final_ids(standin))
    standin.change_record(
        "invoice",
        invoice,
        shipto_line1="Baustelle 3",
        shipto_postalcode="00000",
        shipto_city="Anderswo",
        shipto_country=country or None,
    )
    return invoice


def _garble(standin: DynamicsStandIn, *, follows: bool) -> set[str]:
    """An invoice, one's status, a line and a customer with values of another kind than described."""
    one, status, with_line, *others = sorted(final_ids(standin))
    standin.change_record("invoice", one, name=4711)
    standin.change_record("invoicedetail", standin.lines(with_line)[0]["invoicedetailid"], description=4711)
    table, customer = standin.invoice(others[0])["customerid"]
    name = "name" if table == "account" else "fullname"
    standin.change_record(table, customer, **{name: 4711})
    named = {
        id_ for id_ in final_ids(standin) if tuple(standin.invoice(id_)["customerid"]) == (table, customer)
    }
    standin.invoice(status)["statecode"] = "offen"
    return {one, status, with_line} | named | ({f"{table}/{customer}"} if follows else set())


def _leave_out(standin: DynamicsStandIn) -> list[str]:
    """An account that is inactive, a contact person of one, and an account without a name."""
    inactive = standin.add_record("account", name="Firma", statecode=1, statuscode=2)["accountid"]
    person = standin.add_record("contact", lastname="Kontakt", parentcustomerid=("account", inactive))
    nameless = standin.add_record("account", name="")["accountid"]
    return [f"account/{inactive}", f"contact/{person['contactid']}", f"account/{nameless}"]


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


def _lengthen(standin: DynamicsStandIn, attachment_id: str) -> None:
    source, _, where = attachment_id.partition(":")
    longer = _content(standin, attachment_id) + b"!"
    if source == "note":
        note = standin.environment.row("annotation", where)
        note["filesize"] = len(longer) - 1
        note["documentbody"] = added_paper(longer)
    else:
        standin.put_file(where.partition("/")[0], "Rechnung.pdf", longer)
