"""What people do in each source while the product works: another price, a lost sale, one won again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx
from tests.flow.rig import COLLIDING_NUMBER

from chaos.plan import Change
from mlconnector.standins.cin7.standin import Cin7StandIn
from mlconnector.standins.cin7.webhooks import Authentication as Bearer
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.standins.pipedrive.webhooks import Authentication
from mlconnector.standins.procore import ProcoreStandIn


def _in_pipedrive(account: PipedriveStandIn, change: Change) -> str:
    match change.kind:
        case "price":
            account.change_line(change.record, 0, item_price=change.price)
        case "lost":
            account.lose(change.record)
        case "won":
            account.win(change.record)
    return str(change.record)


def _in_dynamics(environment: DynamicsStandIn, change: Change) -> str:
    match change.kind:
        case "price":
            environment.change_line(change.record, 0, priceperunit=Decimal(change.price))
        case "lost":
            environment.cancel(change.record)
        case "won":
            environment.reactivate(change.record, 4)
    return str(environment.invoice(change.record)["invoiceid"])


def _in_cin7(account: Cin7StandIn, change: Change) -> str:
    sale = list(account.sales.values())[change.record - 1]
    task = sale["Invoices"][0]["TaskID"]
    match change.kind:
        case "lost":
            account.void_invoice(sale["ID"], task)
        case "price" | "won":
            account.reauthorise(sale["ID"], task, Decimal(change.price or 100))
    return f"sale/{sale['ID']}".lower()


def _in_procore(company: ProcoreStandIn, change: Change) -> str:
    """Of direct costs alone: what happens to a bill happens to those that add to it."""
    cost = _invoice(company, change.record)
    match change.kind:
        case "price":
            company.change_amount(cost["id"], Decimal(change.price))
        case "lost":
            company.update_direct_cost(cost["id"], lambda row: row.update(status="pending"))
        case "won":
            company.update_direct_cost(cost["id"], lambda row: row.update(status="approved"))
    return f"direct-cost/{company.company_id}/{cost['project']['id']}/{cost['id']}"


def _invoice(company: ProcoreStandIn, record: int) -> dict[str, Any]:
    found = [one for one in company.direct_costs.values() if one["direct_cost_type"] == "invoice"]
    return found[record % len(found)]


def _told_by_pipedrive(account: PipedriveStandIn, record: int, url: str) -> httpx.Response:
    body, headers = account.delivery(record, Authentication("hmac_sha256", key="demo-webhook-key"))
    return httpx.post(url, content=body, headers=headers, timeout=5)


def _told_by_dynamics(environment: DynamicsStandIn, record: int, url: str) -> httpx.Response:
    return environment.deliver(record, url)


def _told_by_cin7(account: Cin7StandIn, record: int, url: str) -> httpx.Response:
    sale = list(account.sales.values())[record - 1]
    return account.deliver("Sale/Undo", sale["ID"], url, Bearer(token="demo-webhook-key"))


def _told_by_procore(company: ProcoreStandIn, record: int, url: str) -> httpx.Response:
    cost = _invoice(company, record)
    return company.deliver(url, "Direct Costs", cost["id"], token="Bearer demo-webhook-key")


def _tell_apart(account: PipedriveStandIn) -> None:
    """Of two deals with one number the first that is read takes it, and which that is the network decides."""
    account.change_deal(COLLIDING_NUMBER, custom_fields={"Rechnungsnummer": "RE-2026-9999"})


PREPARED: Mapping[str, Callable[[Any], None]] = {"pipedrive": _tell_apart}
"""What is made of the stand-in of a source before a trial; others stay as they are."""

CHANGES: Mapping[str, Callable[[Any, Change], str]] = {
    "pipedrive": _in_pipedrive,
    "dynamics": _in_dynamics,
    "cin7": _in_cin7,
    "procore": _in_procore,
}
"""How a change is made in the stand-in of a source; gives the id of the record, with which the ids of all its
documents begin. Others stay as they are."""

WEBHOOKS: Mapping[str, Callable[[Any, int, str], httpx.Response]] = {
    "pipedrive": _told_by_pipedrive,
    "dynamics": _told_by_dynamics,
    "cin7": _told_by_cin7,
    "procore": _told_by_procore,
}
"""How the stand-in of a source tells an address of a record; others tell of nothing."""
