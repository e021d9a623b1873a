"""Sicherheitseinbehalt: what a bill withholds, and what it releases of earlier ones.

Amounts are those of bills alone: a contract's percentage need not be theirs (sliding rates).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Retained
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import Requisition, day


def retained_of(
    requisition: Requisition, previous: Requisition | None, settings: Settings
) -> Retained | None:
    """What a bill withholds and releases; None where it does neither.

    Sums are cumulative: the difference to the bill before is what is new. Less without a release is what a
    correction takes back, which falls due as well.
    """
    now = requisition.summary.total_retainage if requisition.summary else None
    before = previous.summary.total_retainage if previous and previous.summary else None
    if now is None or (previous is not None and before is None):
        raise UnknownShape(f"{SYSTEM} answered with a requisition without its retainage")
    change = now - (before or ZERO)
    released = ZERO
    for item in requisition.items or ():
        released += item.work_completed_retainage_released_this_period or ZERO
        released += item.materials_stored_retainage_released_this_period or ZERO
    withheld = change + released
    if withheld < ZERO:
        released, withheld = released - withheld, ZERO
    if not withheld and not released:
        return None
    end = day(requisition.requisition_end) or day(requisition.billing_date)
    months = settings.requisitions.retainage_months
    due = _months_after(end, months) if withheld and end and months else None
    return Retained(withheld=withheld, released=released, due_date=due)


def retainage_problems(requisition: Requisition, title: str, currency: str) -> list[Problem]:
    """A problem where more was released than was ever kept back, or more is kept back than was done."""
    summary = requisition.summary
    kept = (summary.total_retainage if summary else None) or ZERO
    done = (summary.total_completed_and_stored_to_date if summary else None) or ZERO
    if ZERO <= kept <= max(done, ZERO):
        return []
    facts = {"title": title, "kept": f"{kept:f}", "done": f"{done:f}", "currency": currency}
    return [Problem("procore_retainage_impossible", facts)]


def _months_after(moment: date, months: int) -> date:
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return date(year, month, min(moment.day, monthrange(year, month)[1]))
