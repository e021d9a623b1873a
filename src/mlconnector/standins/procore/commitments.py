"""Subcontracts and purchase orders with their schedules of values, and the change orders to them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from mlconnector.standins.procore.amounts import ZERO, cents, money
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.vocabulary import CommitmentCase
from mlconnector.standins.procore.work import Work, currency, moment

_SECOND_COST_CODE = "390"


@dataclass
class Contract:
    """A commitment that is being billed, with its case, its project and what changes it."""

    case: CommitmentCase
    project: Row
    vendor: Row
    commitment: Row
    changes: list[Row]
    first_period: int

    @property
    def sum(self) -> Decimal:
        """The sum of the contract without change orders."""
        return sum((Decimal(line["amount"]) for line in self.commitment["line_items"]), ZERO)


def contract(work: Work, place: int, case: CommitmentCase) -> Contract:
    """Make the commitment at `place`, and put it into the account."""
    random = Random(f"{work.seed}-commitment-{place}")
    project = _project(work, place, case)
    vendor = random.choice(work.catalogue.vendors[case.vendor])
    periods = work.catalogue.periods(project["id"])
    first = random.randrange(len(periods) - len(case.bills) + 1)
    signed = periods[first]["start_date"]
    commitment = _commitment(work, place, case, project, vendor, signed)
    whole = Decimal(random.randrange(case.sum[0] * 100_000, case.sum[1] * 100_000)) / 100
    amounts = [cents(whole * share / 100) for share in case.lines]
    codes = [vendor["_cost_code"], _SECOND_COST_CODE]
    commitment["line_items"] = [
        _line(work, project, case, codes[order], f"{case.title} Los {order + 1}", amount, "contract_line")
        for order, amount in enumerate(amounts)
    ]
    changes = [
        _change(work, commitment, project, case, order, cents(whole * share / 100), moment(signed, days=33))
        for order, share in enumerate([*case.changes, *([1] if case.changes else [])], start=1)
    ]
    if changes:
        changes[-1] |= {"status": "pending", "executed": False}
    for change in changes:
        work.made.tables["change_orders"][change["id"]] = change
    put_contract_sums(commitment, changes)
    work.made.tables["commitments"][commitment["id"]] = commitment
    return Contract(case, project, vendor, commitment, changes, first)


def put_contract_sums(commitment: Row, changes: list[Row]) -> None:
    """Write the sums of a commitment after its lines and change orders."""
    whole = sum((Decimal(line["amount"]) for line in commitment["line_items"]), ZERO)
    by_status = {
        status: sum((Decimal(each["grand_total"]) for each in changes if each["status"] == status), ZERO)
        for status in ("approved", "pending", "draft")
    }
    commitment |= {
        "grand_total": money(whole),
        "approved_change_orders": money(by_status["approved"]),
        "pending_change_orders": money(by_status["pending"]),
        "draft_change_orders_amount": money(by_status["draft"]),
        "revised_contract": money(whole + by_status["approved"]),
        "pending_revised_contract": money(whole + by_status["approved"] + by_status["pending"]),
    }


def _project(work: Work, place: int, case: CommitmentCase) -> Row:
    open_ones = [each for each in work.catalogue.projects if each["active"]]
    if case.taxes != "V0":
        open_ones = [each for each in open_ones if work.catalogue.has_taxes(each)]
    return open_ones[place % len(open_ones)]


def _commitment(work: Work, place: int, case: CommitmentCase, project: Row, vendor: Row, signed: str) -> Row:
    prefix = "BE" if case.kind == "PurchaseOrderContract" else "NU"
    return {
        "id": work.next_id("commitment"),
        "_kind": case.kind,
        "_moves_materials": case.moves_materials,
        "number": f"{prefix}-{place + 1:04d}",
        "title": case.title,
        "status": "Approved",
        "executed": True,
        "accounting_method": "amount",
        "project": {"id": project["id"], "name": project["name"]},
        "vendor": {"id": vendor["id"], "company": vendor["name"]},
        "retainage_percent": f"{case.retainage}.0",
        "contract_date": signed,
        "currency_configuration": currency("EUR"),
        "created_at": moment(signed),
        "updated_at": moment(signed, hour=15),
        "deleted_at": None,
        "origin_id": None,
        "origin_code": None,
    }


def _line(
    work: Work, project: Row, case: CommitmentCase, cost_code: str, text: str, amount: Decimal, kind: str
) -> Row:
    tax_code_id = work.catalogue.tax_codes[case.taxes] if work.catalogue.has_taxes(project) else None
    rate = work.rates()[tax_code_id] if tax_code_id is not None else ZERO
    wbs = work.catalogue.wbs(project["id"], cost_code, case.cost_type)
    return {
        "id": work.next_id(kind),
        "description": text,
        "amount": money(amount),
        "extended_amount": money(amount),
        "total_amount": money(amount * (1 + rate / 100)),
        "quantity": "1.0",
        "unit_cost": money(amount),
        "uom": "psch",
        "extended_type": "manual",
        "tax_code_id": tax_code_id,
        "wbs_code": {name: wbs[name] for name in ("id", "flat_code", "description")},
        "cost_code": _short(work.catalogue.cost_code(project["id"], cost_code)),
        "line_item_type": work.catalogue.cost_type(case.cost_type),
    }


def _short(cost_code: Row) -> Row:
    return {name: cost_code[name] for name in ("id", "name", "full_code")}


def _change(
    work: Work,
    commitment: Row,
    project: Row,
    case: CommitmentCase,
    order: int,
    amount: Decimal,
    approved: str,
) -> Row:
    line = _line(
        work, project, case, _SECOND_COST_CODE, f"Nachtrag {order} {case.title}", amount, "change_line"
    )
    return {
        "id": work.next_id("change_order"),
        "contract_id": commitment["id"],
        "_project_id": project["id"],
        "number": f"{order:03d}",
        "title": f"Nachtrag {order}",
        "status": "approved",
        "executed": True,
        "grand_total": money(amount),
        "line_items": [line],
        "reviewed_at": approved,
        "created_at": commitment["created_at"],
        "updated_at": approved,
        "deleted_at": None,
    }
