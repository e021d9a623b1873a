"""Issuing: a voucher becomes the content of an invoice, or the list of what an invoice would still need.

Nothing is made up: what the source does not say is missing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec

from mlconnector.formats.einvoice.seller import Seller
from mlconnector.learnt_shapes import learnt
from mlconnector.model.money import ZERO
from mlconnector.model.totals import Totals, totals
from mlconnector.model.vouchers import Kind, Party, Voucher

INVOICE, CREDIT_NOTE = "380", "381"
_PRICE_PLACES = 4
_SMALL_BUSINESS = "small_business"
_SMALL_BUSINESS_ABROAD = "small_business_eu"


class VatCategory(msgspec.Struct, frozen=True):
    """How a tax case stands on an invoice; `vat_categories.toml` explains each part."""

    category: str
    reason: str = ""
    code: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line: `net` is `quantity` times `price` for each `per` units; `price` is never negative."""

    text: str
    product_code: str
    quantity: Decimal
    price: Decimal
    per: Decimal
    net: Decimal
    vat: VatCategory
    rate: Decimal


@dataclass(frozen=True, slots=True)
class VatTotal:
    """What is taxed alike: base and tax of one category and rate."""

    vat: VatCategory
    rate: Decimal
    base: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """The content of an invoice or, by `type_code`, of a credit note, in EUR.

    `stated` is the voucher with the signs of the document: in a credit note positive ones. `notice` is what a
    small business says of itself beside the reason at each tax (§ 34a Satz 1 Nr. 5 UStDV).
    """

    type_code: str
    number: str
    service_date: date
    seller: Seller
    buyer: Party
    stated: Voucher
    sums: Totals
    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatTotal, ...]
    notice: str = ""


@cache
def vat_categories() -> dict[str, VatCategory]:
    """How tax cases stand on invoices, by the case's name."""
    text = files(__package__).joinpath("vat_categories.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), learnt(dict[str, VatCategory]))


def invoice_of(
    voucher: Voucher, booked: Decimal, cases: Sequence[str | None], seller: Seller
) -> Invoice | list[str]:
    """The content of the voucher's invoice, or what is missing for one, as words of the kind `missing`.

    `booked` is the gross that is booked for it. `cases` are the names of the tax cases of its lines.
    """
    credit = voucher.kind == Kind.CREDIT_NOTE
    stated = _turned(voucher) if credit else voucher
    sums = totals(stated.lines, stated.currency)
    party, number, service_date = voucher.party, voucher.number, voucher.service_date
    categories = [vat_categories().get(case or "") for case in cases]
    known = [category for category in categories if category is not None]
    small = set(cases) & {_SMALL_BUSINESS, _SMALL_BUSINESS_ABROAD}
    if _SMALL_BUSINESS_ABROAD in small:
        # its own number is what the supplies are exempt by, and goes before the tax number at home
        seller = seller.model_copy(update={"tax_number": None}) if seller.small_business_id else seller
    missing = [*_missing(voucher), *_missing_of(party, known, seller)]
    if small:
        missing += _missing_of_small_business(party, cases)
    if any(
        each is not None and each.reason and net != gross
        for each, net, gross in zip(categories, sums.line_net, sums.line_gross, strict=False)
    ):
        missing.append("untaxed")
    if len(known) < len(voucher.lines):
        missing.append("tax_case")
    if len({(each.category, each.reason) for each in known}) > len({each.category for each in known}):
        missing.append("single_reason")
    if booked != (-sums.gross if credit else sums.gross):
        missing.append("total")
    lines = [_line(stated, index, sums, category) for index, category in enumerate(known)]
    if any(line is None for line in lines):
        missing.append("quantity")
    if missing or party is None or number is None or service_date is None:
        return missing
    stated_lines = tuple(line for line in lines if line is not None)
    return Invoice(
        type_code=CREDIT_NOTE if credit else INVOICE,
        number=number,
        service_date=service_date,
        seller=seller,
        buyer=party,
        stated=stated,
        sums=sums,
        lines=stated_lines,
        vat=_by_rate(stated_lines, sums),
        notice=known[0].reason if small else "",
    )


def _missing(voucher: Voucher) -> list[str]:
    wanted = {
        "sale": voucher.direction == "sale" and voucher.kind in {Kind.INVOICE, Kind.CREDIT_NOTE},
        "number": voucher.number,
        "service_date": voucher.service_date,
        "lines": voucher.lines,
        "text": all(line.text.strip() for line in voucher.lines),
        "due_date": voucher.due_date or voucher.payment_terms,
        "refers_to": voucher.kind != Kind.CREDIT_NOTE or voucher.refers_to,
        "euro": voucher.currency == "EUR",
        "no_down_payment": not (voucher.requests_down_payment or voucher.down_payments),
        "no_retainage": voucher.retained is None,
    }
    return [what for what, there in wanted.items() if not there]


def _missing_of(party: Party | None, categories: Sequence[VatCategory], seller: Seller) -> list[str]:
    if party is None:
        return ["party"]
    needed = {need for category in categories for need in category.needs}
    wanted = {
        "party_name": party.name,
        "party_street": party.street,
        "party_postal_code": party.postal_code,
        "party_city": party.city,
        "party_country": party.country,
        "party_vat_id": "buyer_vat_id" not in needed or party.vat_id,
        "seller_vat_id": "seller_vat_id" not in needed or seller.vat_id,
        "small_business_id": "small_business_id" not in needed or seller.small_business_id,
    }
    return [what for what, there in wanted.items() if not there]


def _missing_of_small_business(party: Party | None, cases: Sequence[str | None]) -> list[str]:
    """What keeps § 19 or § 19a UStG from being stated.

    A supply to a customer abroad may be taxable there: that another member state exempts it (§ 19a UStG), the
    tax case has to say.
    """
    missing = [] if len(set(cases)) == 1 else ["small_business_alone"]
    abroad = party is not None and party.country not in {None, "DE"}
    return [*missing, "small_business_at_home"] if abroad and _SMALL_BUSINESS in cases else missing


def _turned(voucher: Voucher) -> Voucher:
    lines = tuple(msgspec.structs.replace(line, amount=-line.amount) for line in voucher.lines)
    stated = None if voucher.stated_total is None else -voucher.stated_total
    return msgspec.structs.replace(voucher, lines=lines, stated_total=stated)


def _line(stated: Voucher, index: int, sums: Totals, vat: VatCategory) -> InvoiceLine | None:
    line, net = stated.lines[index], sums.line_net[index]
    quantity = abs(line.quantity)
    if quantity == ZERO:
        return None
    price, per = abs(net) / quantity, Decimal(1)
    if price != round(price, _PRICE_PLACES):
        price, per = abs(net), quantity
    return InvoiceLine(
        text=line.text.strip(),
        product_code=line.product_code or "",
        quantity=quantity.copy_sign(net) if net else quantity,
        price=price,
        per=per,
        net=net,
        vat=vat,
        rate=ZERO if line.tax_method == "none" else line.tax_rate,
    )


def _by_rate(lines: Sequence[InvoiceLine], sums: Totals) -> tuple[VatTotal, ...]:
    found: dict[tuple[str, Decimal], VatTotal] = {}
    for line, gross in zip(lines, sums.line_gross, strict=True):
        key = (line.vat.category, line.rate)
        before = found.get(key, VatTotal(line.vat, line.rate, ZERO, ZERO))
        found[key] = VatTotal(line.vat, line.rate, before.base + line.net, before.tax + gross - line.net)
    return tuple(found.values())
