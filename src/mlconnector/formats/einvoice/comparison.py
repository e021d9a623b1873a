"""Comparison: where an e-invoice says something else than the voucher that is booked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mlconnector.formats.einvoice.invoice import EInvoice
from mlconnector.formats.einvoice.names import any_alike
from mlconnector.formats.einvoice.seller import Seller
from mlconnector.model.entries import Because
from mlconnector.model.money import ZERO, exact, rounded
from mlconnector.model.totals import Totals
from mlconnector.model.vouchers import Kind, Voucher

Field = Literal[
    "number",
    "date",
    "type",
    "direction",
    "party",
    "country",
    "vat_id",
    "own",
    "refers_to",
    "currency",
    "tax_currency",
    "tax_in_euro",
    "net",
    "tax",
    "gross",
    "payable",
]
NOTHING = "–"
"""Stands for what one side does not say while the other does."""

_NOT_IN_A_VAT_ID = re.compile(r"[\s.\-/]")
_COUNTRIES = {"EL": "GR", "UK": "GB", "XI": "GB"}
_EURO = "EUR"
_A_CENT = Decimal("0.01")
# What an e-invoice may be for each kind of voucher; for a credit note also an invoice over less than nothing.
_TYPES: dict[Kind, frozenset[str]] = {
    Kind.INVOICE: frozenset({"invoice", "booking_aid"}),
    Kind.CREDIT_NOTE: frozenset({"credit_note"}),
    Kind.DIRECT_COST: frozenset({"invoice", "booking_aid", "credit_note"}),
}
_LESS_THAN_NOTHING = frozenset({"invoice", "booking_aid", "corrected_invoice"})
_DOWN_PAYMENTS = frozenset({"down_payment", "down_payment_given_back"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which voucher and e-invoice say different things; amounts with the sign of the voucher."""

    field: Field
    voucher: str
    einvoice: str


def differences(
    voucher: Voucher,
    sums: Totals,
    einvoice: EInvoice,
    tolerance: Decimal = ZERO,
    *,
    exchange_rate: Decimal | None = None,
    own: Seller | None = None,
) -> list[Difference]:
    """Every difference but those of the taxes.

    `sums` are the totals as they are booked. Net, tax and the amount due may be off by `tolerance` where the
    gross is the same: programs round at different places. `exchange_rate` is foreign units for one EUR. `own`
    is who we are, where that is known. Of VAT ids, names and countries only two that are both given can
    differ. A number is compared as it is but for blanks around.
    """
    found = [
        Difference("number", (voucher.number or "").strip(), einvoice.number.strip()),
        Difference("date", voucher.document_date.isoformat(), einvoice.issue_date.isoformat()),
        *_type(voucher, einvoice),
        *_parties(voucher, einvoice, own),
        *_references(voucher, einvoice),
        Difference("currency", voucher.currency, einvoice.currency),
        *_accounting_currency(sums, einvoice, tolerance, exchange_rate),
        *_totals(sums, einvoice, tolerance),
    ]
    return [one for one in found if one.voucher != one.einvoice]


def speaks_of_down_payments(voucher: Voucher, einvoice: EInvoice) -> bool:
    """Whether an e-invoice asks for a down payment, takes one off, or settles earlier invoices.

    The voucher does not say whether the tax on them was declared (§ 14 Abs. 5 Satz 2 UStG).
    """
    corrects = voucher.kind == Kind.CREDIT_NOTE or voucher.refers_to or _is_corrected(einvoice)
    return (
        einvoice.document_type.name in _DOWN_PAYMENTS
        or bool(einvoice.prepaid)
        or bool(einvoice.preceding and not corrects)
    )


def agrees_on_down_payments(voucher: Voucher, einvoice: EInvoice) -> bool:
    """Whether an e-invoice says of down payments what the source told of them.

    A request is one by its type too. A final invoice names no other invoices than those that were paid in
    advance, and takes them off either what is to be paid (BT-113), or its lines.
    """
    asks = einvoice.document_type.name in _DOWN_PAYMENTS
    prepaid = einvoice.sign * (einvoice.prepaid or ZERO)
    if voucher.requests_down_payment:
        return einvoice.document_type.name == "down_payment" and not prepaid and not einvoice.preceding
    named = {number.strip() for number in einvoice.preceding}
    known = {(one.number or "").strip() for one in voucher.down_payments}
    unclear = any(one.paid is None for one in voucher.down_payments)
    if not voucher.down_payments or asks or unclear or not named <= known:
        return False
    taken_off = einvoice.payable == einvoice.gross - (einvoice.prepaid or ZERO)
    return prepaid in {ZERO, paid_in_advance(voucher)} and (not prepaid or taken_off)


def paid_in_advance(voucher: Voucher) -> Decimal:
    """What was paid of a document before it, with the document's sign."""
    return sum((one.amount for one in voucher.down_payments if one.paid), ZERO)


