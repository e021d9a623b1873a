"""Hand-booked: what a change in the source means for somebody who has typed the booking."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Voucher

# An attribute that says who looks after a record; no booking shows it.
_NOT_TYPED = frozenset({"owner"})


def differs_from_hand_booking(now: Voucher, typed: Voucher | None) -> Problem | None:
    """The problem of a voucher that is no longer what somebody has typed; None where nothing of that changed.

    Titles, texts of lines, files, addresses and people are not typed. `typed` is None for a voucher that
    could not be read when it was booked by hand: then nobody can tell, which is said, too.
    """
    if typed is not None and _typed(now) == _typed(typed):
        return None
    before = now if typed is None else typed
    day = _change(before.document_date.isoformat(), now.document_date.isoformat())
    document = _change(before.number, now.number)
    party = _change(_party(before), _party(now))
    amount = _change(_gross(before), _gross(now))
    is_withdrawn = now.standing == "withdrawn" and before.standing == "final"
    told = is_withdrawn or any((*day, *document, *party, *amount))
    facts = {
        "number": now.number or now.external_id,
        "currency": now.currency,
        "day_before": day[0],
        "day_now": day[1],
        "document_before": document[0],
        "document_now": document[1],
        "party_before": party[0],
        "party_now": party[1],
        "amount_before": amount[0],
        "amount_now": amount[1],
        "withdrawn": "yes" if is_withdrawn else "",
        "further": "" if told or typed is None else "yes",
        "unread": "yes" if typed is None else "",
    }
    return Problem("hand_booking_differs", facts)


def _party(voucher: Voucher) -> str:
    return "" if voucher.party is None else voucher.party.name


def _change(before: str | None, now: str | None) -> tuple[str, str]:
    """What it was and is; nothing where it is the same."""
    return ("", "") if before == now else (before or "–", now or "–")


def _typed(voucher: Voucher) -> Voucher:
    """The voucher without what nobody types."""
    party = voucher.party
    if party is not None:
        nowhere = {"street": None, "postal_code": None, "city": None, "email": None}
        party = msgspec.structs.replace(party, **nowhere)
    lines = tuple(
        msgspec.structs.replace(line, text="", quantity=Decimal(1), product=None) for line in voucher.lines
    )
    attributes = {name: value for name, value in voucher.attributes.items() if name not in _NOT_TYPED}
    return msgspec.structs.replace(
        voucher, title="", party=party, lines=lines, attachments=(), attributes=attributes
    )


def _gross(voucher: Voucher) -> str:
    """What is due by a voucher, or the money of a payment; empty where it has more digits than money has."""
    try:
        if voucher.allocations:
            return f"{rounded(sum((one.amount for one in voucher.allocations), ZERO), voucher.currency):f}"
        return f"{totals(voucher.lines, voucher.currency).gross:f}"
    except InvalidOperation:
        return ""
