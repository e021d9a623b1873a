"""The lines, discounts and value of a generated deal, in one documented convention.

`line.sum` = quantity x item_price - discount of the line, rounded half up to cents; a discount of type
`amount` counts once per line. Tax that comes on top (`exclusive`) is in neither `sum` nor `value`.
`deal.value` = the sums of the enabled lines, less the discounts of the deal; a percentage is taken of those
sums. What Pipedrive itself does here is not documented, so a reader of deals must compute on its own.

Inside this module money is whole cents and quantities are whole hundredths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from mlconnector.standins.pipedrive.records import Discount, Line, Number
from mlconnector.standins.pipedrive.vocabulary import CatalogueItem, Kind, Money, vocabulary

FIRST_PRODUCT = 501
DELETED_PRODUCT = 599
UNTAXED_CASES = frozenset(
    {
        "eu_business",
        "third_country",
        "foreign_currency_with_rate",
        "foreign_currency_without_rate",
        "eu_without_vat_id",
        "invalid_vat_id",
        "domestic_without_tax",
    }
)
_LINE_COUNTS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 5)


@dataclass
class Order:
    """What is being priced: the deal and the kinds of its case, lines and text."""

    random: Random
    deal_id: int
    case: str
    kind: str
    text: Kind
    money: Money | None
    time: str
    day: str
    first_line_id: int
    lines: list[Line] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    value: int = 0


def price(order: Order) -> None:
    """Fill in the lines, discounts and value of `order`."""
    if order.case == "without_products":
        order.value = order.random.randrange(50_000, 2_000_000)
        return
    for item in _chosen(order):
        _add_line(order, item)
    _peculiarity(order)
    order.value = deal_value(order.lines, order.discounts)
    if order.case == "value_mismatch":
        order.value += 10_000


def deal_value(lines: list[Line], discounts: list[Discount]) -> int:
    """The value in cents that belongs to these lines and discounts."""
    subtotal = sum(cents(line.sum) for line in lines if line.is_enabled)
    return subtotal - sum(
        half_up(subtotal * cents(discount.amount), 10_000)
        if discount.type == "percentage"
        else cents(discount.amount)
        for discount in discounts
    )


def line_sum(line: Line) -> int:
    """The sum in cents that belongs to the other values of the line."""
    base = half_up(cents(line.quantity) * cents(line.item_price), 100)
    if line.discount_type == "percentage":
        return base - half_up(base * cents(line.discount), 10_000)
    return base - cents(line.discount)


def number(hundredths: int) -> Number:
    """A JSON number as JavaScript writes it: whole numbers without a fraction."""
    return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100


def cents(value: Number) -> int:
    """The hundredths of a JSON number that has at most two decimals."""
    return round(value * 100)


def half_up(dividend: int, divisor: int) -> int:
    """Whole-number division rounded to the nearest, halves away from zero."""
    rounded = (2 * abs(dividend) + divisor) // (2 * divisor)
    return rounded if dividend >= 0 else -rounded


def _chosen(order: Order) -> list[CatalogueItem]:
    products, random = vocabulary().products, order.random
    if order.case == "product_gone":
        return [vocabulary().deleted_product]
    if order.case in ("zero_value", "recurring"):
        return [random.choice(products)]
    if order.kind == "mixed_rates":
        seven = [item for item in products if item.tax == 7]
        nineteen = [item for item in products if item.tax == 19]
        return [*random.sample(nineteen, random.randrange(1, 3)), random.choice(seven)]
    return random.sample(products, random.choice(_LINE_COUNTS))


def _add_line(order: Order, item: CatalogueItem) -> Line:
    method, tax = _tax(order, item)
    unit_price = item.price * order.random.randrange(80, 121) // 100
    if method == "inclusive":
        unit_price = half_up(unit_price * (100 + tax), 100)
    if order.money is not None:
        unit_price = half_up(unit_price * order.money.per_euro, 10_000)
    place = len(order.lines)
    line = Line(
        id=order.first_line_id + place,
        sum=0,
        tax=tax,
        deal_id=order.deal_id,
        name=order.text.line.format(product=item.name) if order.text.line and place == 0 else item.name,
        product_id=product_id(item),
        product_variation_id=None,
        order_nr=place + 1,
        add_time=order.time,
        update_time=order.time,
        comments="",
        currency=order.money.currency if order.money else "EUR",
        discount=0,
        quantity=order.random.randrange(1, 16),
        item_price=number(unit_price),
        tax_method=method,
        discount_type="percentage",
        is_enabled=True,
        billing_frequency="one-time",
        billing_frequency_cycles=None,
        billing_start_date=None,
    )
    line.sum = number(line_sum(line))
    order.lines.append(line)
    return line


def product_id(item: CatalogueItem) -> int:
    """The id of a catalogue item in the account."""
    products = vocabulary().products
    return FIRST_PRODUCT + products.index(item) if item in products else DELETED_PRODUCT


def _tax(order: Order, item: CatalogueItem) -> tuple[str, int]:
    if order.case in UNTAXED_CASES:
        return "none", 0
    if order.case == "unknown_tax_rate":
        return "exclusive", 16 if item.tax == 19 else 5
    return ("inclusive" if order.kind == "inclusive" else "exclusive"), item.tax


def _peculiarity(order: Order) -> None:
    random, first = order.random, order.lines[0]
    if order.case == "zero_value":
        first.discount = 100
    elif order.case == "recurring":
        first.billing_frequency, first.billing_frequency_cycles = "monthly", 12
        first.billing_start_date = order.day
    elif order.kind == "line_discount_percentage":
        first.discount = random.choice((2, 3, 5, 10, 12.5))
    elif order.kind == "line_discount_amount":
        first.discount_type, first.discount = (
            "amount",
            number(cents(first.sum) * random.randrange(3, 15) // 100),
        )
    elif order.kind == "decimal_quantity":
        for line in order.lines:
            line.quantity = number(random.choice((25, 50, 75, 125, 250, 333, 733, 1225)))
    elif order.kind == "disabled_line":
        _add_line(order, random.choice(vocabulary().products)).is_enabled = False
    elif order.kind == "negative_line":
        credit = _add_line(order, vocabulary().products[0])
        credit.name, credit.quantity = f"Gutschrift {credit.name}", 1
        credit.item_price = number(-(cents(first.sum) // 10))
    _deal_discount(order)
    for line in order.lines:
        line.sum = number(line_sum(line))


def _deal_discount(order: Order) -> None:
    if order.kind not in ("deal_discount_percentage", "deal_discount_amount"):
        return
    percentage = order.kind == "deal_discount_percentage"
    whole = deal_value(order.lines, [])
    amount: Number = order.random.choice((2, 3, 5, 7.5)) if percentage else max(whole // 2_000, 1)
    owner = order.random.choice(vocabulary().company.owner_ids)
    order.discounts.append(
        Discount(
            id=str(UUID(int=order.random.getrandbits(128), version=4)),
            description=f"{amount} % Projektrabatt".replace(".", ",") if percentage else "Nachlass",
            amount=amount,
            type="percentage" if percentage else "amount",
            deal_id=order.deal_id,
            created_at=order.time,
            created_by=owner,
            updated_at=order.time,
            updated_by=owner,
        )
    )
