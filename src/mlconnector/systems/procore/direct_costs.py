"""From a direct cost to a voucher: an invoice without a contract, or what an employee paid; pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import get_args

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Line, Party, Voucher
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.kit.vouchers import filled
from mlconnector.systems.procore.around import Cost
from mlconnector.systems.procore.budget_codes import SUBCONTRACT, described, facts_of
from mlconnector.systems.procore.files import chosen
from mlconnector.systems.procore.money import rate_of
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.parties import employee_of, site_of, vendor_of
from mlconnector.systems.procore.projects import number_of
from mlconnector.systems.procore.settings import CostKind, CostStatus, Settings
from mlconnector.systems.procore.shapes import CostLine, DirectCost, day, day_or_unknown, text
from mlconnector.systems.procore.taxes import CENT, Tax, added, by_vendor, tax_by_code
from mlconnector.systems.source import Reading

_MIRROR = "subcontractor_invoice"
_EXPENSE = "expense"
_AT_HOME = frozenset({None, "DE"})
NOT_WANTED = "cost_type_not_wanted"
MIRRORED = "mirrors_requisition"


def reading_of(cost: Cost, settings: Settings) -> Reading:
    """The reading of a direct cost; one that does not count (any more) is withdrawn."""
    direct_cost, name = cost.direct_cost, str(cost.name)
    kind, status = clean(direct_cost.direct_cost_type), direct_cost.status
    if kind not in {*get_args(CostKind), _MIRROR} or status not in get_args(CostStatus):
        raise UnknownShape(f"{SYSTEM} answered with a direct cost of type {kind!r} in the state {status!r}")
    title = _title(cost)
    if status not in settings.direct_costs.statuses or direct_cost.deleted_at:
        return Reading(name, _withdrawn(cost, title))
    if kind == _MIRROR:
        return _mirror(cost, title, settings)
    if kind not in settings.direct_costs.types:
        return Reading(name, None, reason=NOT_WANTED)
    return Reading(name, *_voucher(cost, title, settings))


def _mirror(cost: Cost, title: str, settings: Settings) -> Reading:
    """A direct cost that Procore made of a requisition: booked once, with that one; else somebody looks."""
    if cost.mirrored and settings.direct_costs.mirrored == "leave_out":
        return Reading(str(cost.name), None, reason=MIRRORED)
    key = "procore_mirror" if cost.mirrored else "procore_mirror_alone"
    facts = {"title": title, "number": clean(cost.direct_cost.invoice_number)}
    voucher, problems = _voucher(cost, title, settings)
    return Reading(str(cost.name), voucher, (Problem(key, facts), *problems))


def _voucher(cost: Cost, title: str, settings: Settings) -> tuple[Voucher, tuple[Problem, ...]]:
    direct_cost, shared = cost.direct_cost, cost.shared
    party, wrong_party = _party(cost, title, settings)
    site, wrong_site = site_of(shared.project, party)
    rate, wrong_rate = rate_of(shared.currency, direct_cost.currency_configuration, title, settings)
    attachments, wrong_files = chosen(direct_cost.attachments or (), str(cost.name), title, settings)
    lines, wrong_lines = _lines(cost, title, settings)
    listed = direct_cost.line_items or ()
    has_subcontract = any(
        one.line_item_type and one.line_item_type.base_type == SUBCONTRACT for one in listed
    )
    voucher = Voucher(
        kind=_kind(direct_cost),
        direction="purchase",
        external_id=str(cost.name),
        number=_number(direct_cost, settings),
        document_date=_written(direct_cost),
        currency=shared.currency,
        party=party,
        lines=lines,
        title=title,
        exchange_rate=rate,
        stated_total=direct_cost.grand_total,
        stated_total_is="net" if _has_vendor_tax(lines) else "gross",
        payment_terms=clean(direct_cost.terms) or None,
        ship_to=site,
        building_work=has_subcontract and (site is None or site.country in _AT_HOME),
        attachments=attachments,
        attributes=filled(
            {
                "project": number_of(shared.project),
                "project_name": clean(shared.project.name),
                "vendor": text(direct_cost.vendor_id),
                "direct_cost_type": clean(direct_cost.direct_cost_type),
            }
        ),
    )
    problems = [
        *wrong_party,
        *wrong_site,
        *wrong_rate,
        *wrong_files,
        *wrong_lines,
        *_day_missing(direct_cost, title, settings),
        *shared.problems(title),
    ]
    return voucher, tuple(problems)


def _title(cost: Cost) -> str:
    direct_cost = cost.direct_cost
    called = clean(direct_cost.description) or clean(direct_cost.vendor_name)
    return clean(direct_cost.invoice_number) or called or text(direct_cost.id)


def _number(direct_cost: DirectCost, settings: Settings) -> str | None:
    own = document_number(clean(direct_cost.invoice_number))
    by_id = settings.direct_costs.without_number == "id"
    return own or (f"DK-{text(direct_cost.id)}" if by_id else None)


def _kind(direct_cost: DirectCost) -> Kind:
    """A negative one is a credit note."""
    return Kind.CREDIT_NOTE if (direct_cost.grand_total or ZERO) < ZERO else Kind.DIRECT_COST


def _party(cost: Cost, title: str, settings: Settings) -> tuple[Party | None, list[Problem]]:
    direct_cost = cost.direct_cost
    is_expense = clean(direct_cost.direct_cost_type) == _EXPENSE
    if direct_cost.employee is not None and (is_expense or direct_cost.vendor_id is None):
        employee = employee_of(direct_cost.employee, settings)
        if settings.direct_costs.employees == "creditor":
            return employee, []
        facts = {"title": title, "employee": employee.name}
        return employee, [Problem("procore_employee", facts, ("employee",))]
    return vendor_of(cost.shared.vendor, text(direct_cost.vendor_id), title, settings)


def _lines(cost: Cost, title: str, settings: Settings) -> tuple[tuple[Line, ...], list[Problem]]:
    """The lines that move money; without one of them a document says nothing true of itself."""
    if cost.direct_cost.line_items is None:
        raise UnknownShape(f"{SYSTEM} answered with a direct cost without its lines")
    listed: list[tuple[CostLine, Decimal, Tax]] = []
    problems: list[Problem] = []
    for one in cost.direct_cost.line_items:
        if one.amount is None:
            raise UnknownShape(f"{SYSTEM} answered with a line {one.id} without an amount")
        tax, wrong = tax_by_code(one.tax_code_id, cost.shared.tax_codes, title)
        problems += wrong
        if tax is not None and one.amount:
            problems += _tax_differs(one, one.amount, tax, title)
            listed.append((one, one.amount, tax))
    if len(listed) < sum(bool(one.amount) for one in cost.direct_cost.line_items):
        return (), problems
    taxes = [tax for _, _, tax in listed]
    if not any(_own_tax(one, amount) for one, amount, _ in listed):
        taxes = by_vendor(taxes, text(cost.direct_cost.vendor_id), settings)
    lines = [_line(one, amount, tax, settings) for (one, amount, _), tax in zip(listed, taxes, strict=True)]
    return tuple(lines), problems


def _own_tax(one: CostLine, amount: Decimal) -> Decimal:
    return (one.total_amount if one.total_amount is not None else amount) - amount


def _tax_differs(one: CostLine, amount: Decimal, tax: Tax, title: str) -> list[Problem]:
    expected = added([amount], [tax])
    if abs(_own_tax(one, amount) - expected) <= CENT:
        return []
    facts = {"title": title, "tax": f"{_own_tax(one, amount):f}", "expected": f"{expected:.2f}"}
    return [Problem("procore_tax_differs", facts, ("title",))]


def _line(one: CostLine, amount: Decimal, tax: Tax, settings: Settings) -> Line:
    facts = facts_of(one.wbs_code, one.line_item_type, one.cost_code)
    return Line(
        text=clean(one.description) or described(one.wbs_code),
        amount=amount,
        tax_method="exclusive",
        tax_rate=tax.rate,
        quantity=one.quantity or Decimal(1),
        tax_code=tax.code,
        tax_code_decides=tax.code is not None and settings.tax_codes == "mapped",
        attributes=facts,
    )


def _has_vendor_tax(lines: tuple[Line, ...]) -> bool:
    """Whether a rule of the settings adds the tax, so that the total that Procore shows is net."""
    return any(line.tax_rate and line.tax_code is None for line in lines)


def _written(direct_cost: DirectCost) -> date:
    """Its own day, else that on which it came. Raises UnknownShape."""
    return day(direct_cost.direct_cost_date) or day_or_unknown(direct_cost.received_date, "a direct cost")


def _day_missing(direct_cost: DirectCost, title: str, settings: Settings) -> list[Problem]:
    """A problem where only the day on which it came is known, and nobody said that it counts."""
    if direct_cost.direct_cost_date or settings.direct_costs.without_day == "received":
        return []
    facts = {"title": title, "received": _written(direct_cost).isoformat()}
    return [Problem("procore_day_missing", facts)]


def _withdrawn(cost: Cost, title: str) -> Voucher:
    """Enough to take a booking back."""
    direct_cost = cost.direct_cost
    return Voucher(
        kind=_kind(direct_cost),
        direction="purchase",
        external_id=str(cost.name),
        number=document_number(clean(direct_cost.invoice_number)),
        document_date=_written(direct_cost),
        currency=cost.shared.currency,
        party=None,
        lines=(),
        standing="withdrawn",
        title=title,
    )