def remarks(voucher: Voucher, einvoice: EInvoice) -> tuple[Because, ...]:
    """What of an e-invoice was not compared, for the audit trail."""
    said: list[Because] = []
    if not einvoice.vat:
        said.append(Because("document", "", "einvoice_without_taxes"))
    rounded_off = einvoice.payable - einvoice.gross
    if rounded_off and not einvoice.prepaid:
        facts = {"gross": f"{exact(einvoice.gross):f}", "payable": f"{exact(einvoice.payable):f}"}
        said.append(Because("document", "", "einvoice_rounded", facts))
    if einvoice.preceding and voucher.kind == Kind.CREDIT_NOTE and not voucher.refers_to:
        facts = {"numbers": ", ".join(einvoice.preceding)}
        said.append(Because("document", "", "einvoice_corrects", facts))
    return tuple(said)


def _is_corrected(einvoice: EInvoice) -> bool:
    return einvoice.document_type.name == "corrected_invoice"


def _type(voucher: Voucher, einvoice: EInvoice) -> Iterator[Difference]:
    """The kind of document; down payments are no difference, but a matter of their own."""
    name = einvoice.document_type.name
    allowed = _TYPES.get(voucher.kind, frozenset())
    if voucher.kind in {Kind.CREDIT_NOTE, Kind.DIRECT_COST} and einvoice.sign * einvoice.gross < 0:
        allowed |= _LESS_THAN_NOTHING
    if name not in allowed | _DOWN_PAYMENTS:
        yield Difference("type", voucher.kind.value, einvoice.type_code)


def _parties(voucher: Voucher, einvoice: EInvoice, own: Seller | None) -> Iterator[Difference]:
    sides = [
        (einvoice.seller_names, einvoice.seller_vat_id, einvoice.seller_country),
        (einvoice.buyer_names, einvoice.buyer_vat_id, einvoice.buyer_country),
    ]
    (our_names, our_vat_id, _), (names, vat_id, country) = (
        sides if voucher.direction == "sale" else sides[::-1]
    )
    if own is not None and not _same_party(own.name, own.vat_id or "", our_names, our_vat_id):
        yield Difference("own", _shown(own.name, own.vat_id), _shown(", ".join(our_names), our_vat_id))
    party = voucher.party
    if party is None:
        return
    ours = _plain(party.vat_id or "")
    if ours and vat_id:
        yield Difference("vat_id", ours, _plain(vat_id))
    if _same_party(party.name, ours, names, vat_id):
        if party.country and country:
            yield Difference("country", _country(party.country), _country(country))
        return
    if _same_party(party.name, ours, our_names, our_vat_id) and any(our_names):
        yield Difference("direction", voucher.direction, ", ".join(our_names))
    if not (ours and vat_id):
        yield Difference("party", party.name, ", ".join(names))


def _same_party(name: str, vat_id: str, names: tuple[str, ...], other_vat_id: str) -> bool:
    """By VAT id where both are known, otherwise by name."""
    if vat_id and other_vat_id:
        return _plain(vat_id) == _plain(other_vat_id)
    return any_alike(name, names)


def _shown(name: str, vat_id: str | None) -> str:
    return f"{name} ({_plain(vat_id)})" if vat_id else name


def _country(code: str) -> str:
    return _COUNTRIES.get(code.upper(), code.upper())


def _references(voucher: Voucher, einvoice: EInvoice) -> Iterator[Difference]:
    """The invoice that is corrected; one that only one side names is no difference."""
    named = {number.strip() for number in einvoice.preceding}
    if voucher.refers_to and named and voucher.refers_to.strip() not in named:
        yield Difference("refers_to", voucher.refers_to, ", ".join(einvoice.preceding))


def _accounting_currency(
    sums: Totals, einvoice: EInvoice, tolerance: Decimal, rate: Decimal | None
) -> Iterator[Difference]:
    """The currency in which the tax is declared (BT-6), and the tax in it."""
    if einvoice.tax_currency in {"", einvoice.currency}:
        return
    yield Difference("tax_currency", _EURO, einvoice.tax_currency)
    if einvoice.tax_currency == _EURO and einvoice.accounting_tax is not None and rate:
        ours, theirs = rounded(sums.tax / rate, _EURO), einvoice.sign * einvoice.accounting_tax
        if abs(ours - theirs) > max(tolerance, _A_CENT):
            yield Difference("tax_in_euro", f"{ours:f}", f"{exact(theirs):f}")


def _totals(sums: Totals, einvoice: EInvoice, tolerance: Decimal) -> Iterator[Difference]:
    stated_tax = einvoice.gross - einvoice.net if einvoice.tax is None else einvoice.tax
    pairs: list[tuple[Field, Decimal, Decimal]] = [
        ("net", sums.net, einvoice.sign * einvoice.net),
        ("tax", sums.tax, einvoice.sign * stated_tax),
        ("gross", sums.gross, einvoice.sign * einvoice.gross),
    ]
    same = sums.gross == einvoice.sign * einvoice.gross
    if same and not einvoice.prepaid:
        pairs.append(("payable", sums.gross, einvoice.sign * einvoice.payable))
    for field, ours, theirs in pairs:
        if abs(ours - theirs) > (tolerance if same else ZERO):
            yield Difference(field, f"{exact(ours):f}", f"{exact(theirs):f}")


def _plain(vat_id: str) -> str:
    written = _NOT_IN_A_VAT_ID.sub("", vat_id).upper()
    return "EL" + written[2:] if written.startswith("GR") else written
