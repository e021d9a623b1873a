"""From a commitment to a voucher: what is still to come of a contract, line by line; pure.

The contract and its approved change orders bind; what was billed binds no longer. A contract that was
terminated or is not in force has nothing to come.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Line, Voucher
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.kit.vouchers import filled
from mlconnector.systems.procore.around import Contract
from mlconnector.systems.procore.budget_codes import described, facts_of, key_of
from mlconnector.systems.procore.money import rate_of
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.parties import vendor_of
from mlconnector.systems.procore.projects import number_of
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import BudgetCode, CostLine, Item, day_or_unknown, text
from mlconnector.systems.source import Reading

_WORK_ORDER_STATES = frozenset(
    {"Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void"}
)
_PURCHASE_ORDER_STATES = frozenset(
    {"Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed"}
)


def reading_of(contract: Contract, settings: Settings) -> Reading:
    """The reading of a commitment; one that does not bind (any more) is withdrawn."""
    commitment, shared = contract.commitment, contract.shared
    title = " ".join(part for part in (clean(commitment.number), clean(commitment.title)) if part)
    vendor = text(commitment.vendor.id) if commitment.vendor else ""
    party, wrong_party = vendor_of(shared.vendor, vendor, title, settings)
    rate, wrong_rate = rate_of(shared.currency, commitment.currency_configuration, title, settings)
    binds = _binds(contract, settings)
    voucher = Voucher(
        kind=Kind.COMMITMENT,
        direction="purchase",
        external_id=str(contract.name),
        number=document_number(clean(commitment.number)),
        document_date=day_or_unknown(
            commitment.contract_date or commitment.execution_date or commitment.created_at, "a commitment"
        ),
        currency=shared.currency,
        party=party if binds else None,
        lines=_to_come(contract) if binds else (),
        standing="final" if binds else "withdrawn",
        title=title,
        exchange_rate=rate if binds else None,
        attributes=filled(
            {
                "project": number_of(shared.project),
                "project_name": clean(shared.project.name),
                "vendor": vendor,
                "contract": clean(commitment.number),
            }
        ),
    )
    problems = (*wrong_party, *wrong_rate, *shared.problems(title), *_sum_differs(contract, title))
    return Reading(str(contract.name), voucher, problems if binds else ())


def _sum_differs(contract: Contract, title: str) -> list[Problem]:
    """A problem where the lines are not what Procore shows as the revised sum, net or with their taxes."""
    shown = contract.commitment.revised_contract
    lines = (*(contract.commitment.line_items or ()), *contract.change_lines)
    net = sum((line.amount or ZERO for line in lines), ZERO)
    gross = sum(
        (line.amount or ZERO if line.total_amount is None else line.total_amount for line in lines), ZERO
    )
    if shown is None or shown in {net, gross}:
        return []
    facts = {"title": title, "lines": f"{net:f}", "shown": f"{shown:f}", "currency": contract.shared.currency}
    return [Problem("procore_contract_sum_differs", facts)]


def _binds(contract: Contract, settings: Settings) -> bool:
    """Whether a commitment is in force. Raises UnknownShape for a state that nobody knows."""
    rule, status = settings.commitments, clean(contract.commitment.status)
    is_work = contract.name.kind == "work-order"
    binding = rule.work_orders if is_work else rule.purchase_orders
    if status not in binding | (_WORK_ORDER_STATES if is_work else _PURCHASE_ORDER_STATES):
        raise UnknownShape(f"{SYSTEM} answered with a commitment in the state {status!r}")
    return status in binding and not contract.commitment.deleted_at


def _to_come(contract: Contract) -> tuple[Line, ...]:
    """The contract with its change orders less what was billed, by budget code; no line is nought."""
    commitment = contract.commitment
    if commitment.line_items is None:
        raise UnknownShape(f"{SYSTEM} answered with a commitment without its lines")
    left: dict[tuple[str, ...], Decimal] = {}
    facts: dict[tuple[str, ...], dict[str, str]] = {}
    called: dict[tuple[str, ...], str] = {}

    def add(own: dict[str, str], amount: Decimal, code: BudgetCode | None) -> None:
        key = key_of(own)
        left[key] = left.get(key, ZERO) + amount
        facts.setdefault(key, own)
        called.setdefault(key, described(code))

    by_line = {text(line.id): line for line in commitment.line_items}
    for line in (*commitment.line_items, *contract.change_lines):
        if line.amount is None:
            raise UnknownShape(f"{SYSTEM} answered with a line {line.id} of a commitment without an amount")
        add(facts_of(line.wbs_code, line.line_item_type, line.cost_code), line.amount, line.wbs_code)
    for item in _billed(contract):
        of_contract = by_line.get(text(item.line_item_id)) if item.line_item_id is not None else None
        add(_facts(item, of_contract), -(item.total_completed_and_stored_to_date or ZERO), item.wbs_code)
    return tuple(
        Line(
            text=called[key] or facts[key].get("budget_code", ""),
            amount=amount,
            tax_method="none",
            tax_rate=ZERO,
            attributes=facts[key],
        )
        for key, amount in sorted(left.items())
        if amount
    )


def _billed(contract: Contract) -> Iterable[Item]:
    return (contract.billed.items or ()) if contract.billed else ()


def _facts(item: Item, of_contract: CostLine | None) -> dict[str, str]:
    if of_contract is None:
        return facts_of(item.wbs_code)
    return facts_of(item.wbs_code or of_contract.wbs_code, of_contract.line_item_type, of_contract.cost_code)
