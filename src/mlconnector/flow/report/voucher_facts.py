"""What people know a voucher by: customer, amount, and where its record is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import msgspec

from mlconnector.flow.context.services import Services
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Allocation, DownPayment, Line, Retained
from mlconnector.settings import UnreadableSettings
from mlconnector.store.vouchers import VoucherRow
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """Customer (or supplier), gross amount with its sign, and currency, as far as they are known.

    `owed` is what falls due by the document itself: without down payments that it settles, which their
    requests owe, and without what is kept back as a security, but with what is released of it.
    """

    customer: str = ""
    amount: Decimal | None = None
    currency: str = ""
    owed: Decimal | None = None


class _Party(msgspec.Struct, frozen=True):
    name: str = ""


class _Content(msgspec.Struct, frozen=True):
    """What is looked at of a revision."""

    party: _Party | None = None
    currency: str = ""
    lines: tuple[Line, ...] = ()
    stated_total: Decimal | None = None
    stated_total_is: str = "gross"
    allocations: tuple[Allocation, ...] = ()
    down_payments: tuple[DownPayment, ...] = ()
    retained: Retained | None = None


class _Named(msgspec.Struct, frozen=True):
    """As little as that of a revision, for looking through many."""

    party: _Party | None = None


_decoder = msgspec.json.Decoder(_Content)
_of_names = msgspec.json.Decoder(_Named)


def facts_of(content: str | None) -> VoucherFacts:
    """What a revision says; nothing of one that could not be read."""
    if content is None:
        return VoucherFacts()
    said = _decoder.decode(content)
    gross = _gross(said)
    return VoucherFacts(said.party.name if said.party else "", gross, said.currency, _owed(gross, said))


def customer_of(content: str | None) -> VoucherFacts:
    """The customer or supplier of a revision alone, which is quicker."""
    party = None if content is None else _of_names.decode(content).party
    return VoucherFacts() if party is None else VoucherFacts(party.name)


def _gross(said: _Content) -> Decimal | None:
    """The gross of the document, or the money of a payment."""
    try:
        if said.allocations:
            return rounded(sum((one.amount for one in said.allocations), ZERO), said.currency)
        if said.stated_total is not None and (said.stated_total_is == "gross" or not said.lines):
            return rounded(said.stated_total, said.currency)
        return totals(said.lines, said.currency).gross if said.lines else None
    except InvalidOperation:
        # More digits than money has: such a voucher waits, and is listed without an amount.
        return None


def _owed(gross: Decimal | None, said: _Content) -> Decimal | None:
    if said.retained is not None and not any(line.amount for line in said.lines):
        return rounded(said.retained.released, said.currency)
    if gross is None:
        return None
    kept = said.retained or Retained()
    settled = sum((one.amount for one in said.down_payments), ZERO)
    return gross - settled - rounded(kept.withheld, said.currency) + rounded(kept.released, said.currency)


def links_of(services: Services) -> Callable[[VoucherRow], str]:
    """Says where the record of a voucher is seen in its system; empty where nobody knows."""

    @cache
    def of_connection(name: str) -> Callable[[str], str]:
        try:
            return services.record_address(name)
        except UnreadableSettings:
            # `status` and every run say so; a list of what waits must be readable all the same.
            return lambda _external_id: ""

    return lambda row: of_connection(row.connection)(row.external_id)


def reason_in_words(row: VoucherRow, spoken: Language) -> str:
    """Why a voucher is in its state; what a person gave as a reason stays in that person's words."""
    return row.set_aside_because if row.is_set_aside else word("reason", row.reason, spoken)


def set_aside_by(row: VoucherRow) -> dict[str, Any] | None:
    """Who left a voucher out or booked it by hand, when, and why; None where nobody did."""
    if not row.is_set_aside:
        return None
    return {"by": row.set_aside_by or "", "at": row.set_aside_at, "reason": row.set_aside_because}


def told(
    services: Services, rows: Iterable[tuple[VoucherRow, VoucherFacts]], language: Language | None = None
) -> list[dict[str, Any]]:
    """Vouchers as lists show them to people and machines; words as the installation speaks, or as named."""
    link_of, spoken = links_of(services), language or services.settings.language
    return [
        {
            "voucher": row.id,
            "connection": row.connection,
            "kind": row.kind,
            "external_id": row.external_id,
            "number": row.number,
            "document_date": row.document_date,
            "customer": facts.customer or None,
            "amount": None if facts.amount is None else f"{facts.amount:f}",
            "currency": facts.currency or None,
            "link": link_of(row) or None,
            "revision": row.revision,
            "state": row.state,
            "reversed": row.is_reversed,
            "reason": row.reason,
            "reason_in_words": reason_in_words(row, spoken),
            "set_aside": set_aside_by(row),
        }
        for row, facts in rows
    ]
