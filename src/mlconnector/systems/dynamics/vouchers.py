"""From an invoice and what belongs to it to a voucher; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher
from mlconnector.systems.dynamics.client import shaped
from mlconnector.systems.dynamics.days import Days
from mlconnector.systems.dynamics.facts import Facts, Rows
from mlconnector.systems.dynamics.files import chosen
from mlconnector.systems.dynamics.lines import Entry, voucher_lines
from mlconnector.systems.dynamics.parties import party_alone, party_of
from mlconnector.systems.dynamics.places import delivery
from mlconnector.systems.dynamics.settings import Final, Settings
from mlconnector.systems.dynamics.shapes import Detail, Invoice, Note, Product
from mlconnector.systems.kit.fields import clean, day_of, document_number
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.kit.vouchers import currency_problems, filled, kind_by_total
from mlconnector.systems.source import Reading

_CANCELLED = 3
_EURO = "EUR"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a set of invoices refers to: rows by id, customers by `account/<id>`; ISO codes and order numbers.

    `base` is the ISO code of the organisation's own currency; `behaviours` as in `Days`.
    """

    base: str = ""
    currencies: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Raw] = field(default_factory=dict)
    products: dict[str, Raw] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    behaviours: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to one invoice alone: its lines as they came, and its files."""

    details: Sequence[Raw] = ()
    notes: Sequence[Note] = ()


def is_final(statecode: int, statuscode: int, rule: Final) -> bool:
    """Whether an invoice stands as issued."""
    if statecode == _CANCELLED:
        return False
    return statecode in rule.statecodes or statuscode in rule.statuscodes


def customer_alone(external_id: str, raw: Raw, settings: Settings) -> Reading:
    """The reading of a customer on its own; `external_id` is `account/<id>` or `contact/<id>`."""
    party, reason = party_alone(external_id, raw, settings)
    return Reading(external_id, None, reason=reason, party=party)


def withdrawn(raw: Raw, around: Surroundings, settings: Settings) -> Reading:
    """The reading of an invoice that is not final: enough to take a booking back, without lines and party."""
    invoice = shaped(raw, Invoice)
    facts = Facts(settings.columns, Days(settings.zone, around.behaviours), clean(invoice.name))
    rows: Rows = {"invoice": raw}
    voucher = Voucher(
        kind=kind_by_total(invoice.totalamount),
        direction="sale",
        external_id=invoice.invoiceid,
        number=document_number(facts.text("invoice_number", rows)),
        document_date=facts.day("invoice_date", rows) or _made_on(invoice, settings),
        currency=around.currencies.get(invoice.currency or "", ""),
        party=None,
        lines=(),
        standing="withdrawn",
        title=clean(invoice.name),
        stated_total=invoice.totalamount or ZERO,
    )
    return Reading(invoice.invoiceid, voucher)


def final(raw: Raw, belongings: Belongings, around: Surroundings, settings: Settings) -> Reading:
    """The reading of an invoice that was issued."""
    invoice = shaped(raw, Invoice)
    title = clean(invoice.name)
    facts = Facts(settings.columns, Days(settings.zone, around.behaviours), title)
    currency = around.currencies.get(invoice.currency or "", "")
    customer = around.customers.get(f"{invoice.customer_table}/{invoice.customer}")
    rows: Rows = {"invoice": raw, invoice.customer_table or "account": customer}
    party, problems = party_of(invoice, around.customers, rows, facts, settings)
    goods = delivery(invoice, _entries(belongings, around, rows), rows, party, facts)
    entries = goods.entries
    lines, wrong_lines = voucher_lines(invoice, entries, currency, facts, settings)
    number = document_number(facts.text("invoice_number", rows))
    attachments, wrong_files = chosen(invoice, raw, belongings.notes, number, settings.documents)
    before = len(facts.problems)
    day = facts.day("invoice_date", rows)
    is_without_day = day is None and len(facts.problems) == before
    voucher = Voucher(
        kind=kind_by_total(invoice.totalamount),
        direction="sale",
        external_id=invoice.invoiceid,
        number=number,
        document_date=day or _made_on(invoice, settings),
        currency=currency,
        party=party,
        lines=lines,
        title=title,
        service_date=_service_date(entries, rows, facts),
        due_date=facts.day("due_date", rows),
        exchange_rate=_exchange_rate(invoice, currency, around.base),
        stated_total=invoice.totalamount,
        refers_to=document_number(facts.text("refers_to", rows)),
        payment_terms=_payment_terms(invoice),
        ship_to=goods.ship_to,
        ship_from=goods.ship_from,
        incoterms=goods.incoterms,
        attachments=attachments,
        attributes=_attributes(invoice, around, rows, facts),
    )
    problems += goods.problems_beside(problems)
    problems += (
        wrong_lines
        + wrong_files
        + _formal(invoice, currency, title, is_without_day=is_without_day)
        + facts.problems
    )
    return Reading(invoice.invoiceid, voucher, tuple(problems))


def _made_on(invoice: Invoice, settings: Settings) -> date:
    return day_of(invoice.createdon, settings.zone)


def _entries(belongings: Belongings, around: Surroundings, rows: Rows) -> list[Entry]:
    found = []
    for raw in belongings.details:
        detail = shaped(raw, Detail)
        product = around.products.get(detail.product or "")
        found.append(
            Entry(
                detail,
                None if product is None else shaped(product, Product),
                {**rows, "invoicedetail": raw, "product": product},
            )
        )
    return sorted(found, key=lambda entry: (entry.detail.lineitemnumber or 0, entry.detail.invoicedetailid))


def _service_date(entries: Sequence[Entry], rows: Rows, facts: Facts) -> date | None:
    """The day in the first column that is filled: of the invoice itself, or the last one of its lines."""
    own = facts.day("service_date", rows)
    if own is not None:
        return own
    days = [facts.day("service_date", entry.rows) for entry in entries]
    return max((day for day in days if day is not None), default=None)


def _exchange_rate(invoice: Invoice, currency: str, base: str) -> Decimal | None:
    """Units of the invoice's currency for one of the base currency: for one euro only where the base is that.

    Where the base is another one, the rate has to come from the table of the mapping.
    """
    rate = invoice.exchangerate
    return rate if currency != _EURO and base == _EURO and rate is not None and rate > ZERO else None


def _payment_terms(invoice: Invoice) -> str | None:
    code = "" if invoice.paymenttermscode is None else str(invoice.paymenttermscode)
    return clean(invoice.payment_terms) or code or None


def _attributes(invoice: Invoice, around: Surroundings, rows: Rows, facts: Facts) -> dict[str, str]:
    return filled(
        {
            "owner": invoice.owner,
            "order": around.orders.get(invoice.order or ""),
            "cost_centre": facts.text("cost_centre", rows),
            "tax_class": facts.text("tax_class", rows),
        }
    )


def _formal(invoice: Invoice, currency: str, title: str, *, is_without_day: bool) -> list[Problem]:
    problems = currency_problems(currency)
    if is_without_day:
        problems.append(Problem("invoice_date_missing", {"title": title}))
    if invoice.pricingerrorcode:
        facts = {"title": title, "code": str(invoice.pricingerrorcode)}
        problems.append(Problem("pricing_error", facts))
    if invoice.totalamount is None:
        problems.append(Problem("total_missing", {"title": title}))
    return problems
