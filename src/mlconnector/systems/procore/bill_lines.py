"""What a bill adds line by line: the difference of cumulative sums, so that moved materials count once.

Work done is not the whole of it: stored materials count when they are stored, and where a project moves them
to work completed later they would count again. Sums of a line to date, less those of the bill before, are
what is new whatever was moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Supply
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.procore.around import Bill
from mlconnector.systems.procore.budget_codes import described, facts_of
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import CostLine, Item, Requisition, text
from mlconnector.systems.procore.taxes import CENT, Tax, added, by_vendor, tax_by_code


@dataclass(frozen=True, slots=True)
class Billed:
    """A line with what it adds, and its tax (None where that is not known)."""

    item: Item
    amount: Decimal
    tax: Tax | None


def total_of(requisition: Requisition | None) -> Decimal:
    """What was completed and stored to date. Raises UnknownShape."""
    if requisition is None:
        return ZERO
    total = requisition.summary.total_completed_and_stored_to_date if requisition.summary else None
    if total is None:
        raise UnknownShape(f"{SYSTEM} answered with a requisition without its sums")
    return total


def billed_lines(
    bill: Bill, before: Requisition | None, title: str, settings: Settings
) -> tuple[list[Billed], list[Problem]]:
    """The lines that add something to the bill `before` (None: to nothing), and what is wrong with them."""
    current, earlier = _by_line(bill.requisition), _by_line(before) if before else {}
    found: list[Billed] = []
    problems: list[Problem] = []
    for key in dict.fromkeys([*current, *earlier]):
        one = current.get(key) or earlier[key]
        amount = _to_date(current.get(key)) - _to_date(earlier.get(key))
        if not amount:
            continue
        line = _contract_line(one, bill.contract_lines)
        if line is None and bill.commitment is not None and one.line_item_id is not None:
            facts = {"title": title, "line": clean(one.description_of_work) or text(one.line_item_id)}
            problems.append(Problem("procore_line_gone", facts))
        tax, wrong = tax_by_code(line.tax_code_id if line else None, bill.shared.tax_codes, title)
        problems += wrong
        found.append(Billed(one, amount, tax))
    expected = total_of(bill.requisition) - total_of(before)
    summed = sum((one.amount for one in found), ZERO)
    if summed != expected:
        facts = {"title": title, "lines": f"{summed:f}", "total": f"{expected:f}"}
        problems.append(Problem("procore_lines_differ", facts))
    return _with_vendor_tax(bill, found, settings), problems


def voucher_lines(
    bill: Bill, billed: list[Billed], supply: Supply | None, settings: Settings
) -> tuple[Line, ...]:
    """The lines of the voucher; none where the tax of one is not known."""
    if any(one.tax is None for one in billed):
        return ()
    return tuple(
        _line(one, _contract_line(one.item, bill.contract_lines), supply, settings) for one in billed
    )


def tax_problems(bill: Bill, billed: list[Billed], due: Decimal, title: str, currency: str) -> list[Problem]:
    """What speaks against the tax of a bill: its own tax, and that of the codes of its contract, disagree.

    Tax on what is due alone, instead of on the whole performance, is a case of its own.
    """
    taxes = [one.tax for one in billed if one.tax is not None]
    shown = (
        bill.requisition.summary.tax_applicable_to_this_payment if bill.requisition.summary else None
    ) or ZERO
    if len(taxes) < len(billed) or (not shown and all(tax.code is None for tax in taxes)):
        return []
    amounts = [one.amount for one in billed]
    expected = added(amounts, taxes)
    if abs(shown - expected) <= CENT:
        return []
    whole = sum(amounts, ZERO)
    on_due = expected * due / whole if whole else ZERO
    facts = {
        "title": title,
        "tax": f"{shown:f}",
        "expected": f"{expected:.2f}",
        "due": f"{due:f}",
        "currency": currency,
    }
    if expected and abs(shown - on_due) <= CENT:
        return [Problem("procore_tax_on_due", facts, ("title",))]
    return [Problem("procore_tax_differs", facts, ("title",))]


def _with_vendor_tax(bill: Bill, found: list[Billed], settings: Settings) -> list[Billed]:
    taxes = [one.tax for one in found if one.tax is not None]
    shown = bill.requisition.summary.tax_applicable_to_this_payment if bill.requisition.summary else None
    if shown or len(taxes) < len(found):
        return found
    changed = by_vendor(taxes, text(bill.requisition.vendor_id), settings)
    return [Billed(one.item, one.amount, tax) for one, tax in zip(found, changed, strict=True)]


def _by_line(requisition: Requisition) -> dict[tuple[str, str], Item]:
    if requisition.items is None:
        raise UnknownShape(f"{SYSTEM} answered with a requisition without its lines")
    found: dict[tuple[str, str], Item] = {}
    for item in requisition.items:
        key = (clean(item.item_type), text(item.line_item_id) or f"?{text(item.id)}")
        if key in found:
            raise UnknownShape(f"{SYSTEM} answered with two lines {key[1]} in requisition {requisition.id}")
        found[key] = item
    return found


def _to_date(item: Item | None) -> Decimal:
    if item is None:
        return ZERO
    if item.total_completed_and_stored_to_date is None:
        raise UnknownShape(f"{SYSTEM} answered with a line {item.id} without its sum to date")
    return item.total_completed_and_stored_to_date


def _contract_line(item: Item, of_contract: Mapping[str, CostLine]) -> CostLine | None:
    return of_contract.get(text(item.line_item_id)) if item.line_item_id is not None else None


def _line(one: Billed, contract: CostLine | None, supply: Supply | None, settings: Settings) -> Line:
    code = one.item.wbs_code or (contract.wbs_code if contract else None)
    facts = facts_of(
        code, contract.line_item_type if contract else None, contract.cost_code if contract else None
    )
    tax = one.tax or Tax()
    return Line(
        text=clean(one.item.description_of_work) or described(code) or facts.get("budget_code", ""),
        amount=one.amount,
        tax_method="exclusive",
        tax_rate=tax.rate,
        tax_code=tax.code,
        tax_code_decides=tax.code is not None and settings.tax_codes == "mapped",
        supply=supply,
        attributes=facts,
    )
