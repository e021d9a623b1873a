"""Payments, refunds and prepayments as vouchers of their own; they clear documents, and book no revenue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.model.money import HUNDRED, ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Allocation, Direction, Kind, Party, Voucher
from mlconnector.systems.cin7.names import Part, document_name, folded
from mlconnector.systems.cin7.rates import foreign_for_euro
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import Payment, day
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.kit.vouchers import currency_problems, filled
from mlconnector.systems.source import Reading

_FORTH = frozenset({"payment", "prepayment"})
_BACK = frozenset({"refund"})


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose payments they are, and in which money; `documents` are numbers by the task of each document."""

    record: str
    title: str
    direction: Direction
    party: Party | None
    problems: tuple[Problem, ...]
    currency: str
    base_currency: str
    documents: Mapping[tuple[Part, str], str | None]
    settings: Settings


def reading_of(payment: Payment, payer: Payer) -> Reading:
    """The reading of a payment."""
    name = document_name(payer.record, "payment", payment.id)
    kind = clean(payment.type).lower()
    paid_on = day(payment.date_paid)
    if kind not in _FORTH | _BACK or paid_on is None or payment.amount is None:
        raise UnknownShape(
            f"cin7 answered with a payment {folded(payment.id)} of type {kind!r} without day or amount"
        )
    number, nameless = _document(payment, kind in _BACK, payer)
    amount = payment.amount if kind in _FORTH else -payment.amount
    allocations = _allocations(payment, number, amount, payer.settings)
    rate, problems = foreign_for_euro(payment.currency_rate, payer.currency, payer.base_currency, payer.title)
    credit = payment.credit_id or payment.deposit_id
    voucher = Voucher(
        kind=Kind.PAYMENT,
        direction=payer.direction,
        external_id=name,
        number=_number(payment, credit),
        document_date=paid_on,
        currency=payer.currency,
        party=payer.party,
        lines=(),
        title=" ".join(part for part in (payer.title, clean(payment.type), clean(payment.reference)) if part),
        exchange_rate=rate,
        fee=_fee(payment, amount, payer),
        allocations=allocations,
        attributes=filled({"payment_method": clean(payment.account), "reference": clean(payment.reference)}),
    )
    problems += payer.problems
    problems += currency_problems(payer.currency)
    problems += [nameless] if nameless else _undecided(payment, number, credit, payer)
    return Reading(name, voucher, tuple(problems), record=payer.record)


def _document(payment: Payment, back: bool, payer: Payer) -> tuple[str | None, Problem | None]:
    """The number of the document that is paid: as the payment says it, else that of the task it belongs to.

    Payments of purchases name the task alone. A document that has no number of its own cannot be cleared.
    """
    said = document_number(clean(payment.credit_note_number if back else payment.invoice_number))
    said = said or document_number(clean(payment.invoice_number) or clean(payment.credit_note_number))
    if said is not None or payment.task_id is None:
        return said, None
    task = folded(payment.task_id)
    parts: tuple[Part, ...] = ("credit-note", "invoice") if back else ("invoice", "credit-note")
    for part in parts:
        if (part, task) in payer.documents:
            number = payer.documents[part, task]
            return number, None if number else Problem("paid_document_nameless", _money(payment, payer))
    return None, None


def _number(payment: Payment, credit: str | None) -> str:
    """What an amount on account is kept under: one name for all that a credit pays."""
    return f"CR-{folded(credit)[:8]}" if credit else f"PAY-{folded(payment.id)[:8]}"


def _allocations(
    payment: Payment, number: str | None, amount: Decimal, settings: Settings
) -> tuple[Allocation, ...]:
    """What the payment clears. A credit that is used moves no money: it leaves where it stood on account."""
    if clean(payment.account) in settings.payments.discount_accounts:
        return (Allocation(number=number, amount=ZERO, discount=amount),)
    if payment.credit_id or payment.deposit_id:
        return (Allocation(number=number, amount=amount), Allocation(number=None, amount=-amount))
    return (Allocation(number=number, amount=amount),)


def _fee(payment: Payment, amount: Decimal, payer: Payer) -> Decimal | None:
    """What the provider keeps back of money from a customer, by the rule of its account."""
    rule = payer.settings.payments.fees.get(clean(payment.account))
    if rule is None or payer.direction != "sale" or amount <= ZERO or payment.credit_id:
        return None
    return rounded(amount * rule.percent / HUNDRED + rule.fixed, payer.currency)


def _undecided(payment: Payment, number: str | None, credit: str | None, payer: Payer) -> list[Problem]:
    """A prepayment that no invoice took yet is no revenue, and may be a taxed down payment (§ 13 UStG)."""
    if number is not None or credit:
        return []
    if clean(payment.type).lower() in _BACK:
        return [Problem("refund_without_document", _money(payment, payer))]
    if payer.settings.payments.prepayment == "on_account":
        return []
    return [Problem("prepayment_undecided", _money(payment, payer))]


def _money(payment: Payment, payer: Payer) -> dict[str, str]:
    return {"title": payer.title, "amount": f"{payment.amount or ZERO:f}", "currency": payer.currency}
