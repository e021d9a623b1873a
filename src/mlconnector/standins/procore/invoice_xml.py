"""The XML of an e-invoice that lies beside the PDF of a direct cost."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from xml.sax.saxutils import escape

from mlconnector.standins.procore.amounts import ZERO, cents, money
from mlconnector.standins.procore.identities import VAT_ID_FIELD
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.vocabulary import vocabulary
from mlconnector.standins.zugferd import INVOICE, LINE, TAX


def invoice_facts(cost: Row, vendor: Row, rates: dict[int, Decimal]) -> list[str]:
    """What the e-invoice says, kept as it was when it was sent: a later edit does not change a file."""
    head = [
        cost["invoice_number"],
        cost["direct_cost_date"],
        vendor["name"],
        vendor["custom_fields"].get(VAT_ID_FIELD, {}).get("value", ""),
    ]
    lines = [
        json.dumps([line["description"], line["amount"], str(rates[line["tax_code_id"]])])
        for line in cost["line_items"]
    ]
    return [*head, *lines]


def xml(facts: list[str]) -> bytes:
    """The invoice with the facts of `invoice_facts`, due after 30 days."""
    number, day, seller, vat_id, *rows = facts
    lines = [json.loads(row) for row in rows]
    bases: dict[str, Decimal] = {}
    for _, amount, rate in lines:
        bases[rate] = bases.get(rate, ZERO) + Decimal(amount)
    taxes = {rate: cents(base * Decimal(rate) / 100) for rate, base in bases.items()}
    net, tax = sum(bases.values(), ZERO), sum(taxes.values(), ZERO)
    due = date.fromisoformat(day) + timedelta(days=30)
    return INVOICE.substitute(
        number=escape(number),
        day=day.replace("-", ""),
        service_day=day.replace("-", ""),
        due_day=f"{due:%Y%m%d}",
        seller=escape(seller),
        seller_vat_id=vat_id,
        buyer=escape(vocabulary().company.name),
        lines="".join(_line(place, *line) for place, line in enumerate(lines, start=1)),
        taxes="".join(
            TAX.substitute(rate=rate, net=money(base), tax=money(taxes[rate])) for rate, base in bases.items()
        ),
        net=money(net),
        tax=money(tax),
        gross=money(net + tax),
    ).encode()


def _line(place: int, name: str, amount: str, rate: str) -> str:
    return LINE.substitute(place=place, name=escape(name), price=amount, quantity=1, rate=rate, net=amount)
