"""Cost code and cost type of a line, which a budget code joins: `03-300.S` is cost code 03-300, type S."""

from __future__ import annotations

from collections.abc import Mapping

from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.vouchers import filled
from mlconnector.systems.procore.shapes import BudgetCode, CostCode, CostType

_BETWEEN = "."
SUBCONTRACT = "commitment"
"""What the base type of cost types of subcontractors is, whose work may be work on a building."""


def facts_of(
    budget_code: BudgetCode | None, cost_type: CostType | None = None, cost_code: CostCode | None = None
) -> dict[str, str]:
    """What mapping tables may look at: `cost_code`, `cost_type` and the whole `budget_code`.

    A cost type that is told by itself is taken out of the code, wherever it stands there; else it is its last
    part.
    """
    whole = clean(budget_code.flat_code) if budget_code else ""
    told = clean(cost_type.code) if cost_type else ""
    code, last = _apart(whole, told)
    written = (clean(cost_code.full_code) or clean(cost_code.code)) if cost_code else ""
    return filled({"budget_code": whole, "cost_type": told or last, "cost_code": written or code})


def described(budget_code: BudgetCode | None) -> str:
    """What people call a budget code."""
    if budget_code is None:
        return ""
    return clean(budget_code.description) or clean(budget_code.flat_name) or clean(budget_code.flat_code)


def key_of(facts: Mapping[str, str]) -> tuple[str, ...]:
    """What tells lines of a commitment apart: all parts of their budget codes."""
    return (facts.get("budget_code", ""), facts.get("cost_code", ""), facts.get("cost_type", ""))


def _apart(whole: str, cost_type: str) -> tuple[str, str]:
    parts = whole.split(_BETWEEN)
    if cost_type and cost_type in parts:
        last = len(parts) - 1 - parts[::-1].index(cost_type)
        return _BETWEEN.join([*parts[:last], *parts[last + 1 :]]), cost_type
    if cost_type or len(parts) < 2:
        return whole, ""
    return _BETWEEN.join(parts[:-1]), parts[-1]
