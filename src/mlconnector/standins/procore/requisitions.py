"""Subcontractor invoices: a chain of bills for each commitment, every one with the case that it is of."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from mlconnector.standins.procore.amounts import ZERO, cents, money
from mlconnector.standins.procore.billing import amount, put_sums, retained
from mlconnector.standins.procore.commitments import Contract
from mlconnector.standins.procore.identities import OTHER_USER_ID
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.work import Work, currency, file_name, moment

STATUSES = {
    "draft": "draft",
    "under_review": "under_review",
    "revise_and_resubmit": "revise_and_resubmit",
    "pending_owner_approval": "pending_owner_approval",
    "approved_as_noted": "approved_as_noted",
}
_LONG_NUMBER = "Abschlagsrechnung Nr. {} Bauvorhaben {} Verbau"
_UNPAID_PERIODS = 3


def fill_contract(work: Work, contract: Contract, wanted: int) -> list[Row]:
    """Bill a commitment up to `wanted` times, and put the bills into the account."""
    bills: list[Row] = []
    for order, case in enumerate(contract.case.bills[:wanted]):
        bills.append(_bill(work, contract, order, case, bills[-1] if bills else None))
    if len(bills) == len(contract.case.bills):
        contract.commitment["status"] = contract.case.ends
    contract.commitment["updated_at"] = max(contract.commitment["updated_at"], contract_moved(contract))
    return bills


def contract_moved(contract: Contract) -> str:
    """When a commitment changed last: with its change orders, or when it ended."""
    moments = [change["updated_at"] for change in contract.changes if change["status"] == "approved"]
    return str(max([contract.commitment["created_at"], *moments]))


def _bill(work: Work, contract: Contract, order: int, case: str, previous: Row | None) -> Row:
    random = Random(f"{work.seed}-bill-{contract.commitment['id']}-{order}")
    period = work.catalogue.periods(contract.project["id"])[contract.first_period + order]
    bill = _head(work, contract, order, case, period)
    bill["previous_requisition_id"] = previous["id"] if previous else None
    bill["items"] = _items(work, contract, case, previous)
    _progress(bill["items"], previous, case, order, random)
    put_sums(bill, previous, work.rates(), contract.sum, work.tax_on_payment)
    work.made.tables["requisitions"][bill["id"]] = bill
    work.made.cases[bill["id"]] = case
    if case == "revised":
        _revise(work, bill)
    _attach(work, contract, bill)
    _pay(work, contract, bill, order)
    return bill


def _head(work: Work, contract: Contract, order: int, case: str, period: Row) -> Row:
    commitment, end, is_final = contract.commitment, period["end_date"], case == "final_after_progress"
    status = STATUSES.get(case, "approved")
    return {
        "id": work.next_id("requisition"),
        "project_id": contract.project["id"],
        "billing_date": end,
        "created_at": moment(end, days=2),
        "updated_at": moment(end, days=6 if status.startswith("approved") else 3, minute=order + 10),
        "commitment_id": commitment["id"],
        "commitment_type": contract.case.kind,
        "contract_name": f"{commitment['number']} {commitment['title']}",
        "final": is_final,
        "vendor_name": contract.vendor["name"],
        "vendor_id": contract.vendor["id"],
        "invoice_number": _number(contract, order, case, end[:4]),
        "invoice_type": "final" if is_final else "progress",
        "payment_date": None,
        "period_id": period["id"],
        "requisition_start": period["start_date"],
        "requisition_end": end,
        "status": status,
        "number": order + 1,
        "submitted_at": None if status == "draft" else moment(end, days=2)[:10],
        "move_materials_to_previous_work_completed": contract.case.moves_materials,
        "currency_configuration": currency("EUR") | {"currency_exchange_rate": 1.0},
        "custom_fields": {},
        "origin_id": None,
        "origin_data": None,
    }


def _number(contract: Contract, order: int, case: str, year: str) -> str | None:
    place = int(contract.commitment["number"][3:])
    if case == "bill_without_number":
        return None
    if case == "long_number" and order == 0:
        return _LONG_NUMBER.format(place, contract.project["project_number"])
    if case == "long_number":
        return f"RE {place}/ä"
    return f"{'SR' if case == 'final_after_progress' else 'AR'}-{year}-{place:03d}-{order + 1:02d}"


def _items(work: Work, contract: Contract, case: str, previous: Row | None) -> list[Row]:
    lines = [("contract_item", line) for line in contract.commitment["line_items"]]
    known = {item["line_item_id"] for item in previous["items"]} if previous else set()
    for change in contract.changes:
        line = change["line_items"][0]
        if change["status"] == "approved" and (case == "change_order_items" or line["id"] in known):
            lines.append(("change_order_item", line))
    return [
        _item(work, contract, kind, line, position) for position, (kind, line) in enumerate(lines, start=1)
    ]


def _item(work: Work, contract: Contract, kind: str, line: Row, position: int) -> Row:
    return {
        "id": work.next_id("item"),
        "item_type": kind,
        "accounting_method": "amount",
        "cost_code_id": line["cost_code"]["id"],
        "line_item_id": line["id"],
        "_tax_code_id": line["tax_code_id"],
        "description_of_work": line["description"],
        "wbs_code": line["wbs_code"],
        "scheduled_value": line["amount"],
        "work_completed_retainage_percent_this_period": f"{contract.case.retainage}.00",
        "materials_stored_retainage_percent_this_period": f"{contract.case.retainage}.00",
        "work_completed_this_period": "0.00",
        "materials_presently_stored": "0.00",
        "work_completed_retainage_released_this_period": "0.00",
        "materials_stored_retainage_released_this_period": "0.00",
        "status": "approved",
        "comment": None,
        "position": position,
    }


Step = Callable[[Row, Row, int, Random], None]
"""Fills an item after the same item of the bill before; knows how many bills the commitment had."""


def _progress(items: list[Row], previous: Row | None, case: str, order: int, random: Random) -> None:
    before = {item["line_item_id"]: item for item in previous["items"]} if previous else {}
    step = _STEPS.get(case, _some_work)
    for item in items:
        step(item, before.get(item["line_item_id"], {}), order, random)
        claimed = amount(item, "work_completed_this_period")
        claimed = cents(claimed * Decimal("1.08")) if case == "approved_as_noted" else claimed
        item["subcontractor_claimed_amount"] = money(claimed + amount(item, "materials_presently_stored"))
        if case == "approved_as_noted":
            item["comment"] = "Gekürzt nach Aufmaß"


def _some_work(item: Row, before: Row, _: int, random: Random) -> None:
    scheduled = amount(item, "scheduled_value")
    left = scheduled - amount(before, "total_completed_and_stored_to_date")
    part = cents(scheduled * random.randrange(12, 20) / 100)
    whole = item["item_type"] == "change_order_item"
    item["work_completed_this_period"] = money(left if whole or left < part else part)


def _all_work(item: Row, before: Row, _: int, __: Random) -> None:
    left = amount(item, "scheduled_value") - amount(before, "total_completed_and_stored_to_date")
    item["work_completed_this_period"] = money(left)


def _no_work(_: Row, __: Row, ___: int, ____: Random) -> None:
    pass


def _work_and_materials(item: Row, before: Row, order: int, random: Random) -> None:
    _some_work(item, before, order, random)
    item["materials_presently_stored"] = money(
        amount(item, "scheduled_value") * random.randrange(8, 15) / 100
    )


def _less_work(item: Row, before: Row, _: int, random: Random) -> None:
    part = Decimal(random.randrange(20, 40)) / 100
    item["work_completed_this_period"] = money(-amount(before, "total_completed_and_stored_to_date") * part)


def _release(item: Row, before: Row, _: int, __: Random) -> None:
    item["work_completed_retainage_released_this_period"] = money(retained(before) if before else ZERO)


def _release_a_part(item: Row, before: Row, order: int, random: Random) -> None:
    if order > 1:
        _release(item, before, order, random)
        return
    _some_work(item, before, order, random)
    item["work_completed_retainage_released_this_period"] = money(retained(before) / 2 if before else ZERO)


_STEPS: dict[str, Step] = {
    "final_after_progress": _all_work,
    "release_only": _release,
    "release_in_parts": _release_a_part,
    "stored_materials": _work_and_materials,
    "negative_requisition": _less_work,
    "zero": _no_work,
}


def _revise(work: Work, bill: Row) -> None:
    """Somebody put an approved bill right: a day later, under the same id."""
    bill["updated_at"] = moment(bill["updated_at"][:10], days=1, hour=14)
    item = bill["items"][0]
    work.made.histories[bill["id"]] = [
        {
            "id": work.next_id("history"),
            "column": "work_completed_this_period",
            "old_value": money(amount(item, "work_completed_this_period") + 500),
            "new_value": item["work_completed_this_period"],
            "action_by": "Bauleitung",
            "action_by_id": OTHER_USER_ID,
            "created_at": bill["updated_at"],
            "ref_id": item["id"],
            "ref_type": "ContractItem",
        }
    ]


def _attach(work: Work, contract: Contract, bill: Row) -> None:
    summary = bill["summary"]
    shown = [
        "Schlussrechnung" if bill["final"] else "Abschlagsrechnung",
        contract.vendor["name"],
        f"Rechnungsnummer: {bill['invoice_number'] or ''}",
        f"Rechnungsdatum: {bill['billing_date']}",
        f"Leistungszeitraum: {bill['requisition_start']} bis {bill['requisition_end']}",
        f"Bauvorhaben: {contract.project['display_name']}",
        f"Leistung bisher: {summary['total_completed_and_stored_to_date']}",
        f"Sicherheitseinbehalt: {summary['total_retainage']}",
        f"Gefordert im Zeitraum: {bill['total_claimed_amount']}",
    ]
    work.add_file(bill["id"], file_name("Rechnung", bill["invoice_number"]), "pdf", shown)


def _pay(work: Work, contract: Contract, bill: Row, order: int) -> None:
    periods = work.catalogue.periods(contract.project["id"])
    is_old = contract.first_period + order < len(periods) - _UNPAID_PERIODS
    due = amount(bill["summary"], "current_payment_due")
    if bill["status"] != "approved" or not is_old or due <= 0:
        return
    day = periods[contract.first_period + order]["due_date"]
    bill["payment_date"] = day
    payment_id = work.next_id("payment")
    work.made.tables["payments"][payment_id] = {
        "id": payment_id,
        "amount": money(due + amount(bill["summary"], "tax_applicable_to_this_payment")),
        "contract_id": contract.commitment["id"],
        "project_id": contract.project["id"],
        "requisition_id": bill["id"],
        "invoice_number": bill["invoice_number"],
        "payment_number": order + 1,
        "date": day,
        "created_at": moment(day),
        "updated_at": moment(day),
        "status": "paid",
    }
