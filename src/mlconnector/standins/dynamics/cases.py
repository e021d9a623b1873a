"""What each case of `account.toml` changes in an invoice that is otherwise plain and domestic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from mlconnector.standins.dynamics.identities import guid
from mlconnector.standins.dynamics.pricing import ZERO, net, price_line, rounded
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.times import local_midnight
from mlconnector.standins.dynamics.vocabulary import Case, Paper, Product, vocabulary

_UNTAXED_POOLS = frozenset({"eu", "third", "us", "ch", "eu_without_vat_id", "eu_invalid_vat_id"})
_UNTAXED_CASES = frozenset({"reverse_charge", "tax_exempt", "zero_tax_unexplained"})
_LINE_COUNTS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 5)


@dataclass
class Draft:
    """An invoice in the making; `place` counts the invoices from 1."""

    place: int
    random: Random
    case: Case
    paper: Paper
    invoice: Row
    issued: date
    lines: list[Row] = field(default_factory=list)

    @property
    def taxed(self) -> bool:
        """Whether its lines carry tax."""
        return self.case.customers not in _UNTAXED_POOLS and self.case.name not in _UNTAXED_CASES


def add_lines(draft: Draft) -> None:
    """Give the draft its lines and prices, with what is special about its case."""
    for product in _chosen(draft):
        add_line(draft, product)
    change = _PECULIARITIES.get(draft.case.name)
    if change is not None:
        change(draft)
    for line in draft.lines:
        price_line(line)
    after = _AFTER_PRICING.get(draft.case.name)
    if after is not None:
        after(draft)


def add_line(draft: Draft, product: Product) -> Row:
    """Add a line for a product of the catalogue."""
    random, number = draft.random, len(draft.lines) + 1
    rate = Decimal(draft.invoice["exchangerate"])
    line: Row = {
        "invoicedetailid": guid("invoicedetail", draft.place, number),
        "invoiceid": ("invoice", draft.invoice["invoiceid"]),
        "lineitemnumber": number,
        "sequencenumber": number,
        "isproductoverridden": False,
        "ispriceoverridden": False,
        "productid": ("product", guid("product", product.number)),
        "productname": product.name,
        "producttypecode": 1,
        "uomid": ("uom", guid("uom", product.unit)),
        "transactioncurrencyid": draft.invoice["transactioncurrencyid"],
        "exchangerate": rate,
        "quantity": Decimal(random.randrange(1, 16)),
        "priceperunit": rounded(Decimal(product.price * random.randrange(80, 121)) / 10_000 * rate),
        "volumediscountamount": ZERO,
        "manualdiscountamount": ZERO,
        "pricingerrorcode": 0,
        "new_taxclass": draft.case.tax_class,
        "createdon": draft.invoice["createdon"],
        "modifiedon": draft.invoice["modifiedon"],
    }
    draft.lines.append(line)
    put_tax(line, product.tax if draft.taxed else 0)
    return line


def put_tax(line: Row, rate: int) -> None:
    """Type the tax of a line, as somebody does who knows the rate."""
    line["tax"] = ZERO
    price_line(line)
    line["tax"] = rounded(net(line) * rate / 100)
    price_line(line)


def rate_of(line: Row) -> int:
    """The tax rate of a line in per cent, from the catalogue."""
    return next(each.tax for each in vocabulary().products if each.name == line["productname"])


def _chosen(draft: Draft) -> list[Product]:
    products, random = vocabulary().products, draft.random
    match draft.case.name:
        case "no_lines":
            return []
        case "many_lines":
            return [random.choice(products) for _ in range(random.randrange(31, 45))]
        case "mixed_rates":
            nineteen = [product for product in products if product.tax == 19]
            return [*random.sample(nineteen, 2), products[7]]
        case "bundle" | "tiny_amounts":
            return [products[0]]
        case "reverse_charge":
            return [products[3]]
    return random.sample(products, random.choice(_LINE_COUNTS))


def _discount_percentage(draft: Draft) -> None:
    percentage = Decimal(draft.random.choice((2, 3, 5)))
    draft.invoice["discountpercentage"] = percentage
    for line in draft.lines:
        line["tax"] = rounded(net(line) * (100 - percentage) / 100 * rate_of(line) / 100)


def _discount_amount(draft: Draft) -> None:
    # One rate only, so that the tax somebody types for the whole is right to the cent.
    del draft.lines[1:]
    line = draft.lines[0]
    line["tax"] = ZERO
    price_line(line)
    draft.invoice["discountamount"] = rounded(net(line) / 20)
    line["tax"] = rounded((net(line) - draft.invoice["discountamount"]) * rate_of(line) / 100)


def _discount_untaxed(draft: Draft) -> None:
    draft.invoice["discountpercentage"] = Decimal(10)


def _freight(draft: Draft) -> None:
    draft.invoice["freightamount"] = Decimal("49.00")


def _write_in(draft: Draft) -> None:
    line = add_line(draft, vocabulary().products[0])
    text = draft.random.choice(vocabulary().words.write_ins)
    line |= {
        "isproductoverridden": True,
        "ispriceoverridden": True,
        "productid": None,
        "uomid": None,
        "productname": text,
        "productdescription": text,
        "quantity": Decimal(1),
    }
    put_tax(line, 19)


def _credit(draft: Draft) -> None:
    draft.invoice["name"] = f"Gutschrift zu {draft.invoice['name']}"
    for line in draft.lines:
        line["quantity"] = -line["quantity"]
        line["tax"] = -line["tax"]


def _local_midnight(draft: Draft) -> None:
    draft.invoice["datedelivered"] = local_midnight(draft.issued.replace(day=1))
    for line in draft.lines:
        line["actualdeliveryon"] = draft.invoice["datedelivered"]


def _pricing_error(draft: Draft) -> None:
    draft.invoice["pricingerrorcode"] = 1
    draft.lines[0]["pricingerrorcode"] = 1


def _bundle(draft: Draft) -> None:
    bundle = draft.lines[0]
    bundle |= {"producttypecode": 2, "productname": "Paket Carport", "quantity": Decimal(1)}
    bundle |= {"productid": ("product", guid("product", "PAK-001")), "priceperunit": Decimal("2490.00")}
    put_tax(bundle, 19)
    for product in vocabulary().products[1:3]:
        part = add_line(draft, product)
        part |= {"producttypecode": 3, "priceperunit": ZERO, "tax": ZERO}
        part["parentbundleid"] = bundle["invoicedetailid"]
        part["parentbundleidref"] = ("invoicedetail", bundle["invoicedetailid"])


def _odd_characters(draft: Draft) -> None:
    names = vocabulary().words.odd_names
    draft.invoice["name"] = names[draft.place % len(names)]
    draft.lines[0]["description"] = "Zeile 1\r\nZeile 2 „Ä“"


def _unknown_rate(draft: Draft) -> None:
    for line in draft.lines:
        line["quantity"] = Decimal(10)
        put_tax(line, 16)


def _tiny_amounts(draft: Draft) -> None:
    line = draft.lines[0]
    line |= {"quantity": Decimal(1), "priceperunit": Decimal("0.05"), "tax": Decimal("0.01")}


def _line_discount(draft: Draft) -> None:
    line = draft.lines[0]
    line["manualdiscountamount"] = rounded(line["baseamount"] * draft.random.randrange(3, 15) / 100)
    line["volumediscountamount"] = rounded(line["priceperunit"] / 50)
    put_tax(line, rate_of(line))


def _no_invoice_date(draft: Draft) -> None:
    draft.invoice["new_invoicedate"] = None


def _no_cost_centre(draft: Draft) -> None:
    draft.invoice["new_costcenter"] = None


def _no_number(draft: Draft) -> None:
    draft.invoice["invoicenumber"] = None


def _price_inclusive(draft: Draft) -> None:
    """Prices become gross: the price plug-in takes the tax out of them instead of adding it."""
    for line in draft.lines:
        gross = line["extendedamount"]
        line["priceperunit"] = rounded(gross / line["quantity"])
        line["baseamount"] = rounded(line["priceperunit"] * line["quantity"])
        line["extendedamount"] = line["baseamount"]
        rate = rate_of(line)
        line["tax"] = line["extendedamount"] - rounded(line["extendedamount"] * 100 / (100 + rate))
        for name in ("priceperunit", "baseamount", "extendedamount", "tax"):
            line[f"{name}_base"] = line[name]


def due_days(terms: int) -> timedelta:
    """The days until payment of an option of `paymenttermscode`."""
    return timedelta(days={1: 30, 2: 30, 3: 45, 4: 60}[terms])


_PECULIARITIES: dict[str, Callable[[Draft], None]] = {
    "discount_percentage": _discount_percentage,
    "discount_amount": _discount_amount,
    "discount_untaxed": _discount_untaxed,
    "freight": _freight,
    "write_in": _write_in,
    "credit": _credit,
    "local_midnight": _local_midnight,
    "pricing_error": _pricing_error,
    "bundle": _bundle,
    "odd_characters": _odd_characters,
    "unknown_rate": _unknown_rate,
    "tiny_amounts": _tiny_amounts,
    "line_discount": _line_discount,
    "no_invoice_date": _no_invoice_date,
    "no_cost_centre": _no_cost_centre,
    "no_number": _no_number,
}
_AFTER_PRICING: dict[str, Callable[[Draft], None]] = {"price_inclusive": _price_inclusive}
