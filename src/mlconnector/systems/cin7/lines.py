"""Lines and additional charges of a document as lines of a voucher, with their tax by Cin7's tax rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.model.money import HUNDRED, ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Supply, TaxMethod
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import Charge, TaxRule
from mlconnector.systems.cin7.shapes import Line as Item
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.vouchers import filled

# So far a line's own tax may be from that of its rule: Cin7 keeps four digits, and rounds rows or totals.
_CENTS = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Taxing:
    """How a document is taxed: its tax rules by name, whether amounts bear tax, and which account is missing.

    `account` stands in for lines without one; `supply` is what the document says of all its lines.
    """

    title: str
    currency: str
    rules: Mapping[str, TaxRule]
    calculation: str
    account: str
    supply: Supply | None
    settings: Settings


def voucher_lines(
    items: Iterable[Item], charges: Iterable[Charge], taxing: Taxing, sign: int
) -> tuple[tuple[Line, ...], list[Problem]]:
    """All lines that move money, and what is wrong with them; `sign` is -1 for credit notes."""
    problems: list[Problem] = []
    method = _method(taxing.calculation)
    if method is None:
        facts = {"title": taxing.title, "calculation": taxing.calculation}
        return (), [Problem("tax_calculation_unknown", facts, ("calculation",))]
    lines = []
    listed: list[Item | Charge] = [*items, *charges]
    for each in listed:
        if each.total is None:
            problems.append(Problem("line_unreadable", {"line": _name(each), "title": taxing.title}))
            continue
        if each.total == ZERO:
            continue
        rate, wrong = _rate(each, method, taxing)
        problems += wrong
        if rate is not None:
            lines.append(_line(each, method, rate, taxing, sign))
    # Without one of its lines a document says nothing true of itself.
    is_whole = len(lines) == sum(each.total != ZERO for each in listed)
    return tuple(lines) if is_whole else (), problems


def _method(calculation: str) -> TaxMethod | None:
    match calculation.strip().lower():
        case "exclusive":
            return "exclusive"
        case "inclusive":
            return "inclusive"
    return None


def _line(each: Item | Charge, method: TaxMethod, rate: Decimal, taxing: Taxing, sign: int) -> Line:
    item = each if isinstance(each, Item) else None
    rule = clean(each.tax_rule)
    return Line(
        text=_name(each),
        amount=sign * (each.total or ZERO),
        tax_method=method,
        tax_rate=rate,
        quantity=each.quantity or Decimal(1),
        product=(clean(item.name) or None) if item else None,
        product_code=(clean(item.sku) or None) if item else None,
        tax_code=rule or None,
        tax_code_decides=taxing.settings.tax_rules == "mapped",
        supply=taxing.supply,
        attributes=filled({"account": clean(each.account) or taxing.account}),
    )


def _name(each: Item | Charge) -> str:
    return clean(each.name if isinstance(each, Item) else each.description)


def _rate(each: Item | Charge, method: TaxMethod, taxing: Taxing) -> tuple[Decimal | None, list[Problem]]:
    """The rate of a line's tax rule, None where it has none, and whether the line's own tax fits it."""
    name = clean(each.tax_rule)
    rule = taxing.rules.get(name)
    if rule is None or rule.tax_percent is None:
        key = "tax_rule_unknown" if rule is None else "tax_rule_without_rate"
        return None, [Problem(key, {"title": taxing.title, "tax_rule": name}, ("tax_rule",))]
    total, percent = each.total or ZERO, rule.tax_percent
    added = total * percent / HUNDRED
    expected = added if method == "exclusive" else total - total * HUNDRED / (HUNDRED + percent)
    if each.tax is not None and abs(each.tax - expected) > _tolerance(each):
        facts = {
            "title": taxing.title,
            "line": _name(each),
            "tax_rule": name,
            "rate": f"{percent:f}",
            "tax": f"{rounded(each.tax, taxing.currency):f}",
            "expected": f"{rounded(expected, taxing.currency):f}",
        }
        return percent, [Problem("line_tax_differs", facts, ("tax_rule",))]
    return percent, []


def _tolerance(each: Item | Charge) -> Decimal:
    """Where prices bear four digits, the tax of every single piece may have been rounded."""
    return _CENTS * max(Decimal(1), abs(each.quantity or Decimal(1)) / 4)
