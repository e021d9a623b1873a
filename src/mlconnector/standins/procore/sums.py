"""What the bills come to: costs of cost codes, and what of commitments is not billed yet."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.amounts import ZERO
from mlconnector.standins.procore.billing import amount
from mlconnector.standins.procore.records import Row
from mlconnector.standins.procore.vocabulary import vocabulary

APPROVED = ("approved", "approved_as_noted")
ENDED = ("Terminated", "Void", "Closed")
Costs = dict[tuple[str, str], Decimal]
"""Net amounts by the numbers of project and cost code."""


def costs(account: Account, wanted: Callable[[Row], bool] = lambda _: True) -> Costs:
    """Net costs of approved requisitions and direct costs, without retainage and tax.

    Of a requisition it is what it adds to the performance to date. Left out are payroll, direct costs that
    mirror a requisition, what is in foreign money, and records that are not `wanted`.
    """
    sums: Costs = {}
    for bill in account.tables["requisitions"].values():
        if bill["status"] in APPROVED and wanted(bill):
            _add_bill(account, sums, bill)
    for cost in account.tables["direct_costs"].values():
        is_cost = cost["status"] == "approved" and cost["direct_cost_type"] in ("invoice", "expense")
        if is_cost and _is_own_money(cost) and wanted(cost):
            for line in cost["line_items"]:
                _add(sums, (_number(account, cost["project"]["id"]), _code(line)), Decimal(line["amount"]))
    return sums


def obligo(account: Account) -> dict[tuple[str, str, str], Decimal]:
    """What is ordered and not billed, by the numbers of project, commitment and cost code.

    Contract and approved change orders, less the performance of approved requisitions to date; nothing is
    left of a commitment that was terminated or is void. Drafts and deleted ones are left out.
    """
    left: dict[tuple[str, str, str], Decimal] = {}
    for row in account.tables["commitments"].values():
        if row["deleted_at"] or row["status"] == "Draft":
            continue
        head, has_ended = (_number(account, row["project"]["id"]), row["number"]), row["status"] in ENDED
        for line in [*row["line_items"], *_change_lines(account, row)]:
            key = (*head, _code(line))
            left[key] = left.get(key, ZERO) + (ZERO if has_ended else Decimal(line["amount"]))
        for (_, code), billed in _billed(account, row).items():
            left[*head, code] = left.get((*head, code), ZERO) - (ZERO if has_ended else billed)
    return left


def _billed(account: Account, commitment: Row) -> Costs:
    sums: Costs = {}
    for bill in account.tables["requisitions"].values():
        if bill["commitment_id"] == commitment["id"] and bill["status"] in APPROVED:
            _add_bill(account, sums, bill)
    return sums


def _add_bill(account: Account, sums: Costs, bill: Row) -> None:
    previous = account.tables["requisitions"].get(bill["previous_requisition_id"] or 0)
    before = {item["line_item_id"]: item for item in previous["items"]} if previous else {}
    for item in bill["items"]:
        name = "total_completed_and_stored_to_date"
        earlier = amount(item, f"{name}_from_previous")
        if item["line_item_id"] in before:
            earlier = amount(before[item["line_item_id"]], name)
        _add(sums, (_number(account, bill["project_id"]), _code(item)), amount(item, name) - earlier)


def _change_lines(account: Account, commitment: Row) -> list[Row]:
    changes = account.changes_of(commitment["id"])
    approved = [change for change in changes if change["status"] == "approved" and not change["deleted_at"]]
    return [line for change in approved for line in change["line_items"]]


def _add(sums: Costs, key: tuple[str, str], amount: Decimal) -> None:
    sums[key] = sums.get(key, ZERO) + amount


def _code(line: Row) -> str:
    return str(line["wbs_code"]["flat_code"]).partition(".")[0]


def _number(account: Account, project_id: int) -> str:
    return str(account.tables["projects"][project_id]["project_number"])


def _is_own_money(cost: Row) -> bool:
    currency = cost["currency_configuration"]["currency_iso_code"]
    return bool(currency == vocabulary().company.currency)
