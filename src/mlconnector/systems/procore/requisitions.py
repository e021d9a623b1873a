"""From a requisition to a voucher: a subcontractor's bill for what was done in its period; pure."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import DownPayment, Retained, Voucher
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.kit.vouchers import filled, kind_by_total
from mlconnector.systems.procore.around import Bill
from mlconnector.systems.procore.bill_lines import (
    Billed,
    billed_lines,
    tax_problems,
    total_of,
    voucher_lines,
)
from mlconnector.systems.procore.budget_codes import SUBCONTRACT
from mlconnector.systems.procore.files import chosen
from mlconnector.systems.procore.money import rate_of
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.parties import site_of, vendor_of
from mlconnector.systems.procore.progress import chain_problems, disagreement, is_final_bill, settled_by
from mlconnector.systems.procore.projects import number_of
from mlconnector.systems.procore.retainage import retainage_problems, retained_of
from mlconnector.systems.procore.settings import RequisitionStatus, Settings
from mlconnector.systems.procore.shapes import Requisition, day, day_or_unknown, text
from mlconnector.systems.procore.taxes import added
from mlconnector.systems.source import Reading

_WORK_ORDER = "WorkOrderContract"
_AT_HOME = frozenset({None, "DE"})


def reading_of(bill: Bill, settings: Settings) -> Reading:
    """The reading of a requisition; one that does not count (any more) is withdrawn."""
    requisition, name = bill.requisition, str(bill.name)
    status = requisition.status
    if status not in get_args(RequisitionStatus):
        raise UnknownShape(f"{SYSTEM} answered with a requisition in the state {status!r}")
    title = _title(bill)
    if status not in settings.requisitions.statuses:
        return Reading(name, _withdrawn(bill, title, settings))
    before, problems = _before(bill, title, settings)
    base = None if is_final_bill(requisition, settings) else before
    retained = retained_of(requisition, before, settings)
    billed, wrong_lines = billed_lines(bill, base, title, settings)
    certified = total_of(requisition) - total_of(before)
    problems += wrong_lines
    problems += _of_contract(bill, title)
    if base is not before:
        problems += chain_problems(requisition, bill.earlier, title, settings)
    problems += retainage_problems(requisition, title, bill.shared.currency)
    problems += _due_differs(bill, certified, retained, title)
    problems += _certified_otherwise(bill, certified, title, settings)
    problems += disagreement(requisition, settings, title)
    return Reading(name, *_voucher(bill, billed, retained, certified, title, problems, settings))


def _voucher(
    bill: Bill,
    billed: list[Billed],
    retained: Retained | None,
    certified: Decimal,
    title: str,
    problems: list[Problem],
    settings: Settings,
) -> tuple[Voucher, tuple[Problem, ...]]:
    requisition, shared = bill.requisition, bill.shared
    is_work = clean(requisition.commitment_type) == _WORK_ORDER
    party, wrong_party = vendor_of(shared.vendor, text(requisition.vendor_id), title, settings)
    site, wrong_site = site_of(shared.project, party)
    rate, wrong_rate = rate_of(shared.currency, requisition.currency_configuration, title, settings)
    attachments, wrong_files = chosen(requisition.attachments or (), str(bill.name), title, settings)
    is_final, falls_due = is_final_bill(requisition, settings), settings.requisitions.due_date
    due = certified - (retained.withheld - retained.released if retained else ZERO)
    if not is_final:
        problems = [*problems, *tax_problems(bill, billed, due, title, shared.currency)]
    supply = settings.supply.work_orders if is_work else settings.supply.purchase_orders
    voucher = Voucher(
        kind=kind_by_total(certified),
        direction="purchase",
        external_id=str(bill.name),
        number=_number(bill, settings),
        document_date=day_or_unknown(requisition.billing_date, "a requisition"),
        currency=shared.currency,
        party=party,
        lines=voucher_lines(bill, billed, supply, settings),
        title=title,
        service_date=day(requisition.requisition_end),
        due_date=day(bill.period.due_date) if bill.period and falls_due == "period" else None,
        exchange_rate=rate,
        stated_total=None if is_final else _stated_total(bill, billed),
        ship_to=site,
        requests_down_payment=settings.requisitions.bills == "down_payments" and not is_final,
        down_payments=_down_payments(bill, billed, shared.currency) if is_final else (),
        retained=retained,
        building_work=(is_work or _has_subcontract(bill, billed))
        and (site is None or site.country in _AT_HOME),
        attachments=attachments,
        attributes=_attributes(bill),
    )
    problems += _due_before(voucher, title)
    return voucher, (*problems, *shared.problems(title), *wrong_party, *wrong_site, *wrong_rate, *wrong_files)


def _title(bill: Bill) -> str:
    called = clean(bill.requisition.contract_name) or clean(bill.commitment.number if bill.commitment else "")
    return " ".join(part for part in (called, f"Nr. {bill.requisition.number}") if part)


def _number(bill: Bill, settings: Settings) -> str | None:
    """The vendor's own number, else that of the contract with the number of the bill."""
    own = document_number(clean(bill.requisition.invoice_number))
    contract = clean(bill.commitment.number) if bill.commitment else ""
    running = text(bill.requisition.number)
    stands_in = settings.requisitions.without_number == "contract" and contract and running
    return own or (f"{contract}-{running}" if stands_in else None)


