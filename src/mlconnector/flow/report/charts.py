"""Charts over all connections, as numbers: states by day, amounts by tax case, age of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from mlconnector.flow.context.services import Services
from mlconnector.mapping.payments import PAYMENT
from mlconnector.model.money import ZERO, rounded
from mlconnector.store import charts
from mlconnector.texts.zone import shown_in

DAYS = 14
AGES = (1, 3, 7, 30)
"""Borders of the age of the queue, in days."""


@dataclass(frozen=True, slots=True)
class DayStates:
    """How many vouchers came into their present state on a day."""

    day: date
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class CaseAmount:
    """Gross of what was booked of a tax case in one currency; credit notes and reversals count negative."""

    tax_case: str
    currency: str
    amount: Decimal


def states_by_day(services: Services) -> list[DayStates]:
    """The last fourteen days, in our zone, today last."""
    starts = _days(services.now())
    with services.database.read() as db:
        found = charts.states_by_step(db, starts)
    return [
        DayStates(
            start.date(), {state: count for (step, state), count in sorted(found.items()) if step == number}
        )
        for number, start in enumerate(starts)
    ]


def amounts_by_case(services: Services) -> list[CaseAmount]:
    """What was booked in the last fourteen days, the largest first; statistical bookings do not count."""
    sums: dict[tuple[str, str], Decimal] = {}
    with services.database.read() as db:
        found = charts.sums_by_case(db, _days(services.now())[0])
    for one in found:
        sign = (1 if one.ledger == "receivable" else -1) * (-1 if one.tax_case == PAYMENT else 1)
        key = one.tax_case, one.currency
        sums[key] = sums.get(key, ZERO) + sign * one.amount
    ordered = sorted(sums.items(), key=lambda one: (-abs(one[1]), one[0]))
    return [CaseAmount(case, currency, rounded(amount, currency)) for (case, currency), amount in ordered]


def queue_by_age(services: Services) -> list[int]:
    """How many vouchers wait to be sent: read within each of `AGES`, and before the last of them."""
    now = services.now()
    with services.database.read() as db:
        found = charts.queue_by_age(db, [now - timedelta(days=age) for age in AGES])
    return [found.get(number, 0) for number in range(len(AGES) + 1)]


def _days(now: datetime) -> list[datetime]:
    """When each of the last days began."""
    today = now.astimezone(shown_in()).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
