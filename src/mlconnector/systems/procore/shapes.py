"""The records of Procore as far as they are read; names and meanings are those of its REST API.

Money is written as text with a decimal point. Ids are numbers in version 1 of the API and texts in version 2.
What is added beyond these fields is ignored.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.procore.names import SYSTEM, is_id

Id = int | str


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose fields are written the way Procore writes them."""


class Currency(_Record, frozen=True, kw_only=True):
    """The money of a record, and its rate to the company's own; in which direction nobody says."""

    currency_iso_code: str | None = None
    currency_exchange_rate: Decimal | None = None
    base_currency_iso_code: str | None = None


class Attachment(_Record, frozen=True, kw_only=True):
    """A file; its address lives for a short while, so it is read when it is needed."""

    id: Id
    url: str | None = None
    filename: str | None = None


class CustomField(_Record, frozen=True, kw_only=True):
    """A field that the company added, with whatever value it has."""

    value: Any = None


class BudgetCode(_Record, frozen=True, kw_only=True):
    """A budget code (WBS code): cost code and cost type, joined in `flat_code`."""

    id: Id | None = None
    flat_code: str | None = None
    flat_name: str | None = None
    description: str | None = None
    status: str | None = None


class CostType(_Record, frozen=True, kw_only=True):
    """A cost type (line item type)."""

    id: Id
    code: str | None = None
    name: str | None = None
    base_type: str | None = None


class CostCode(_Record, frozen=True, kw_only=True):
    """A cost code of a project."""

    id: Id
    full_code: str | None = None
    code: str | None = None
    name: str | None = None


class Item(_Record, frozen=True, kw_only=True):
    """A line of a requisition: of the contract, or of a change order; all sums are cumulative."""

    id: Id
    item_type: str | None = None
    line_item_id: Id | None = None
    description_of_work: str | None = None
    wbs_code: BudgetCode | None = None
    cost_code_id: Id | None = None
    total_completed_and_stored_to_date: Decimal | None = None
    work_completed_retainage_released_this_period: Decimal | None = None
    materials_stored_retainage_released_this_period: Decimal | None = None
    subcontractor_claimed_amount: Decimal | None = None
    taxes: Any = None


class Summary(_Record, frozen=True, kw_only=True):
    """The sums of a requisition: cumulative, but for `current_payment_due` and the tax."""

    total_completed_and_stored_to_date: Decimal | None = None
    total_retainage: Decimal | None = None
    current_payment_due: Decimal | None = None
    tax_applicable_to_this_payment: Decimal | None = None


class Requisition(_Record, frozen=True, kw_only=True):
    """A subcontractor invoice, as its users know it; `number` counts those of a commitment."""

    id: Id
    previous_requisition_id: Id | None = None
    commitment_id: Id | None = None
    commitment_type: str | None = None
    contract_name: str | None = None
    vendor_id: Id | None = None
    vendor_name: str | None = None
    number: Id | None = None
    invoice_number: str | None = None
    billing_date: str | None = None
    requisition_start: str | None = None
    requisition_end: str | None = None
    period_id: Id | None = None
    payment_date: str | None = None
    final: bool | None = None
    status: str | None = None
    total_claimed_amount: Decimal | None = None
    updated_at: str | None = None
    summary: Summary | None = None
    items: list[Item] | None = None
    attachments: list[Attachment] | None = None
    currency_configuration: Currency | None = None
    custom_fields: dict[str, CustomField | None] | None = None


class CostLine(_Record, frozen=True, kw_only=True):
    """A line of a direct cost, a commitment or a change order; `amount` is net, `total_amount` gross."""

    id: Id
    amount: Decimal | None = None
    total_amount: Decimal | None = None
    quantity: Decimal | None = None
    description: str | None = None
    tax_code_id: Id | None = None
    wbs_code: BudgetCode | None = None
    cost_code: CostCode | None = None
    line_item_type: CostType | None = None


class Employee(_Record, frozen=True, kw_only=True):
    """Somebody of the company's own staff."""

    id: Id
    name: str | None = None


