"""ZUGFeRD invoices of some generated deals: a small PDF with the XML of the profile EN 16931 in it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from mlconnector.standins.pipedrive import pdf
from mlconnector.standins.pipedrive.fields import field_key
from mlconnector.standins.pipedrive.pricing import cents, half_up
from mlconnector.standins.pipedrive.records import Deal, Labels, Line
from mlconnector.standins.pipedrive.vocabulary import vocabulary
from mlconnector.standins.zugferd import INVOICE, LINE, TAX

SELLER_VAT_ID = "DE136695976"


def has_einvoice(deal_id: int, label: Labels) -> bool:
    """Whether a deal's invoice is an e-invoice: every third of those that nothing is the matter with."""
    kinds = (label.case, label.lines, label.files, label.text)
    return deal_id % 3 == 0 and kinds == ("domestic", "plain", "invoice", "plain")


def zugferd(deal: Deal, buyer: str, lines: Sequence[Line]) -> bytes:
    """The invoice of a deal whose lines all carry tax on top and no discount."""
    shown = [f"{line.quantity} x {line.name}" for line in lines]
    heads = ["Rechnung", f"Rechnungsnummer: {_field(deal, 'Rechnungsnummer')}"]
    return pdf.document([*heads, *shown], invoice=_xml(deal, buyer, lines))


def _field(deal: Deal, name: str) -> str:
    return str(deal.custom_fields[field_key("deal", name)])


def _xml(deal: Deal, buyer: str, lines: Sequence[Line]) -> bytes:
    bases: dict[int, int] = {}
    for line in lines:
        bases[int(line.tax)] = bases.get(int(line.tax), 0) + cents(line.sum)
    taxes = {rate: half_up(base * rate, 100) for rate, base in bases.items()}
    net, tax = sum(bases.values()), sum(taxes.values())
    return INVOICE.substitute(
        number=escape(_field(deal, "Rechnungsnummer")),
        day=_day(deal, "Rechnungsdatum"),
        service_day=_day(deal, "Leistungsdatum"),
        due_day=_day(deal, "Fällig am"),
        seller=escape(vocabulary().company.name),
        seller_vat_id=SELLER_VAT_ID,
        buyer=escape(buyer),
        lines="".join(_line(place, line) for place, line in enumerate(lines, start=1)),
        taxes="".join(
            TAX.substitute(rate=rate, net=_money(base), tax=_money(taxes[rate]))
            for rate, base in bases.items()
        ),
        net=_money(net),
        tax=_money(tax),
        gross=_money(net + tax),
    ).encode()


def _line(place: int, line: Line) -> str:
    return LINE.substitute(
        place=place,
        name=escape(line.name),
        price=_money(cents(line.item_price)),
        quantity=line.quantity,
        rate=line.tax,
        net=_money(cents(line.sum)),
    )


def _day(deal: Deal, name: str) -> str:
    return _field(deal, name).replace("-", "")


def _money(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
