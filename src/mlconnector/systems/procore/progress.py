"""Progress bills as down payments, and the final invoice that settles them: by the client's rule alone.

Procore marks a last bill as `final`. That says nothing of how the client books: a bill is the final invoice
where the rule of the settings knows it, and where mark and rule disagree somebody has to look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from mlconnector.model.money import HUNDRED, ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import DownPayment
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.procore.parties import custom_value
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import Payment, Requisition, text


def is_final_bill(requisition: Requisition, settings: Settings) -> bool:
    """Whether a bill settles the down payments before it, by the rule of the settings."""
    rule = settings.requisitions.final_bill
    if settings.requisitions.bills != "down_payments" or rule is None:
        return False
    if rule.number is not None:
        return re.search(rule.number, clean(requisition.invoice_number)) is not None
    field = (requisition.custom_fields or {}).get(rule.custom_field or "")
    return custom_value(field) == rule.value


def disagreement(requisition: Requisition, settings: Settings, title: str) -> list[Problem]:
    """A problem where Procore calls a bill the last one, and the client's rule does not, or the other way."""
    if settings.requisitions.bills != "down_payments":
        return []
    by_rule = is_final_bill(requisition, settings)
    if bool(requisition.final) == by_rule:
        return []
    facts = {
        "title": title,
        "procore_says": "final" if requisition.final else "progress",
        "rule_says": "final" if by_rule else "progress",
    }
    return [Problem("procore_final_undecided", facts, ("procore_says", "rule_says"))]


def chain_problems(
    requisition: Requisition, earlier: Sequence[Requisition], title: str, settings: Settings
) -> list[Problem]:
    """What speaks against a final invoice: bills before it that cannot be seen, or do not count themselves.

    The one just before it is looked at with every bill.
    """
    first = earlier[0] if earlier else requisition
    wanted = text(first.previous_requisition_id)
    problems = [Problem("procore_previous_gone", {"title": title, "previous": wanted})] if wanted else []
    for one in earlier[:-1]:
        if one.status not in settings.requisitions.statuses:
            facts = {
                "title": title,
                "previous": text(one.number) or text(one.id),
                "status": clean(one.status),
            }
            problems.append(Problem("procore_previous_open", facts, ("status",)))
    return problems


def settled_by(
    earlier: Sequence[Requisition], rates: Mapping[str, Decimal], payments: Sequence[Payment], currency: str
) -> tuple[DownPayment, ...]:
    """The down payments that a final invoice settles; `rates` are the tax rates of bills by their ids.

    Whether one was paid is told where Procore has a day or amounts of payments, which nobody has to note.
    """
    found: list[DownPayment] = []
    before = ZERO
    for one in earlier:
        total = (one.summary.total_completed_and_stored_to_date if one.summary else None) or ZERO
        net, before = total - before, total
        rate = rates.get(text(one.id))
        gross = rounded(net + net * (rate or ZERO) / HUNDRED, currency)
        found.append(
            DownPayment(
                amount=gross,
                number=document_number(clean(one.invoice_number)),
                tax_rate=rate,
                paid=_is_paid(one, gross, payments),
            )
        )
    return tuple(found)


def _is_paid(one: Requisition, gross: Decimal, payments: Sequence[Payment]) -> bool | None:
    paid = sum((each.amount or ZERO for each in payments if text(each.requisition_id) == text(one.id)), ZERO)
    return True if one.payment_date or (gross and paid >= gross) else None