def _attributes(bill: Bill) -> dict[str, str]:
    commitment = bill.commitment
    return filled(
        {
            "project": number_of(bill.shared.project),
            "project_name": clean(bill.shared.project.name),
            "vendor": text(bill.requisition.vendor_id),
            "contract": clean(commitment.number) if commitment else "",
        }
    )


def _before(bill: Bill, title: str, settings: Settings) -> tuple[Requisition | None, list[Problem]]:
    """The bill that this one adds to; one that does not count itself would leave its own part unbooked."""
    wanted, previous = text(bill.requisition.previous_requisition_id), bill.previous
    if not wanted:
        return None, []
    facts = {"title": title, "previous": str(int(text(bill.requisition.number) or 1) - 1)}
    if previous is None:
        return None, [Problem("procore_previous_gone", facts)]
    if previous.status not in settings.requisitions.statuses:
        facts |= {"previous": text(previous.number) or facts["previous"], "status": clean(previous.status)}
        return previous, [Problem("procore_previous_open", facts, ("status",))]
    return previous, []


def _of_contract(bill: Bill, title: str) -> list[Problem]:
    """A problem where the contract is not to be had, whose lines say tax codes and cost types."""
    if bill.commitment is not None:
        return []
    called = clean(bill.requisition.contract_name) or text(bill.requisition.commitment_id)
    facts = {"title": title, "contract": called}
    return [Problem("procore_contract_gone", facts, ("contract",))]


def _has_subcontract(bill: Bill, billed: list[Billed]) -> bool:
    """Whether a line has a cost type of subcontractors, whatever its contract is called."""
    lines = (bill.contract_lines.get(text(one.item.line_item_id)) for one in billed if one.item.line_item_id)
    return any(
        line.line_item_type is not None and line.line_item_type.base_type == SUBCONTRACT
        for line in lines
        if line is not None
    )


def _due_before(voucher: Voucher, title: str) -> list[Problem]:
    """A problem where a bill would have been due before it was written."""
    if voucher.due_date is None or voucher.due_date >= voucher.document_date:
        return []
    days = {"due": voucher.due_date.isoformat(), "written": voucher.document_date.isoformat()}
    return [Problem("procore_due_before", {"title": title, **days})]


def _due_differs(bill: Bill, certified: Decimal, retained: Retained | None, title: str) -> list[Problem]:
    """A problem where the payment that Procore shows is not what the bill adds less what it withholds."""
    summary = bill.requisition.summary
    shown = summary.current_payment_due if summary else None
    tax = (summary.tax_applicable_to_this_payment if summary else None) or ZERO
    due = certified - (retained.withheld - retained.released if retained else ZERO)
    if shown is not None and shown in {due, due + tax}:
        return []
    facts = {"title": title, "expected": f"{due:f}", "currency": bill.shared.currency}
    if shown is None:
        return [Problem("procore_due_missing", facts)]
    return [Problem("procore_due_differs", {**facts, "shown": f"{shown:f}"})]


def _certified_otherwise(bill: Bill, certified: Decimal, title: str, settings: Settings) -> list[Problem]:
    """A bill of which another amount was certified than claimed: its file shows what was claimed."""
    requisition = bill.requisition
    lines = [item.subcontractor_claimed_amount for item in requisition.items or ()]
    by_lines = sum((one or ZERO for one in lines), ZERO)
    claimed = requisition.total_claimed_amount or by_lines
    is_noted = requisition.status == "approved_as_noted"
    agrees = not claimed or claimed == certified
    if settings.requisitions.certified_otherwise == "book" or (agrees and not is_noted):
        return []
    facts = {"title": title, "claimed": f"{claimed:f}", "certified": f"{certified:f}"}
    return [Problem("procore_certified_otherwise", {**facts, "currency": bill.shared.currency})]


def _stated_total(bill: Bill, billed: list[Billed]) -> Decimal | None:
    """The gross of the bill as Procore shows it; None where there is nothing to compare it with."""
    taxes = [one.tax for one in billed if one.tax is not None]
    if not billed or len(taxes) < len(billed):
        return None
    net = sum((one.amount for one in billed), ZERO)
    shown = (
        bill.requisition.summary.tax_applicable_to_this_payment if bill.requisition.summary else None
    ) or ZERO
    by_vendor = not shown and any(tax.code is None and tax.rate for tax in taxes)
    amounts = [one.amount for one in billed]
    return rounded(net + (added(amounts, taxes) if by_vendor else shown), bill.shared.currency)


def _down_payments(bill: Bill, billed: list[Billed], currency: str) -> tuple[DownPayment, ...]:
    rates = {one.tax.rate for one in billed if one.tax is not None}
    only = next(iter(rates)) if len(rates) == 1 else None
    known = {text(one.id): only for one in bill.earlier if only is not None}
    return settled_by(bill.earlier, known, bill.payments, currency)


def _withdrawn(bill: Bill, title: str, settings: Settings) -> Voucher:
    """Enough to take a booking back; a draft need not be complete."""
    requisition = bill.requisition
    written = requisition.billing_date or requisition.requisition_end or requisition.updated_at
    is_whole = requisition.summary is not None and (
        bill.previous is None or bill.previous.summary is not None
    )
    return Voucher(
        kind=kind_by_total(total_of(requisition) - total_of(bill.previous) if is_whole else ZERO),
        direction="purchase",
        external_id=str(bill.name),
        number=_number(bill, settings),
        document_date=day_or_unknown(written, "a requisition"),
        currency=bill.shared.currency,
        party=None,
        lines=(),
        standing="withdrawn",
        title=title,
    )
