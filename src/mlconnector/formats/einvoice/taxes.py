"""Taxes: whether an e-invoice charges, or leaves out, the tax for the reason that is booked.

Amounts alone do not tell reverse charge from an intra-community supply or an export: category and rate do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import zip_longest

import msgspec

from mlconnector.formats.einvoice.invoice import EInvoice, VatGroup
from mlconnector.learnt_shapes import learnt
from mlconnector.model.entries import EntryLine
from mlconnector.model.money import ZERO
from mlconnector.model.vouchers import Direction

# Codes of the VATEX list that say more than the category E beside them, or something else.
_BY_REASON = {
    "VATEX-EU-AE": "AE",
    "VATEX-EU-IC": "K",
    "VATEX-EU-G": "G",
    "VATEX-EU-O": "O",
    "VATEX-EU-D": "margin",
    "VATEX-EU-F": "margin",
    "VATEX-EU-I": "margin",
    "VATEX-EU-J": "margin",
}


_MARGIN_TAXED = "margin_scheme_19"


@dataclass(frozen=True, slots=True)
class BookedTax:
    """What is booked under one tax case at one rate, as the document shows it: the gross in its signs."""

    case: str
    rate: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class StatedTax:
    """What an e-invoice states under one category at one rate, with the voucher's signs.

    `category` is BT-118, or what the code of the reason (BT-121) makes of it.
    """

    category: str
    rate: Decimal
    gross: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TaxDifference:
    """A tax that is booked otherwise than stated; one side is None where the other has no counterpart."""

    booked: BookedTax | None
    stated: StatedTax | None


@cache
def categories() -> dict[str, tuple[str, ...]]:
    """The categories that agree with each tax case."""
    text = files(__package__).joinpath("tax_case_categories.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), learnt(dict[str, tuple[str, ...]]))


def booked_taxes(lines: Iterable[EntryLine], direction: Direction) -> list[BookedTax]:
    """The taxes of an entry's lines; a tax that the client adds itself is not on the document."""
    sign = 1 if direction == "sale" else -1
    found: dict[tuple[str, Decimal], BookedTax] = {}
    for line in lines:
        # the tax of a margin is on no document (§ 14a Abs. 6 Satz 2 UStG)
        rate = ZERO if line.tax_added or line.tax_case == _MARGIN_TAXED else line.tax_rate
        before = found.get((line.tax_case, rate), BookedTax(line.tax_case, rate, ZERO))
        found[line.tax_case, rate] = replace(before, gross=before.gross + sign * line.amount)
    return list(found.values())


def tax_differences(
    booked: Sequence[BookedTax], einvoice: EInvoice, tolerance: Decimal = ZERO
) -> list[TaxDifference]:
    """Where the e-invoice's breakdown (BG-23) differs from what is booked.

    Of one without breakdown, as MINIMUM has none, nothing can be said. That amounts are spread otherwise over
    the taxes is only told where their sums agree: that the sums differ is told elsewhere.
    """
    if not einvoice.vat:
        return []
    stated = _stated(einvoice)
    parts = _alike(booked, stated)
    alone = [part for part in parts if not (part.booked and part.stated)]
    ours = [one for part in alone for one in part.booked if one.gross]
    theirs = [one for part in alone for one in part.stated if one.gross]
    ours.sort(key=lambda one: -abs(one.gross))
    theirs.sort(key=lambda one: -abs(one.gross))
    found = [TaxDifference(one, other) for one, other in zip_longest(ours, theirs)]
    same_sum = abs(_sum(booked) - _sum(stated)) <= tolerance
    if found or not same_sum:
        return found
    return [
        TaxDifference(
            BookedTax(" + ".join(one.case for one in part.booked), part.booked[0].rate, _sum(part.booked)),
            replace(part.stated[0], gross=_sum(part.stated)),
        )
        for part in parts
        if part.booked and part.stated and abs(_sum(part.booked) - _sum(part.stated)) > tolerance
    ]


def _stated(einvoice: EInvoice) -> list[StatedTax]:
    found: dict[tuple[str, Decimal], StatedTax] = {}
    for group in einvoice.vat:
        category, rate = _meant(group), group.rate or ZERO
        gross = einvoice.sign * (group.base + group.tax)
        before = found.get((category, rate), StatedTax(category, rate, ZERO, group.reason))
        found[category, rate] = replace(before, gross=before.gross + gross)
    return list(found.values())


def _meant(group: VatGroup) -> str:
    """The category, or what its reason makes of it; two that exclude each other are both told."""
    by_reason = _BY_REASON.get(group.reason, group.category)
    if group.category in {"E", by_reason}:
        return by_reason
    return f"{group.category}/{by_reason}"


@dataclass(slots=True)
class _Part:
    """Taxes that stand for each other on both sides."""

    booked: list[BookedTax]
    stated: list[StatedTax]


def _alike(booked: Sequence[BookedTax], stated: Sequence[StatedTax]) -> list[_Part]:
    parts = [_Part([], [one]) for one in stated]
    for tax in booked:
        ours = [part for part in parts if any(_agree(tax, one) for one in part.stated)]
        merged = _Part([tax], [])
        for part in ours:
            merged.booked += part.booked
            merged.stated += part.stated
        parts = [*(part for part in parts if part not in ours), merged]
    return parts


def _agree(booked: BookedTax, stated: StatedTax) -> bool:
    return booked.rate == stated.rate and stated.category in categories().get(booked.case, ())


def _sum(taxes: Iterable[BookedTax | StatedTax]) -> Decimal:
    return sum((tax.gross for tax in taxes), ZERO)
