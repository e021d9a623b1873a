"""Invoices and credit notes of a sale or purchase as vouchers, each with an identity of its own; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Direction, Kind, Party, Place, Supply, Voucher
from mlconnector.systems.cin7.files import chosen
from mlconnector.systems.cin7.lines import Taxing, voucher_lines
from mlconnector.systems.cin7.names import Part, document_name, folded
from mlconnector.systems.cin7.rates import foreign_for_euro
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import Attachment, CreditNote, Fulfilment, Invoice, TaxRule, day
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.kit.vouchers import currency_problems
from mlconnector.systems.source import Reading

Paper = TypeVar("Paper", Invoice, CreditNote)

# Which states make a document final; "paid" follows "authorised" and changes nothing.
_FINAL = frozenset({"authorised", "paid"})
_NOT_FINAL = frozenset({"", "draft", "not available", "voided", "void"})
_VOID = frozenset({"voided", "void"})


@dataclass(frozen=True, slots=True)
class Record:
    """A sale or purchase as its documents share it; `rate` is that of the whole, in its own currency for one.

    `account` stands in for lines without one, `ship_from` gives the place that the goods of an invoice leave
    from by its fulfilments. `supply` is set where nothing but services are sold or bought.
    """

    name: str
    order_number: str
    status: str
    direction: Direction
    party: Party | None
    problems_of_party: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    currency: str
    base_currency: str
    rate: Decimal | None
    tax_calculation: str
    account: str
    terms: str | None
    supply: Supply | None
    ship_to: Place | None
    ship_from: Callable[[list[Fulfilment]], Place | None]
    fulfilments: Sequence[Fulfilment]
    invoices: Sequence[Invoice]
    credit_notes: Sequence[CreditNote]
    attachments: Sequence[Attachment]
    attributes: dict[str, str]
    settings: Settings


def final_documents(record: Record, tax_rules: Mapping[str, TaxRule]) -> Iterator[Reading]:
    """The readings of all documents that are final; those that are no longer, or not yet, are left out.

    Raises UnknownShape for a state that is neither.
    """
    invoices, credit_notes = _final(record.invoices), _final(record.credit_notes)
    numbers = [
        *(document_number(clean(one.invoice_number)) for one in invoices),
        *(document_number(clean(one.credit_note_number)) for one in credit_notes),
    ]
    known = [number for number in numbers if number]
    for invoice in invoices:
        yield _reading(record, _of_invoice(record, invoice), known, tax_rules)
    for credit_note in credit_notes:
        yield _reading(record, _of_credit_note(record, credit_note), known, tax_rules)


def numbers_by_task(record: Record) -> dict[tuple[Part, str], str | None]:
    """The numbers of all final documents of a record by their tasks, which payments name."""
    found: dict[tuple[Part, str], str | None] = {}
    for invoice in _final(record.invoices):
        found["invoice", folded(invoice.task_id)] = document_number(clean(invoice.invoice_number))
    for note in _final(record.credit_notes):
        found["credit-note", folded(note.task_id)] = document_number(clean(note.credit_note_number))
    return found


def _final(papers: Sequence[Paper]) -> list[Paper]:
    found = []
    for paper in papers:
        status = clean(paper.status).lower()
        if status in _FINAL:
            found.append(paper)
        elif status not in _NOT_FINAL:
            raise UnknownShape(f"cin7 answered with a document in the state {paper.status!r}")
    return found


@dataclass(frozen=True, slots=True)
class _Paper:
    """What an invoice or credit note says, whichever of them it is."""

    part: Part
    task: str
    number: str | None
    written: str | None
    due: str | None
    rate: Decimal | None
    refers_to: str | None
    own: list[Fulfilment]
    paper: Invoice | CreditNote

    @property
    def sign(self) -> int:
        """Which way its amounts go; those of credit notes are positive in Cin7."""
        return -1 if self.part == "credit-note" else 1


def _of_invoice(record: Record, invoice: Invoice) -> _Paper:
    number = document_number(clean(invoice.invoice_number))
    own = [one for one in record.fulfilments if number and clean(one.linked_invoice_number) == number]
    return _Paper(
        part="invoice",
        task=invoice.task_id,
        number=number,
        written=invoice.invoice_date,
        due=invoice.invoice_due_date,
        rate=invoice.currency_conversion_rate or record.rate,
        refers_to=None,
        own=own,
        paper=invoice,
    )


def _of_credit_note(record: Record, credit_note: CreditNote) -> _Paper:
    return _Paper(
        part="credit-note",
        task=credit_note.task_id,
        number=document_number(clean(credit_note.credit_note_number)),
        written=credit_note.credit_note_date,
        due=None,
        rate=credit_note.credit_note_conversion_rate or record.rate,
        refers_to=document_number(clean(credit_note.credit_note_invoice_number)),
        own=[],
        paper=credit_note,
    )


def _reading(
    record: Record, one: _Paper, numbers: Sequence[str], tax_rules: Mapping[str, TaxRule]
) -> Reading:
    name = document_name(record.name, one.part, one.task)
    title = one.number or record.order_number or name
    written = day(one.written)
    if written is None:
        raise UnknownShape(f"cin7 answered with a document {title} without a day")
    taxing = Taxing(
        title=title,
        currency=record.currency,
        rules=tax_rules,
        calculation=record.tax_calculation,
        account=record.account,
        supply=record.supply,
        settings=record.settings,
    )
    paper = one.paper
    lines, wrong_lines = voucher_lines(paper.lines or (), paper.additional_charges or (), taxing, one.sign)
    attachments, wrong_files = chosen(
        record.attachments, record.name, one.number, numbers, record.settings.documents
    )
    rate, wrong_rate = foreign_for_euro(one.rate, record.currency, record.base_currency, title)
    voucher = Voucher(
        kind=Kind.CREDIT_NOTE if one.part == "credit-note" else Kind.INVOICE,
        direction=record.direction,
        external_id=name,
        number=one.number,
        document_date=written,
        currency=record.currency,
        party=record.party,
        lines=lines,
        title=title,
        service_date=_service_date(one.own),
        due_date=day(one.due),
        exchange_rate=rate,
        stated_total=None if paper.total is None else one.sign * paper.total,
        refers_to=one.refers_to,
        payment_terms=record.terms,
        ship_to=record.ship_to,
        ship_from=record.ship_from(one.own),
        attachments=attachments,
        attributes=record.attributes,
    )
    problems = [
        *record.problems,
        *currency_problems(record.currency),
        *wrong_lines,
        *wrong_files,
        *wrong_rate,
    ]
    if clean(record.status).lower() in _VOID:
        problems.append(Problem("voided_with_document", {"title": title}))
    if paper.total is None:
        problems.append(Problem("document_total_missing", {"title": title}))
    return Reading(name, voucher, tuple(problems), record=record.name)


def _service_date(own: Sequence[Fulfilment]) -> date | None:
    """The last day on which something of the invoice was shipped."""
    days = [day(line.shipment_date) for one in own if one.ship for line in one.ship.lines or ()]
    return max((each for each in days if each is not None), default=None)
