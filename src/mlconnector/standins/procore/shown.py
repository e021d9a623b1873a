"""Records as their endpoints show them: views of different breadth, and what is the same in every record.

Fields are those of the endpoint descriptions; those that a German contractor leaves empty are null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconnector.standins.procore.amounts import ZERO, money
from mlconnector.standins.procore.identities import COMPANY_ID, SERVICE_ACCOUNT_ID
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.vocabulary import vocabulary

_BILL_DETAILS = ("items", "summary", "custom_fields")
_QUANTITIES = (
    *("materials_presently_stored_quantity", "materials_previously_stored_quantity", "scheduled_quantity"),
    *("scheduled_unit_price", "work_completed_this_period_quantity"),
    *("work_completed_from_previous_application_quantity", "uom", "line_number"),
)


def public(row: Row) -> Row:
    """A record without what is the stand-in's own."""
    return {name: _public(part) for name, part in row.items() if not name.startswith("_")}


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return public(value)
    return [_public(part) for part in value] if isinstance(value, list) else value


def company() -> Row:
    """The company in short."""
    return {"id": COMPANY_ID, "name": vocabulary().company.name}


def project(row: Row) -> Row:
    """A project as lists show it."""
    made = public(row) | {"company": company(), "custom_fields": {}, "is_demo": False}
    return made | dict.fromkeys(("origin_id", "origin_code", "origin_data", "county", "phone", "start_date"))


def project_in_full(row: Row) -> Row:
    """A project by itself."""
    return project(row) | {"locale": "de-DE", "time_zone": "Europe/Berlin", "tz_name": "Europe/Berlin"}


@dataclass(frozen=True)
class Context:
    """What a requisition belongs to, and whether it is the newest of its commitment."""

    commitment: Row
    project: Row
    vendor: Row
    is_last: bool


def requisition(row: Row, view: str, attachments: list[Row], context: Context) -> Row:
    """A requisition in a view."""
    made = {name: value for name, value in public(row).items() if name not in _BILL_DETAILS}
    made |= {
        "deletable": context.is_last and row["status"] == "draft",
        "erp_status": None,
        "electronic_signature_id": None,
    }
    if view in ("extended", "items"):
        made["items"] = [_item(item, row) for item in row["items"]]
        made["item_packages"] = [_package(context.commitment)]
    if view == "extended":
        quantities = dict.fromkeys(("new_materials_quantity", "stored_materials_quantity"))
        made |= {
            "summary": row["summary"] | quantities | {"formatted_period": _period(row)},
            "summary_text": _summary_text(row, context),
            "custom_fields": row["custom_fields"],
            "attachments": attachments,
            "created_by": _service_account(),
        }
    return made


def _summary_text(row: Row, context: Context) -> Row:
    vendor = context.vendor
    return {
        "project_name": context.project["name"],
        "project_number": context.project["project_number"],
        "to_general_contractor": vocabulary().company.name,
        "requisition_period_start": row["requisition_start"],
        "requisition_period_end": row["requisition_end"],
        "subcontractor_name": vendor["name"],
        "subcontractor_street": vendor["address"],
        "subcontractor_city": vendor["city"],
        "subcontractor_state_code": None,
        "subcontractor_zip": vendor["zip"],
        "subcontractor_country_code": vendor["country_code"],
        "application_number": row["invoice_number"],
        "contract_for": context.commitment["title"],
        "contract_date": context.commitment["contract_date"],
    }


def _item(item: Row, bill: Row) -> Row:
    made = public(item) | dict.fromkeys(_QUANTITIES)
    return made | {"currency_configuration": bill["currency_configuration"], "ssr_manual_override": False}


def _package(commitment: Row) -> Row:
    named = {name: commitment[name] for name in ("id", "number", "title", "status")}
    nothing = ("change_order_id", "change_order_acronym_number", "change_order_request", "batch")
    return named | {"contract_id": commitment["id"], "position": 1} | dict.fromkeys(nothing)


def _period(row: Row) -> str:
    def written(day: str) -> str:
        return f"{day[5:7]}/{day[8:]}/{day[2:4]}"

    return f"{written(row['requisition_start'])} - {written(row['requisition_end'])}"


def _service_account() -> Row:
    return {
        "id": SERVICE_ACCOUNT_ID,
        "name": "Rechnungseingang",
        "login": "rechnungen@vendor.example.com",
        "company_name": vocabulary().company.name,
    }


def direct_cost_in_list(row: Row) -> Row:
    """A direct cost as the list shows it: without lines and files, its vendor by name."""
    left_out = ("line_items", "project", "vendor")
    made = {name: value for name, value in public(row).items() if name not in left_out}
    return made | {"vendor": row["vendor_name"]}


def direct_cost(row: Row, attachments: list[Row]) -> Row:
    """A direct cost by itself."""
    made = public(row) | {"attachments": attachments, "attachments_count": len(attachments)}
    made.pop("amount")
    made["company"], made["line_items_count"] = company(), len(row["line_items"])
    made["line_items"] = [direct_cost_line(line, row, "direct_cost") for line in row["line_items"]]
    return made