class DirectCost(_Record, frozen=True, kw_only=True):
    """A direct cost: an invoice without a contract, an expense of an employee, wages."""

    id: Id
    direct_cost_type: str | None = None
    status: str | None = None
    invoice_number: str | None = None
    direct_cost_date: str | None = None
    received_date: str | None = None
    terms: str | None = None
    vendor_id: Id | None = None
    vendor_name: str | None = None
    employee: Employee | None = None
    description: str | None = None
    grand_total: Decimal | None = None
    deleted_at: str | None = None
    line_items: list[CostLine] | None = None
    attachments: list[Attachment] | None = None
    currency_configuration: Currency | None = None
    custom_fields: dict[str, CustomField | None] | None = None


class Holder(_Record, frozen=True, kw_only=True):
    """Who a commitment is with."""

    id: Id | None = None
    company: str | None = None


class Commitment(_Record, frozen=True, kw_only=True):
    """A subcontract (work order contract) or an order (purchase order contract)."""

    id: Id
    number: str | None = None
    title: str | None = None
    status: str | None = None
    contract_date: str | None = None
    execution_date: str | None = None
    created_at: str | None = None
    deleted_at: str | None = None
    vendor: Holder | None = None
    revised_contract: Decimal | None = None
    line_items: list[CostLine] | None = None
    currency_configuration: Currency | None = None


class ChangeOrder(_Record, frozen=True, kw_only=True):
    """A change order of a commitment."""

    id: Id
    contract_id: Id | None = None
    status: str | None = None
    deleted_at: str | None = None


class Payment(_Record, frozen=True, kw_only=True):
    """A payment that was noted at a commitment."""

    id: Id
    requisition_id: Id | None = None
    amount: Decimal | None = None


class BusinessRegister(_Record, frozen=True, kw_only=True):
    """What a vendor is registered under."""

    type: str | None = None
    identifier: str | None = None


class Vendor(_Record, frozen=True, kw_only=True):
    """A vendor of the company; those of projects have the same id."""

    id: Id
    name: str | None = None
    address: str | None = None
    city: str | None = None
    zip: str | None = None
    country_code: str | None = None
    business_id: str | None = None
    business_register: BusinessRegister | None = None
    abbreviated_name: str | None = None
    email_address: str | None = None
    origin_id: str | None = None
    origin_code: str | None = None
    parent: Holder | None = None
    custom_fields: dict[str, CustomField | None] | None = None


class ProjectRecord(_Record, frozen=True, kw_only=True):
    """A project, with the place of its building."""

    id: Id
    name: str | None = None
    project_number: str | None = None
    address: str | None = None
    city: str | None = None
    zip: str | None = None
    country_code: str | None = None
    active: bool | None = None


class BillingPeriod(_Record, frozen=True, kw_only=True):
    """A billing period of a project; bills of it fall due on one day."""

    id: Id
    due_date: str | None = None


class TaxCode(_Record, frozen=True, kw_only=True):
    """A tax code of the company."""

    id: Id
    code: str | None = None
    description: str | None = None
    rate1: Decimal | int | None = None
    archived: bool | None = None


class ProjectCurrency(_Record, frozen=True, kw_only=True):
    """The money of a project."""

    currency_iso_code: str | None = None


class Hook(_Record, frozen=True, kw_only=True):
    """A registration of webhooks; what it sends along is not read."""

    id: Id
    destination_url: str | None = None
    namespace: str | None = None


class Trigger(_Record, frozen=True, kw_only=True):
    """An event that is told of."""

    id: Id
    resource_name: str | None = None
    event_type: str | None = None


def text(id_: Id | None) -> str:
    """An id as it is kept; empty where there is none. Raises UnknownShape for one that cannot be."""
    if id_ is None:
        return ""
    written = str(id_)
    if not is_id(written):
        raise UnknownShape(f"{SYSTEM} answered with {written[:40]!r} for an id")
    return written


def day(written: str | None) -> date | None:
    """The day that is written, whatever the time beside it. Raises UnknownShape."""
    if not written:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        raise UnknownShape(f"{SYSTEM} answered with {written[:40]!r} for a day") from error


def day_or_unknown(written: str | None, what: str) -> date:
    """The day of a document, which it cannot do without. Raises UnknownShape."""
    found = day(written)
    if found is None:
        raise UnknownShape(f"{SYSTEM} answered with {what} without a day")
    return found
