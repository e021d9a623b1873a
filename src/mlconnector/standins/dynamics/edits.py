"""What people do in Dynamics between two polls: change, cancel, pay, reactivate, delete, attach, merge."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from mlconnector.standins.dynamics import papers
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.identities import SALES_USER_ID
from mlconnector.standins.dynamics.pricing import price_line, total_invoice
from mlconnector.standins.dynamics.records import Reference, Row
from mlconnector.standins.dynamics.schema import CUSTOM_PREFIX, Column, Option, standard_columns, tables
from mlconnector.standins.dynamics.times import instant

ACTIVE, PAID, CANCELED = 0, 2, 3
_OWN_TOTALS = frozenset({"totalamount", "totaltax", "totallineitemamount", "totalamountlessfreight"})


class ReadOnly(ValueError):
    """A paid or canceled invoice can be changed only after it was reactivated."""


def change_invoice(
    environment: Environment, which: int | str, *, modified_on: str | None = None, **values: Any
) -> Row:
    """Set columns of an active invoice; the totals follow, unless they are among what is set.

    `modified_on` overrides the time of the change, as an import with a time of its own does.
    """
    invoice = environment.invoice(which)
    if invoice["statecode"] != ACTIVE:
        raise ReadOnly(f"Invoice {invoice['invoicenumber']} is not active: reactivate it first.")
    invoice |= _checked(environment, "invoice", values)
    if not _OWN_TOTALS & values.keys():
        total_invoice(invoice, environment.lines(invoice["invoiceid"]))
    return environment.put("invoice", invoice, modified_on)


def touch(environment: Environment, which: int | str, modified_on: str | None = None) -> Row:
    """Save an invoice without a change, which still gives it the next version."""
    return environment.put("invoice", environment.invoice(which), modified_on)


def change_line(
    environment: Environment, which: int | str, place: int, *, moves_invoice: bool = True, **values: Any
) -> Row:
    """Set columns of the line at `place`; its amounts follow, and the totals of the invoice.

    `moves_invoice` is whether the invoice's row counts as changed, too.
    """
    invoice = environment.invoice(which)
    lines = environment.lines(invoice["invoiceid"])
    line = lines[place]
    line |= _checked(environment, "invoicedetail", values)
    price_line(line)
    environment.put("invoicedetail", line)
    total_invoice(invoice, lines)
    if moves_invoice:
        environment.put("invoice", invoice)
    return line


def add_line(environment: Environment, which: int | str, **values: Any) -> Row:
    """Add a line to an invoice: a copy of its first one, with other values."""
    invoice = environment.invoice(which)
    lines = environment.lines(invoice["invoiceid"])
    number = max(line["lineitemnumber"] for line in lines) + 1
    line = lines[0] | {
        "invoicedetailid": str(uuid4()),
        "lineitemnumber": number,
        "sequencenumber": number,
        "createdon": None,
    }
    line |= _checked(environment, "invoicedetail", values)
    price_line(line)
    environment.put("invoicedetail", line)
    total_invoice(invoice, [*lines, line])
    environment.put("invoice", invoice)
    return line


def remove_line(environment: Environment, which: int | str, place: int) -> None:
    """Delete the line at `place`; the totals of the invoice follow."""
    invoice = environment.invoice(which)
    lines = environment.lines(invoice["invoiceid"])
    environment.remove("invoicedetail", lines.pop(place)["invoicedetailid"])
    total_invoice(invoice, lines)
    environment.put("invoice", invoice)


def change_customer(environment: Environment, which: int | str, customer: Reference) -> Row:
    """Give an invoice another customer, with the name on its address."""
    table, identity = customer
    row = environment.row(table, identity)
    name = row["name"] if table == "account" else row["fullname"]
    return change_invoice(environment, which, customerid=customer, billto_name=name)


def set_status(environment: Environment, which: int | str, statuscode: int) -> Row:
    """Set the reason of the status; the status that belongs to it follows."""
    option = environment.options("invoice", "statuscode")[statuscode]
    invoice = environment.invoice(which)
    invoice |= {"statecode": option.state, "statuscode": statuscode, "ispricelocked": statuscode != 1}
    return environment.put("invoice", invoice)


def delete(environment: Environment, which: int | str) -> str:
    """Delete an invoice with its lines and notes; gives its id."""
    identity = environment.invoice_id(which)
    for line in environment.lines(identity):
        environment.remove("invoicedetail", line["invoicedetailid"])
    for note in environment.children("annotation", "objectid", identity):
        environment.remove("annotation", note["annotationid"])
    environment.row("invoice", identity)
    environment.remove("invoice", identity)
    return identity


def copy_invoice(environment: Environment, which: int | str, **values: Any) -> Row:
    """Create an active, billed invoice like another one, with its lines and without notes."""
    model, identity = environment.invoice(which), str(uuid4())
    copied = {
        **{name: value for name, value in model.items() if name not in ("createdon", "new_file")},
        "invoiceid": identity,
        "invoicenumber": f"INV-{environment.edited.version}-COPY00",
        "statecode": ACTIVE,
        "statuscode": 4,
        "new_invoicedate": instant(environment.clock())[:10],
    }
    copied |= _checked(environment, "invoice", values)
    lines = []
    for line in environment.lines(model["invoiceid"]):
        own = {"invoicedetailid": str(uuid4()), "invoiceid": ("invoice", identity), "createdon": None}
        lines.append(environment.put("invoicedetail", line | own))
    total_invoice(copied, lines)
    return environment.put("invoice", copied)


def add_note(
    environment: Environment,
    which: int | str,
    name: str,
    content: bytes,
    *,
    mimetype: str = "application/pdf",
    subject: str = "Rechnung",
) -> Row:
    """Attach a file to an invoice by a note; does not change the invoice itself."""
    note: Row = {
        "annotationid": str(uuid4()),
        "objectid": ("invoice", environment.invoice(which)["invoiceid"]),
        "objecttypecode": "invoice",
        "subject": subject,
        "isdocument": True,
        "filename": name,
        "mimetype": mimetype,
        "documentbody": papers.added_paper(content),
        "ownerid": ("systemuser", SALES_USER_ID),
    }
    return environment.put("annotation", note)


def remove_notes(environment: Environment, which: int | str) -> None:
    """Delete all notes of an invoice."""
    for note in environment.children("annotation", "objectid", environment.invoice_id(which)):
        environment.remove("annotation", note["annotationid"])


def put_file(environment: Environment, which: int | str, name: str, content: bytes) -> Row:
    """Upload a file into the file column of an invoice."""
    invoice = environment.invoice(which)
    invoice["new_file"] = {"name": name, "paper": papers.added_paper(content)}
    return environment.put("invoice", invoice)


def change_record(environment: Environment, table: str, identity: str, **values: Any) -> Row:
    """Set columns of any record, e.g. of an account; nothing else follows."""
    row = environment.row(table, identity)
    row |= _checked(environment, table, values)
    return environment.put(table, row)


def add_record(environment: Environment, table: str, **values: Any) -> Row:
    """Create a record that stands on its own, e.g. an account; active unless something else is said."""
    key = tables()[table].key
    row = {key: str(uuid4()), "statecode": ACTIVE, "statuscode": 1} | _checked(environment, table, values)
    return environment.put(table, row)


def merge_accounts(environment: Environment, gone: str, into: str) -> None:
    """Merge the account `gone` into another: it becomes inactive, its invoices move."""
    change_record(environment, "account", gone, statecode=1, statuscode=2)
    change_record(environment, "account", into)
    for invoice in list(environment.rows["invoice"].values()):
        if tuple(invoice["customerid"]) == ("account", gone):
            invoice["customerid"] = ("account", into)
            environment.put("invoice", invoice)


def add_column(environment: Environment, table: str, name: str, kind: str = "text", label: str = "") -> None:
    """Add a custom column to a table; delta tokens of the table become worthless."""
    if not name.startswith(CUSTOM_PREFIX) or name in standard_columns(table):
        raise ValueError(f"{name} cannot be added: a custom column is new and begins with {CUSTOM_PREFIX}.")
    environment.add_column(Column(table, name, kind, (), label or name))


def rename_option(environment: Environment, table: str, column: str, value: int, label: str) -> None:
    """Give an option of a choice column another label, or add it; delta tokens become worthless."""
    known = environment.options(table, column).get(value)
    option = Option(value, known.state if known else None, label, label)
    environment.edited.options.setdefault(f"{table}.{column}", {})[value] = option
    environment.change_metadata(table)


def _checked(environment: Environment, table: str, values: Row) -> Row:
    unknown = values.keys() - environment.columns[table].keys()
    if unknown:
        raise LookupError(f"The table {table} has no column {', '.join(sorted(unknown))}.")
    return values