def direct_cost_line(line: Row, cost: Row, of: str = "list") -> Row:
    """A line of a direct cost, inside it or in the list of its lines."""
    made = public(line) | _dates(cost) | {"company": company(), "origin_id": None, "origin_data": None}
    made["currency_configuration"] = cost["currency_configuration"]
    if of == "direct_cost":
        return made
    made.pop("ref")
    holder = {"id": cost["id"], "holder_type": "DirectCost::Item"}
    return made | {"holder": holder, "project": cost["project"], "change_event_line_item": None}


def _dates(row: Row) -> Row:
    return {name: row[name] for name in ("created_at", "updated_at")}


def commitment_in_list(row: Row, bills: Iterable[Row], payments: Iterable[Row]) -> Row:
    """A commitment as lists show it: without lines."""
    return {
        name: value
        for name, value in commitment(row, [], bills, payments, []).items()
        if name not in ("line_items", "change_order_packages", "payments_issued", "attachments")
    }


def commitment(
    row: Row, changes: list[Row], bills: Iterable[Row], payments: Iterable[Row], attachments: list[Row]
) -> Row:
    """A commitment by itself, with its lines and change orders."""
    billed = [each for each in bills if each["status"].startswith("approved")]
    earned = sum((Decimal(each["summary"]["current_payment_due"]) for each in billed), ZERO)
    paid = sum((Decimal(each["amount"]) for each in payments), ZERO)
    revised = Decimal(row["revised_contract"])
    return public(row) | {
        "line_items": [commitment_line(line, row) for line in row["line_items"]],
        "change_order_packages": [_package_of_contract(change) for change in changes],
        "attachments": attachments,
        "payments_issued": [],
        "private": False,
        "requisitions_are_enabled": True,
        "show_line_items_to_non_admins": True,
        "total_requisitions_amount": money(earned),
        "total_draw_requests_amount": money(earned),
        "total_payments": money(paid),
        "percentage_paid": money(paid * 100 / revised if revised else ZERO),
        "remaining_balance_outstanding": money(revised - paid),
        "origin_data": None,
        "description": None,
    }


def commitment_line(line: Row, row: Row, alone: bool = False) -> Row:
    """A line of a commitment."""
    made = public(line) | _dates(row) | {"company": company(), "project": row["project"], "position": 1}
    holder = {"id": row["id"], "holder_type": row["_kind"]}
    made |= {"holder": holder, "origin_id": None, "origin_data": None}
    return made | ({"change_event_line_item": None} if alone else {})


def change_order_package(row: Row) -> Row:
    """A change order under its older name."""
    made = {name: value for name, value in public(row).items() if name != "line_items"}
    nothing = ("due_date", "invoiced_date", "paid_date", "origin_id", "origin_data", "origin_code")
    return made | dict.fromkeys(nothing) | {"revision": 0, "custom_fields": {}}


def _package_of_contract(row: Row) -> Row:
    """A change order inside its commitment, where it has no amount."""
    left_out = ("executed", "grand_total", "revision", "custom_fields", "origin_code")
    return {name: value for name, value in change_order_package(row).items() if name not in left_out}


def change_order(row: Row) -> Row:
    """A change order to a commitment; its description is not public, so only what is sure is shown."""
    kept = (
        "id",
        "contract_id",
        "number",
        "title",
        "status",
        "executed",
        "grand_total",
        "created_at",
        "updated_at",
    )
    return {name: row[name] for name in kept} | {"revision": 0, "due_date": None}


def change_order_line(line: Row, position: int) -> Row:
    """A line of a change order in version 2: all ids are texts."""
    wbs = line["wbs_code"]
    return {
        "id": str(line["id"]),
        "description": line["description"],
        "uom": line["uom"],
        "quantity": 1,
        "unit_cost": line["unit_cost"],
        "amount": line["amount"],
        "extended_type": line["extended_type"],
        "wbs_code_id": str(wbs["id"]),
        "tax_code_id": str(line["tax_code_id"]) if line["tax_code_id"] is not None else None,
        "position": position,
        "wbs_code": wbs | {"id": str(wbs["id"])},
        "commitment_line_item_id": str(line["id"]),
        "prime_line_item_id": None,
    }


def vendor(row: Row, view: str) -> Row:
    """A vendor in a view."""
    if view == "compact":
        return {name: row[name] for name in ("id", "name")}
    made: Row = public(row)
    nothing = (
        *("trade_name", "business_id", "business_register", "license_number", "origin_id", "origin_data"),
        *("state_code", "website", "notes", "parent", "primary_contact", "vendor_group"),
    )
    made |= dict.fromkeys(nothing) | {"synced_to_erp": False, "attachments": []}
    if view != "extended":
        made.pop("custom_fields")
    return made


def payment(row: Row) -> Row:
    """A payment to a contract."""
    nothing = (
        *("check_number", "date_payment_settled", "date_payment_initiated", "draw_request_number"),
        *("external_payment_id", "notes", "origin_id", "origin_code", "origin_data"),
    )
    return public(row) | dict.fromkeys(nothing) | {"attachments": []}
