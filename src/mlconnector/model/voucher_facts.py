"""What people know a voucher by: its customer and its amount, as a revision has them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import msgspec

from mlconnector.model.money import ZERO, rounded
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Allocation, DownPayment, Line, Retained


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """Customer (or supplier), gross amount with its sign, currency and direction, as far as they are known.

    `owed` is what falls due by the document itself: without down payments that it settles, which their
    requests owe, and without what is kept back as a security, but with what is released of it.
    """

    customer: str = ""
    amount: Decimal | None = None
    currency: str = ""
    owed: Decimal | None = None
    direction: str = ""


class _Party(msgspec.Struct, frozen=True):
    name: str = ""


class _Content(msgspec.Struct, frozen=True):
    """What is looked at of a revision."""

    party: _Party | None = None
    direction: str = ""
    currency: str = ""
    lines: tuple[Line, ...] = ()
    stated_total: Decimal | None = None
    stated_total_is: str = "gross"
    allocations: tuple[Allocation, ...] = ()
    down_payments: tuple[DownPayment, ...] = ()
    retained: Retained | None = None


_decoder = msgspec.json.Decoder(_Content)


def facts_of(content: str | None) -> VoucherFacts:
    """What a revision says; nothing of one that could not be read."""
    if content is None:
        return VoucherFacts()
    said = _decoder.decode(content)
    customer = said.party.name if said.party else ""
    try:
        gross = _gross(said)
        return VoucherFacts(customer, gross, said.currency, _owed(gross, said), said.direction)
    except InvalidOperation:
        # More digits than money has: such a voucher waits, and is listed without an amount.
        return VoucherFacts(customer, None, said.currency, None, said.direction)


def _gross(said: _Content) -> Decimal | None:
    """The gross of the document, or the money of a payment. Raises InvalidOperation."""
    if said.allocations:
        return rounded(sum((one.amount for one in said.allocations), ZERO), said.currency)
    if said.stated_total is not None and (said.stated_total_is == "gross" or not said.lines):
        return rounded(said.stated_total, said.currency)
    return totals(said.lines, said.currency).gross if said.lines else None


def _owed(gross: Decimal | None, said: _Content) -> Decimal | None:
    if said.retained is not None and not any(line.amount for line in said.lines):
        return rounded(said.retained.released, said.currency)
    if gross is None:
        return None
    kept = said.retained or Retained()
    settled = sum((one.amount for one in said.down_payments), ZERO)
    return gross - settled - rounded(kept.withheld, said.currency) + rounded(kept.released, said.currency)


def folded(text: str) -> str:
    """A text as searches compare it: capital letters and how much space there is do not count."""
    return " ".join(text.casefold().split())
