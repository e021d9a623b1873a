"""What a person does in the original's user interface after the account was generated."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.amounts import money
from mlconnector.standins.procore.billing import put_sums
from mlconnector.standins.procore.commitments import put_contract_sums
from mlconnector.standins.procore.direct_costs import put_direct_cost_sums
from mlconnector.standins.procore.identities import OTHER_USER_ID
from mlconnector.standins.procore.records import File, Row

Edit = Callable[[Row], None]


def update(
    account: Account, table: str, record_id: int, edit: Edit, at: datetime | None = None, moves: bool = True
) -> Row:
    """Edit a record in place; what the edit leaves is served as it is. LookupError when there is none.

    The stamp of the change moves, unless it `moves` not: whether it always does is not documented.
    """
    old = account.row(table, record_id)
    new = deepcopy(old)
    edit(new)
    if moves:
        new["updated_at"] = account.now(at)
    if table == "requisitions":
        _note_changes(account, old, new)
    account.put(table, new)
    return new


def change_work(account: Account, requisition_id: int, work: Decimal, place: int = 0) -> Row:
    """Put the work of the item at `place` right, with all sums of the bill and of those after it."""

    def edit(row: Row) -> None:
        row["items"][place]["work_completed_this_period"] = money(work)
        _put_sums(account, row)

    changed = update(account, "requisitions", requisition_id, edit)
    following = changed
    while follower := _follower(account, following):
        following = update(account, "requisitions", follower["id"], lambda row: _put_sums(account, row))
    return changed


def add_requisition(
    account: Account, commitment_id: int, work: Decimal, status: str = "approved", at: datetime | None = None
) -> Row:
    """Add the next bill of a commitment that was billed before, with `work` on its first item."""
    bills = [row for row in account.tables["requisitions"].values() if row["commitment_id"] == commitment_id]
    if not bills:
        raise LookupError(f"The commitment {commitment_id} has no requisition to go on from.")
    bill, last = deepcopy(bills[-1]), bills[-1]
    stamp = account.now(at)
    bill |= {
        "id": account.next_id("requisition"),
        "previous_requisition_id": last["id"],
        "number": last["number"] + 1,
        "invoice_number": f"AR-N{commitment_id % 1000:03d}-{last['number'] + 1:02d}",
        "status": status,
        "final": False,
        "invoice_type": "progress",
        "payment_date": None,
        "created_at": stamp,
        "updated_at": stamp,
    }
    for item in bill["items"]:
        item.update(dict.fromkeys(_OF_PERIOD, "0.00"), id=account.next_id("item"))
    bill["items"][0] |= {
        "work_completed_this_period": money(work),
        "subcontractor_claimed_amount": money(work),
    }
    _put_sums(account, bill)
    account.put("requisitions", bill)
    account.cases[bill["id"]] = "added"
    return bill


def add_direct_cost(account: Account, like: int, number: str | None, at: datetime | None = None) -> Row:
    """Add a direct cost with the lines of another one, under another number."""
    cost, stamp = deepcopy(account.row("direct_costs", like)), account.now(at)
    cost |= {"id": account.next_id("direct_cost"), "invoice_number": number}
    cost |= {"created_at": stamp, "updated_at": stamp}
    for line in cost["line_items"]:
        line["id"] = account.next_id("direct_line")
    account.put("direct_costs", cost)
    account.cases[cost["id"]] = "added"
    return cost


def change_amount(account: Account, direct_cost_id: int, amount: Decimal, place: int = 0) -> Row:
    """Put the amount of a line of a direct cost right, with all sums."""

    def edit(row: Row) -> None:
        row["line_items"][place] |= {"amount": money(amount), "unit_cost": money(amount)}
        put_direct_cost_sums(row, account.rates())

    return update(account, "direct_costs", direct_cost_id, edit)


def add_change_order(account: Account, commitment_id: int, amount: Decimal, status: str = "approved") -> Row:
    """Add a change order to a commitment, on the cost code of its first line."""
    commitment, stamp = account.row("commitments", commitment_id), account.now()
    line = deepcopy(commitment["line_items"][0])
    line |= dict.fromkeys(("amount", "extended_amount", "total_amount", "unit_cost"), money(amount))
    line |= {"id": account.next_id("change_line"), "description": "Nachtrag"}
    change = {
        "id": account.next_id("change_order"),
        "contract_id": commitment_id,
        "_project_id": commitment["project"]["id"],
        "number": f"{len(account.changes_of(commitment_id)) + 1:03d}",
        "title": "Nachtrag",
        "status": status,
        "executed": status == "approved",
        "grand_total": money(amount),
        "line_items": [line],
        "reviewed_at": stamp if status == "approved" else None,
        "created_at": stamp,
        "updated_at": stamp,
        "deleted_at": None,
    }
    account.put("change_orders", change)
    put_commitment_sums(account, commitment_id)
    return change


def put_commitment_sums(account: Account, commitment_id: int) -> Row:
    """Write the sums of a commitment after a change to its lines or change orders."""
    changes = account.changes_of(commitment_id)
    return update(account, "commitments", commitment_id, lambda row: put_contract_sums(row, changes))


def delete_commitment(account: Account, commitment_id: int) -> Row:
    """Put a commitment into the bin, where it is listed on request."""
    stamp = account.now()
    return update(account, "commitments", commitment_id, lambda row: row.update(deleted_at=stamp))


def add_attachment(account: Account, owner: int, name: str, content: bytes) -> int:
    """Attach a file to a requisition, direct cost or commitment, and give its id."""
    file = File(account.next_id("file"), owner, name, "added", [], content)
    account.put_file(file)
    return file.id


def enlarge_file(account: Account, file_id: int, size: int) -> None:
    """Let a file be so many bytes long; LookupError when there is none."""
    file = account.file(file_id)
    if file is None:
        raise LookupError(f"This account has no attachment {file_id}.")
    file.size = size
    account.put_file(file)


_OF_PERIOD = (
    *("work_completed_this_period", "materials_presently_stored", "subcontractor_claimed_amount"),
    *("work_completed_retainage_released_this_period", "materials_stored_retainage_released_this_period"),
)


def _put_sums(account: Account, row: Row) -> None:
    previous = account.tables["requisitions"].get(row["previous_requisition_id"] or 0)
    contract = Decimal(account.row("commitments", row["commitment_id"])["grand_total"])
    put_sums(row, previous, account.rates(), contract, account.tax_on_payment)


def _follower(account: Account, bill: Row) -> Row | None:
    rows = account.tables["requisitions"].values()
    return next((row for row in rows if row["previous_requisition_id"] == bill["id"]), None)


def _note_changes(account: Account, old: Row, new: Row) -> None:
    """Write into the history of a requisition what of it and of its items is no longer as it was."""
    pairs = [(old, new, "Requisition"), *_same_items(old, new)]
    for before, after, kind in pairs:
        for column, value in after.items():
            if column != "updated_at" and _is_plain(value) and before.get(column) != value:
                account.histories.setdefault(new["id"], []).append(
                    {
                        "id": account.next_id("history"),
                        "column": column,
                        "old_value": _text(before.get(column)),
                        "new_value": _text(value),
                        "action_by": "Bauleitung",
                        "action_by_id": OTHER_USER_ID,
                        "created_at": new["updated_at"],
                        "ref_id": after["id"],
                        "ref_type": kind,
                    }
                )


def _same_items(old: Row, new: Row) -> list[tuple[Row, Row, str]]:
    before = {item["id"]: item for item in old["items"]}
    return [(before[item["id"]], item, "ContractItem") for item in new["items"] if item["id"] in before]


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | date)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
