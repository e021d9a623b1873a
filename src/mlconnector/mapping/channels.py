"""Channels: in which format each kind of voucher reaches DATEV, and since which day.

No row is about commitments: statistical bookings are no suggestions, so they always go as EXTF.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from mlconnector.mapping.books import Table
from mlconnector.model.entries import BookedIn
from mlconnector.model.unsuitable import Unsuitable
from mlconnector.model.vouchers import Kind, Voucher

Channel = Literal["extf", "dxso"]
Agreed = Literal["sales", "purchases", "payments"]
Carried = Agreed | Literal["commitments"]


class ChannelRow(Table):
    """From which document date on a kind of voucher goes in which format; what has no row goes as EXTF.

    Two rows of one kind are a cut-over: documents before the second one's day keep the earlier format, so
    that no document is ever carried by both.
    """

    kind: Agreed
    format: Channel
    since: date = Field(alias="from")

    @model_validator(mode="after")
    def _can_be_carried(self) -> Self:
        if self.since.day != 1:
            raise Unsuitable(
                "a format is changed at the beginning of a month, not on {day}", day=f"{self.since:%d.%m.%Y}"
            )
        if self.kind == "payments" and self.format == "dxso":
            raise Unsuitable(
                "DXSO cannot carry payments, only invoices and credit notes: leave payments to extf"
            )
        return self


def carried_as(voucher: Voucher) -> Carried:
    """Which kind of the channel table a voucher is."""
    if voucher.kind == Kind.PAYMENT:
        return "payments"
    if voucher.kind == Kind.COMMITMENT:
        return "commitments"
    return "sales" if voucher.direction == "sale" else "purchases"


def carried_in(kind: str, ledger: BookedIn) -> Carried:
    """Which kind of the channel table a booking is, by the kind of its voucher and where it stands."""
    if ledger == "statistical":
        return "commitments"
    if kind == Kind.PAYMENT:
        return "payments"
    return "sales" if ledger == "receivable" else "purchases"


def channel_of(rows: Iterable[ChannelRow], kind: Carried, day: date) -> Channel:
    """The format for a kind of voucher whose document has this date."""
    before = [row for row in rows if row.kind == kind and row.since <= day]
    return max(before, key=lambda row: row.since).format if before else "extf"
