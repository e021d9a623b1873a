"""The sums of a requisition: what is billed in a period, and everything that accumulates over periods.

Whoever fills a requisition says of each item the work of the period, the materials that are stored, the
retainage percents, and what is released. `put_sums` writes the rest so that the identities of the form hold:
earned less retainage is completed and stored less retainage, and the payment due is that less the
certificates before. Sums are cumulative but for the payment due and the tax.

Which base the tax of a progress bill has is not documented: here it is the performance of the period, or the
payment due where `tax_on_payment` is set.
"""

from __future__ import annotations

from decimal import Decimal

from mlconnector.standins.procore.amounts import ZERO, cents, money, percent
from mlconnector.standins.procore.records import Row

Rates = dict[int, Decimal]
"""The rates of the tax codes in per cent, by their ids."""


def put_sums(
    requisition: Row, previous: Row | None, rates: Rates, contract_sum: Decimal, tax_on_payment: bool = False
) -> None:
    """Write all sums of a requisition after its previous one; `contract_sum` is without change orders."""
    before = {_key(item): item for item in previous["items"]} if previous else {}
    for item in requisition["items"]:
        moves = requisition["move_materials_to_previous_work_completed"]
        _put_item(item, before.get(_key(item)), moves)
        _put_tax(item, before.get(_key(item)), rates, tax_on_payment)
    requisition["summary"] = _summary(requisition["items"], previous, contract_sum)
    completed = amount(requisition["summary"], "total_completed_and_stored_to_date")
    contract = amount(requisition["summary"], "contract_sum_to_date")
    requisition["percent_complete"] = f"{percent(completed, contract)}%"
    claimed = sum((amount(item, "subcontractor_claimed_amount") for item in requisition["items"]), ZERO)
    requisition["total_claimed_amount"] = money(claimed)


def amount(row: Row, name: str) -> Decimal:
    """An amount of a record; zero where none is written."""
    return Decimal(row.get(name) or 0)


def performed(item: Row) -> Decimal:
    """What an item adds in its period, before retainage and tax."""
    return amount(item, "total_completed_and_stored_to_date") - amount(
        item, "total_completed_and_stored_to_date_from_previous"
    )


def retained(item: Row) -> Decimal:
    """What is kept back of an item to date."""
    return (
        amount(item, "work_completed_retainage_from_previous_application")
        + amount(item, "work_completed_retainage_retained_this_period")
        - amount(item, "work_completed_retainage_released_this_period")
        + amount(item, "materials_stored_retainage_currently_retained")
    )


def _key(item: Row) -> tuple[str, int]:
    return item["item_type"], item["line_item_id"]


def _put_item(item: Row, before: Row | None, moves: bool) -> None:
    stored_before = amount(before or {}, "materials_presently_stored")
    stored_retained = amount(before or {}, "materials_stored_retainage_currently_retained")
    moved, moved_retained = (stored_before, stored_retained) if moves else (ZERO, ZERO)
    work_before, retained_before = moved, moved_retained
    if before:
        work_before += amount(before, "work_completed_from_previous_application")
        work_before += amount(before, "work_completed_this_period")
        retained_before += retained(before) - stored_retained
    work, stored = amount(item, "work_completed_this_period"), amount(item, "materials_presently_stored")
    total = work_before + work + stored
    new_materials = max(stored - (ZERO if moves else stored_before), ZERO)
    stored_percent = amount(item, "materials_stored_retainage_percent_this_period") / 100
    values = {
        "work_completed_from_previous_application": work_before,
        "materials_presently_stored_from_previous_progress": stored_before,
        "materials_moved": moved,
        "materials_retainage_retained_moved": moved_retained,
        "total_completed_and_stored_to_date": total,
        "total_completed_and_stored_to_date_percent": percent(total, amount(item, "scheduled_value")),
        "total_completed_and_stored_to_date_from_previous": amount(
            before or {}, "total_completed_and_stored_to_date"
        ),
        "work_completed_retainage_from_previous_application": retained_before,
        "work_completed_retainage_retained_this_period": work
        * amount(item, "work_completed_retainage_percent_this_period")
        / 100,
        "materials_stored_retainage_currently_retained": stored * stored_percent
        - amount(item, "materials_stored_retainage_released_this_period"),
        "materials_stored_retainage_new_materials": new_materials * stored_percent,
    }
    item.update({name: money(value) for name, value in values.items()})
    item["previous_progress_id"] = before["id"] if before else None


