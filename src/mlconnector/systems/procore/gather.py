"""Everything that a record needs to become a voucher, gathered record by record."""

from __future__ import annotations

from mlconnector.systems.kit.fields import clean
from mlconnector.systems.procore.around import CONTRACT_KINDS, Around, Bill, Contract, Cost, Shared
from mlconnector.systems.procore.names import CommitmentKind, Name
from mlconnector.systems.procore.progress import is_final_bill
from mlconnector.systems.procore.shapes import Commitment, CostLine, Requisition, text

Gathered = Bill | Cost | Contract
_MIRROR = "subcontractor_invoice"


def gathered(name: Name, around: Around) -> Gathered | None:
    """A record with all that it needs; None where it is gone, or its project cannot be seen.

    Raises one of the four errors.
    """
    match name.kind:
        case "requisition":
            return _bill(name, around)
        case "direct-cost":
            return _cost(name, around)
        case "work-order" | "purchase-order":
            return _contract(name, name.kind, around)


def _bill(name: Name, around: Around) -> Bill | None:
    project = name.project
    requisition = around.requisition(project, name.id)
    if requisition is None:
        return None
    money = requisition.currency_configuration
    shared = around.shared(
        project, text(requisition.vendor_id), clean(money.currency_iso_code) if money else None
    )
    if shared is None:
        return None
    before, commitment_id = text(requisition.previous_requisition_id), text(requisition.commitment_id)
    kind = CONTRACT_KINDS.get(clean(requisition.commitment_type))
    earlier: tuple[Requisition, ...] = ()
    is_final = is_final_bill(requisition, around.settings)
    if is_final:
        earlier = _earlier(name, requisition, commitment_id, around)
    commitment = around.commitment(project, kind, commitment_id) if kind and commitment_id else None
    return Bill(
        name=name,
        requisition=requisition,
        shared=shared,
        previous=around.requisition(project, before) if before else None,
        commitment=commitment,
        contract_lines=_contract_lines(name, requisition, commitment, around),
        period=around.period(project, text(requisition.period_id)) if requisition.period_id else None,
        earlier=earlier,
        payments=tuple(around.payments(project, commitment_id)) if is_final and commitment_id else (),
    )


def _contract_lines(
    name: Name, requisition: Requisition, commitment: Commitment | None, around: Around
) -> dict[str, CostLine]:
    """The lines that the lines of a bill are about; those of change orders are read where one needs them."""
    if commitment is None:
        return {}
    found = {text(line.id): line for line in commitment.line_items or ()}
    asked = {text(item.line_item_id) for item in requisition.items or () if item.line_item_id is not None}
    if asked - found.keys():
        lines = around.change_lines(name.project, text(commitment.id))
        found |= {text(line.id): line for line in lines}
    return found


def _earlier(
    name: Name, requisition: Requisition, commitment: str, around: Around
) -> tuple[Requisition, ...]:
    """All bills of the commitment before this one, the first one first, each with its lines."""
    listed = {text(one.id): one for one in around.requisitions_of(name.project, commitment)}
    found: list[Requisition] = []
    before = text(requisition.previous_requisition_id)
    while before in listed and len(found) < len(listed):
        whole = around.requisition(name.project, before)
        if whole is None:
            break
        found.insert(0, whole)
        before = text(whole.previous_requisition_id)
    return tuple(found)


def _cost(name: Name, around: Around) -> Cost | None:
    direct_cost = around.direct_cost(name.project, name.id)
    if direct_cost is None:
        return None
    money = direct_cost.currency_configuration
    shared = around.shared(
        name.project, text(direct_cost.vendor_id), clean(money.currency_iso_code) if money else None
    )
    if shared is None:
        return None
    number = clean(direct_cost.invoice_number)
    is_mirror = clean(direct_cost.direct_cost_type) == _MIRROR
    mirrored = is_mirror and any(
        number and clean(one.invoice_number) == number and text(one.vendor_id) == text(direct_cost.vendor_id)
        for one in around.requisitions(name.project)
    )
    return Cost(name, direct_cost, shared, mirrored)


def _contract(name: Name, kind: CommitmentKind, around: Around) -> Contract | None:
    project = name.project
    commitment = around.commitment(project, kind, name.id)
    if commitment is None:
        return None
    shared = _shared_by_contract(name, commitment, around)
    if shared is None:
        return None
    lines = around.change_lines(project, name.id)
    counting = [
        one
        for one in around.requisitions_of(project, name.id)
        if one.status in around.settings.requisitions.statuses
    ]
    latest = max(counting, key=lambda one: int(text(one.number) or "0"), default=None)
    billed = around.requisition(project, text(latest.id)) if latest else None
    return Contract(name, commitment, shared, tuple(lines), billed)


def _shared_by_contract(name: Name, commitment: Commitment, around: Around) -> Shared | None:
    vendor = text(commitment.vendor.id) if commitment.vendor else ""
    money = commitment.currency_configuration
    return around.shared(name.project, vendor, clean(money.currency_iso_code) if money else None)
