"""What stands on an invoice: the lines of its PDF, and the XML of a ZUGFeRD invoice in profile EN 16931."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

from mlconnector.standins.dynamics.pricing import ZERO, net, rounded
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.times import local_day
from mlconnector.standins.zugferd import INVOICE, LINE, TAX

SELLER, SELLER_VAT_ID = "Beispielbau GmbH", "DE136695976"


def paper_lines(invoice: Row, lines: Sequence[Row]) -> list[str]:
    """The text lines of an invoice's PDF."""
    shown = [f"{line['quantity']} x {line['productname']}" for line in lines]
    heads = [SELLER, f"Rechnung {invoice['invoicenumber'] or 'ohne Nummer'}", f"An {invoice['billto_name']}"]
    return [*heads, *shown, f"Gesamtbetrag {invoice['totalamount']}"]


def invoice_xml(invoice: Row, lines: Sequence[Row]) -> str:
    """The XML of an invoice whose lines carry tax on top and no discount."""
    bases: dict[int, Decimal] = {}
    taxes: dict[int, Decimal] = {}
    for line in lines:
        rate = _rate(line)
        bases[rate] = bases.get(rate, ZERO) + net(line)
        taxes[rate] = taxes.get(rate, ZERO) + line["tax"]
    return INVOICE.substitute(
        number=escape(invoice["invoicenumber"]),
        day=invoice["new_invoicedate"].replace("-", ""),
        service_day=f"{local_day(invoice['datedelivered']):%Y%m%d}",
        due_day=invoice["duedate"].replace("-", ""),
        seller=SELLER,
        seller_vat_id=SELLER_VAT_ID,
        buyer=escape(invoice["billto_name"]),
        lines="".join(_line(line) for line in lines),
        taxes="".join(TAX.substitute(rate=rate, net=base, tax=taxes[rate]) for rate, base in bases.items()),
        net=invoice["totallineitemamount"],
        tax=invoice["totaltax"],
        gross=invoice["totalamount"],
    )


def _line(line: Row) -> str:
    return LINE.substitute(
        place=line["lineitemnumber"],
        name=escape(line["productname"]),
        price=line["priceperunit"],
        quantity=line["quantity"],
        rate=_rate(line),
        net=net(line),
    )


def _rate(line: Row) -> int:
    return int(rounded(line["tax"] * 100 / net(line)).to_integral_value())
