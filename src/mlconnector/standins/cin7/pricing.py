"""Lines, charges and totals of a document.

The `Total` of a line is in the price basis: net where tax comes on top, gross where prices include it. The
totals of a document are always net, tax and gross, and in whole cents.
"""

from __future__ import annotations

from decimal import Decimal

from mlconnector.standins.cin7.amounts import HUNDRED, ZERO, cents, four, plain
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.vocabulary import Product, vocabulary

Item = Row
"""A line before it stands in a document: product or text, quantity, price, discount, rule, account."""


def percent_of(rule: str) -> Decimal:
    """What a tax rule comes to in per cent; a rule that the account does not know was the usual one."""
    return next((one.rate for one in vocabulary().tax_rules if one.name == rule), Decimal(19))


def product_item(product: Product, quantity: Decimal, price: Decimal, rule: str, account: str) -> Item:
    """A line for a product."""
    return {
        "ProductID": guid("product", product.sku),
        "SKU": product.sku,
        "Name": product.name,
        "Quantity": plain(quantity),
        "Price": plain(price),
        "Discount": ZERO,
        "Tax": ZERO,
        "Total": ZERO,
        "AverageCost": plain(Decimal(product.cost) / 100),
        "TaxRule": rule,
        "Account": account,
        "Comment": "",
    }


def charge_item(description: str, price: Decimal, rule: str, account: str) -> Item:
    """An additional charge."""
    return {
        "Description": description,
        "Quantity": Decimal(1),
        "Price": plain(price),
        "Discount": ZERO,
        "Tax": ZERO,
        "Total": ZERO,
        "TaxRule": rule,
        "Account": account,
        "Comment": "",
    }


def put_prices(items: list[Item], inclusive: bool, four_digits: bool = False) -> None:
    """Fill in total and tax of lines, rounded to cents, or to four digits."""
    rounded = four if four_digits else cents
    for item in items:
        amount = item["Quantity"] * item["Price"] * (HUNDRED - item["Discount"]) / HUNDRED
        item["Total"] = rounded(amount)
        percent = percent_of(item["TaxRule"])
        item["Tax"] = rounded(item["Total"] * percent / (HUNDRED + percent if inclusive else HUNDRED))


def put_totals(document: Row, inclusive: bool, off_by: Decimal = ZERO) -> None:
    """Fill in net, tax and gross of a document; `off_by` is what its gross has more than its lines."""
    items = [*document["Lines"], *document["AdditionalCharges"]]
    base = cents(sum((item["Total"] for item in items), ZERO))
    tax = cents(sum((item["Tax"] for item in items), ZERO))
    gross = plain((base if inclusive else base + tax) + off_by)
    document["TotalBeforeTax"] = plain(gross - tax)
    document["Tax"] = tax
    document["Total"] = gross


def is_inclusive(record: Row) -> bool:
    """Whether the prices of a sale or purchase include tax."""
    return bool(record["TaxCalculation"] == "Inclusive")