def _put_tax(item: Row, before: Row | None, rates: Rates, tax_on_payment: bool) -> None:
    base = performed(item)
    if tax_on_payment:
        base -= retained(item) - (retained(before) if before else ZERO)
    tax_code_id = item["_tax_code_id"]
    tax = base * rates[tax_code_id] / 100 if tax_code_id is not None else ZERO
    item["taxes"] = (
        [{"tax_code_id": tax_code_id, "rate": str(rates[tax_code_id]), "amount": str(tax)}]
        if tax_code_id is not None
        else []
    )
    item["net_amount"], item["gross_amount"] = money(performed(item)), money(performed(item) + tax)


def _summary(items: list[Row], previous: Row | None, contract_sum: Decimal) -> Row:
    def total(name: str) -> Decimal:
        return sum((amount(item, name) for item in items), ZERO)

    changes = [item for item in items if item["item_type"] == "change_order_item"]
    added = sum((amount(item, "scheduled_value") for item in changes), ZERO)
    stored_retained = total("materials_stored_retainage_currently_retained")
    work_retained = sum((retained(item) for item in items), ZERO) - stored_retained
    completed, stored = total("total_completed_and_stored_to_date"), total("materials_presently_stored")
    earned = completed - work_retained - stored_retained
    certified = amount(previous["summary"], "total_earned_less_retainage") if previous else ZERO
    # Unrounded taxes of lines are added up and rounded once.
    tax = sum((Decimal(each["amount"]) for item in items for each in item["taxes"]), ZERO)
    values = {
        "original_contract_sum": contract_sum,
        "net_change_by_change_orders": added,
        "contract_sum_to_date": contract_sum + added,
        "total_completed_and_stored_to_date": completed,
        "completed_work_retainage_percent": percent(work_retained, completed - stored),
        "completed_work_retainage_amount": work_retained,
        "stored_materials_retainage_percent": percent(stored_retained, stored),
        "stored_materials_retainage_amount": stored_retained,
        "total_retainage": work_retained + stored_retained,
        "total_earned_less_retainage": earned,
        "less_previous_certificates_for_payment": certified,
        "current_payment_due": earned - certified,
        "balance_to_finish_including_retainage": contract_sum + added - earned,
        "tax_applicable_to_this_payment": cents(tax),
        "new_materials": max(stored - total("materials_presently_stored_from_previous_progress"), ZERO),
        "stored_materials": min(stored, total("materials_presently_stored_from_previous_progress")),
    }
    return {name: money(value) for name, value in (values | _of_changes(changes, previous)).items()}


def _of_changes(changes: list[Row], previous: Row | None) -> dict[str, Decimal]:
    """Change orders by their sign, and by whether the bill before had them already."""
    known = {_key(item) for item in previous["items"]} if previous else set()
    sums: dict[str, Decimal] = {}
    for sign in ("positive", "negative"):
        of_sign = [item for item in changes if (amount(item, "scheduled_value") < 0) == (sign == "negative")]
        for name, rows in (
            ("change_order_item_total", of_sign),
            ("new_change_order_item_total", [item for item in of_sign if _key(item) not in known]),
            ("previous_change_order_item_total", [item for item in of_sign if _key(item) in known]),
        ):
            sums[f"{sign}_{name}"] = sum((amount(item, "scheduled_value") for item in rows), ZERO)
    return sums
