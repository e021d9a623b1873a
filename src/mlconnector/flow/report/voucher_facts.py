"""Vouchers as lists show them: customer, amount, state in words, and where their record is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from mlconnector.flow.context.services import Services
from mlconnector.model.voucher_facts import VoucherFacts
from mlconnector.settings import UnreadableSettings
from mlconnector.store.vouchers import VoucherRow
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language


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
