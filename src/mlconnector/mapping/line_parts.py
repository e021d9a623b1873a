"""Parts of a line: what of it is booked on its target, and what besides, where its tax divides it."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.mapping.charts import MARGIN, without_deduction
from mlconnector.mapping.lookups import Found
from mlconnector.mapping.margins import divided
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.targets import Target, target_of_part
from mlconnector.model.entries import Because
from mlconnector.model.money import HUNDRED, ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Voucher

Parts = list[tuple[Found[Target], Decimal]]


def parts_of(
    voucher: Voucher, line: Line, gross: Decimal, target: Found[Target], rules: Rules
) -> Parts | Problem:
    """The targets of a line with the gross that each of them gets; together they are the line's."""
    found: Parts | Problem = [(target, gross)]
    if target.value.tax_case.name == MARGIN:
        found = divided(voucher, line, gross, target, rules)
    elif target.value.deductible is not None:
        found = _apportioned(voucher, line, gross, target, target.value.deductible, rules)
    return found if isinstance(found, Problem) else [part for part in found if part[1] != ZERO]


def _apportioned(
    voucher: Voucher, line: Line, gross: Decimal, target: Found[Target], percent: Decimal, rules: Rules
) -> Parts | Problem:
    """A purchase in two parts: with input tax, and without, which is cost as a whole (§ 15 Abs. 4 UStG)."""
    case = without_deduction(target.value.tax_case)
    lost = None if case is None else target_of_part(voucher, line, case, rules)
    if lost is None or isinstance(lost, Problem):
        return lost or [(target, gross)]
    deducted = rounded(gross * percent / HUNDRED, voucher.currency)
    facts = {"percent": f"{percent:f}", "gross": f"{gross:f}"}
    why = Because("amount", f"{deducted:f}", "deductible_part", facts)
    rest = Because("amount", f"{gross - deducted:f}", "part_not_deductible", facts)
    return [
        (Found(target.value, (why, *target.because)), deducted),
        (Found(lost.value, (rest, *lost.because)), gross - deducted),
    ]
