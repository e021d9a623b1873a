"""The lines of a deal as lines of a voucher: discounts, tax methods, and whether they make up its value."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from mlconnector.model.money import HUNDRED, ZERO, exact, rounded, shared_out
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line, TaxMethod
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.pipedrive.settings import Settings
from mlconnector.systems.pipedrive.shapes import Deal, DealProduct, Discount, Product

_TAX_METHODS: dict[str, TaxMethod] = {"exclusive": "exclusive", "inclusive": "inclusive", "none": "none"}
_DISCOUNT_TYPES = frozenset({"percentage", "amount", None})


def enabled(products: Sequence[DealProduct]) -> list[DealProduct]:
    """The lines that count; Pipedrive keeps others as alternatives."""
    return [product for product in products if product.is_enabled]


def may_have_discounts(deal: Deal, products: Sequence[DealProduct]) -> bool:
    """Whether the whole deal may be discounted: by Pipedrive's own sums its lines are not its value."""
    sums = [product.sum for product in enabled(products)]
    if not sums or deal.value is None or None in sums:
        return bool(sums)
    return sum((each for each in sums if each is not None), ZERO) != deal.value


def voucher_lines(
    deal: Deal,
    products: Sequence[DealProduct],
    discounts: Sequence[Discount],
    catalogue: dict[int, Product],
    categories: dict[str, str],
    settings: Settings,
) -> tuple[tuple[Line, ...], list[Problem]]:
    """The lines of a won deal, without those that move nothing, and what is wrong with them.

    `catalogue` has the products by id, `categories` the labels of categories that are given as option ids.
    """
    counting = enabled(products)
    if not counting:
        return _value_as_line(deal, settings)
    currency = deal.currency or ""
    foreign = sorted({each.currency for each in counting if each.currency and each.currency != currency})
    if foreign:
        facts = {"currency": currency, "line_currency": ", ".join(foreign), "title": clean(deal.title)}
        return (), [Problem("line_currency_differs", facts)]
    unreadable = [clean(each.name) for each in counting if not _is_readable(each)]
    if unreadable:
        facts = {"line": ", ".join(unreadable), "title": clean(deal.title)}
        return (), [Problem("line_unreadable", facts)]
    amounts = [line_amount(each, settings.discount_amount_is) for each in counting]
    whole = [
        _line(each, amount, catalogue, categories) for each, amount in zip(counting, amounts, strict=True)
    ]
    lines = _with_amounts(whole, _after_discounts(amounts, discounts, currency))
    if not _adds_up(lines, deal, ZERO):
        cents = [rounded(amount, currency) for amount in amounts]
        by_cents = _with_amounts(whole, _after_discounts(cents, discounts, currency))
        # Pipedrive shows a sum of whole cents for every line; where these alone make up the value, the
        # invoice was written with them.
        lines = by_cents if _adds_up(by_cents, deal, ZERO) else lines
    problems = [*_recurring(counting, deal), *_mismatch(lines, deal, settings.value_tolerance)]
    return tuple(line for line in lines if line.amount != ZERO), problems


def line_amount(product: DealProduct, discount_amount_is: str) -> Decimal:
    """What a line costs after its own discount, exactly; with or without tax as its tax method says."""
    quantity, discount = product.quantity or ZERO, product.discount or ZERO
    base = quantity * (product.item_price or ZERO)
    if product.discount_type == "amount":
        return base - discount * (quantity if discount_amount_is == "unit" else 1)
    return base * (HUNDRED - discount) / HUNDRED


def _is_readable(product: DealProduct) -> bool:
    known = (product.tax_method or "") in _TAX_METHODS and product.discount_type in _DISCOUNT_TYPES
    return known and product.quantity is not None and product.item_price is not None


def _after_discounts(
    amounts: Sequence[Decimal], discounts: Sequence[Discount], currency: str
) -> list[Decimal]:
    """The amounts less the discounts of the deal: each a rounded sum off all lines, shared out over them."""
    subtotal = sum(amounts, ZERO)
    off = sum(
        (
            rounded(subtotal * each.amount / HUNDRED if each.type == "percentage" else each.amount, currency)
            for each in discounts
        ),
        ZERO,
    )
    if off == ZERO:
        return list(amounts)
    shares = shared_out(off, amounts, currency)
    return [amount - share for amount, share in zip(amounts, shares, strict=True)]


def _with_amounts(lines: Sequence[Line], amounts: Sequence[Decimal]) -> list[Line]:
    return [msgspec.structs.replace(line, amount=amount) for line, amount in zip(lines, amounts, strict=True)]


def _line(
    product: DealProduct, amount: Decimal, catalogue: dict[int, Product], categories: dict[str, str]
) -> Line:
    listed = catalogue.get(product.product_id) if product.product_id is not None else None
    name = clean(product.name)
    category = str(listed.category) if listed and listed.category is not None else ""
    return Line(
        text=" – ".join(part for part in (name, clean(product.comments)) if part),
        amount=amount,
        tax_method=_TAX_METHODS[product.tax_method or ""],
        tax_rate=ZERO if product.tax_method == "none" else product.tax or ZERO,
        quantity=product.quantity or ZERO,
        product=(clean(listed.name) if listed else "") or name or None,
        product_code=(clean(listed.code) if listed else "") or None,
        category=clean(categories.get(category, category)) or None,
    )


def _value_as_line(deal: Deal, settings: Settings) -> tuple[tuple[Line, ...], list[Problem]]:
    value = deal.value or ZERO
    if value == ZERO:
        return (), []
    rate = settings.without_products_tax_rate
    if settings.without_products == "hold" or rate is None:
        facts = {"value": f"{exact(value):f}", "currency": deal.currency or "", "title": clean(deal.title)}
        return (), [Problem("lines_missing", facts)]
    line = Line(
        text=clean(deal.title),
        amount=value,
        tax_method="exclusive" if settings.without_products == "net" else "inclusive",
        tax_rate=rate,
    )
    return (line,), []


def _adds_up(lines: Sequence[Line], deal: Deal, tolerance: Decimal) -> bool:
    sums = totals(lines, deal.currency or "")
    stated = deal.value or ZERO
    return abs(sums.net - stated) <= tolerance or abs(sums.gross - stated) <= tolerance


def _mismatch(lines: Sequence[Line], deal: Deal, tolerance: Decimal) -> list[Problem]:
    if _adds_up(lines, deal, tolerance):
        return []
    currency = deal.currency or ""
    sums = totals(lines, currency)
    net, gross = f"{sums.net:f}", f"{sums.gross:f}"
    facts = {
        "stated": f"{rounded(deal.value or ZERO, currency):f}",
        "lines": net if net == gross else f"{net} / {gross}",
        "net": net,
        "gross": gross,
        "currency": currency,
    }
    return [Problem("total_differs", facts)]


def _recurring(products: Sequence[DealProduct], deal: Deal) -> list[Problem]:
    """A line that is billed again and again is more than one invoice; which one this deal means is open."""
    names = [clean(each.name) for each in products if each.billing_frequency not in {None, "one-time"}]
    if not names:
        return []
    return [Problem("line_recurring", {"line": ", ".join(names), "title": clean(deal.title)})]
