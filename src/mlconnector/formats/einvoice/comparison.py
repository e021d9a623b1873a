"""Comparison: where an e-invoice says something else than the voucher that is booked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mlconnector.formats.einvoice.invoice import EInvoice
from mlconnector.model.money import ZERO, exact
from mlconnector.model.totals import Totals
from mlconnector.model.vouchers import Voucher

Field = Literal["number", "date", "currency", "net", "tax", "gross", "vat_id"]
_NOT_IN_A_VAT_ID = re.compile(r"[\s.\-/]")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which voucher and e-invoice say different things; amounts with the sign of the voucher."""

    field: Field
    voucher: str
    einvoice: str


def differences(
    voucher: Voucher, sums: Totals, einvoice: EInvoice, tolerance: Decimal = ZERO
) -> list[Difference]:
    """Every difference, in the order of the fields above.

    `sums` are the totals as they are booked. Net and tax may be off by `tolerance` where the gross is the
    same: programs round the tax at different places. Of VAT ids, the buyer's in a sale and the seller's in a
    purchase, only two that are both given can differ. A number is compared as it is but for blanks around.
    """
    found = [
        Difference("number", (voucher.number or "").strip(), einvoice.number.strip()),
        Difference("date", voucher.document_date.isoformat(), einvoice.issue_date.isoformat()),
        Difference("currency", voucher.currency, einvoice.currency),
        *_totals(sums, einvoice, tolerance),
        *_vat_ids(voucher, einvoice),
    ]
    return [one for one in found if one.voucher != one.einvoice]


def _totals(sums: Totals, einvoice: EInvoice, tolerance: Decimal) -> list[Difference]:
    stated_tax = einvoice.gross - einvoice.net if einvoice.tax is None else einvoice.tax
    pairs: tuple[tuple[Field, Decimal, Decimal], ...] = (
        ("net", sums.net, einvoice.sign * einvoice.net),
        ("tax", sums.tax, einvoice.sign * stated_tax),
        ("gross", sums.gross, einvoice.sign * einvoice.gross),
    )
    allowed = tolerance if sums.gross == einvoice.sign * einvoice.gross else ZERO
    return [
        Difference(field, f"{exact(ours):f}", f"{exact(theirs):f}")
        for field, ours, theirs in pairs
        if abs(ours - theirs) > allowed
    ]


def _vat_ids(voucher: Voucher, einvoice: EInvoice) -> list[Difference]:
    ours = _plain(voucher.party.vat_id if voucher.party and voucher.party.vat_id else "")
    theirs = _plain(einvoice.buyer_vat_id if voucher.direction == "sale" else einvoice.seller_vat_id)
    return [Difference("vat_id", ours, theirs)] if ours and theirs else []


def _plain(vat_id: str) -> str:
    return _NOT_IN_A_VAT_ID.sub("", vat_id).upper()
