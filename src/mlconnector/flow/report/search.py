"""Search: which vouchers somebody means, as people write it, and whether one is among them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.flow.report.voucher_facts import VoucherFacts
from mlconnector.store.lookup import Scope
from mlconnector.store.vouchers import VoucherRow, VoucherState

ListedState = Literal[VoucherState, "reversed"]
"""The state of a voucher, or that its booking was taken back (`storniert`)."""

_RANGE = ".."
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")


class Unreadable(ValueError):
    """A period or an amount that is none; the text says which form is expected."""


@dataclass(frozen=True, slots=True)
class Search:
    """Vouchers by state, number, customer, period, amount and kind; what is None is not asked for.

    `number` and `customer` are parts of them, in capital or small letters; the number may also be the id in
    the source, and `text` is a part of any of them. `period` is `2026`, `2026-07`, `2026-07-15`, or two of
    them as `2026-07..2026-09`. `amount` is gross and without its sign: `119,00` or `100..200`. An end of a
    range may be left open.
    """

    state: ListedState | None = None
    number: str | None = None
    customer: str | None = None
    period: str | None = None
    amount: str | None = None
    kind: str | None = None
    text: str | None = None

    @property
    def is_of_content(self) -> bool:
        """Whether only the content of a voucher can tell."""
        return bool(self.number or self.customer or self.amount or self.text)

    def scope(self, connection: str | None) -> Scope:
        """What of it the database can tell. Raises Unreadable."""
        first, last = period_of(self.period) if self.period else (None, None)
        if self.state is None or self.state == "reversed":
            return Scope(connection, (), first, last, self.state is not None, self.kind or None)
        return Scope(connection, (self.state,), first, last, kind=self.kind or None)

    def means(self, row: VoucherRow, facts: VoucherFacts) -> bool:
        """Whether a voucher is among those that are meant. Raises Unreadable."""
        if self.kind and row.kind != self.kind:
            return False
        is_in_state = row.is_reversed if self.state == "reversed" else self.state in {None, row.state}
        names = (row.number or "", row.external_id, row.id)
        return is_in_state and self._is_in_period(row.document_date) and self.says(names, facts)

    def says(self, names: Sequence[str], facts: VoucherFacts) -> bool:
        """Whether something of these names, which says this, is meant. Raises Unreadable."""
        if self.number and not any(_has(name, self.number) for name in names):
            return False
        if self.customer and not _has(facts.customer, self.customer):
            return False
        if self.text and not any(_has(said, self.text) for said in (*names, facts.customer)):
            return False
        return self._has_amount(facts.amount)

    def _is_in_period(self, day: date | None) -> bool:
        if not self.period:
            return True
        first, last = period_of(self.period)
        return day is not None and (first is None or first <= day) and (last is None or day <= last)

    def _has_amount(self, amount: Decimal | None) -> bool:
        if not self.amount:
            return True
        least, most = amounts_of(self.amount)
        return (
            amount is not None
            and (least is None or least <= abs(amount))
            and (most is None or abs(amount) <= most)
        )


EVERYTHING = Search()


def period_of(text: str) -> tuple[date | None, date | None]:
    """The first and the last day of a period; None where it is open. Raises Unreadable."""
    first, is_range, last = text.partition(_RANGE)
    last = last if is_range else first
    begin = _days(first)[0] if first.strip() else None
    end = _days(last)[1] if last.strip() else None
    if (begin is None and end is None) or (begin and end and end < begin):
        raise Unreadable(text)
    return begin, end


def amounts_of(text: str) -> tuple[Decimal | None, Decimal | None]:
    """The least and the highest amount; None where it is open. Raises Unreadable."""
    least, is_range, most = text.partition(_RANGE)
    most = most if is_range else least
    low = _amount(least) if least.strip() else None
    high = _amount(most) if most.strip() else None
    if (low is None and high is None) or (low is not None and high is not None and high < low):
        raise Unreadable(text)
    return low, high


def _days(text: str) -> tuple[date, date]:
    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise Unreadable(text)
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError as error:
        raise Unreadable(text) from error
    if day is not None:
        return first, first
    last_month = month or 12
    return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])


def _amount(text: str) -> Decimal:
    """An amount as `1.234,50`, `1234,5` or `1234.50`; a single point is the decimal one."""
    plain = text.strip()
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    if _AMOUNT.fullmatch(plain) is None:
        raise Unreadable(text)
    return abs(Decimal(plain))


def _has(text: str, part: str) -> bool:
    return " ".join(part.casefold().split()) in " ".join(text.casefold().split())
