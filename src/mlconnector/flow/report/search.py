"""Search: which vouchers somebody means, as people write it."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.model.voucher_facts import folded
from mlconnector.store.lookup import Scope
from mlconnector.store.vouchers import VoucherState

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
        """Whether it asks for what a voucher says."""
        return bool(self.number or self.customer or self.amount or self.text)

    def scope(self, connection: str | None) -> Scope:
        """The vouchers that are meant, as the database finds them. Raises Unreadable."""
        first, last = period_of(self.period) if self.period else (None, None)
        least, most = amounts_of(self.amount) if self.amount else (None, None)
        return Scope(
            connection,
            () if self.state is None or self.state == "reversed" else (self.state,),
            first,
            last,
            reversed_only=self.state == "reversed",
            kind=self.kind or None,
            number=folded(self.number or ""),
            customer=folded(self.customer or ""),
            text=folded(self.text or ""),
            least=least,
            most=most,
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
