"""What people do in each source while the product works: another price, a lost sale, one won again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx

from chaos.plan import Change
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.standins.pipedrive.webhooks import Authentication


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


def _told_by_pipedrive(account: PipedriveStandIn, record: int, url: str) -> httpx.Response:
    body, headers = account.delivery(record, Authentication("hmac_sha256", key="demo-webhook-key"))
    return httpx.post(url, content=body, headers=headers, timeout=5)


def _told_by_dynamics(environment: DynamicsStandIn, record: int, url: str) -> httpx.Response:
    return environment.deliver(record, url)


CHANGES: Mapping[str, Callable[[Any, Change], str]] = {
    "pipedrive": _in_pipedrive,
    "dynamics": _in_dynamics,
}
"""How a change is made in the stand-in of a source; gives the id of the record. Others stay as they are."""

WEBHOOKS: Mapping[str, Callable[[Any, int, str], httpx.Response]] = {
    "pipedrive": _told_by_pipedrive,
    "dynamics": _told_by_dynamics,
}
"""How the stand-in of a source tells an address of a record; others tell of nothing."""
