"""Webhook receivers: a delivery is verified on its raw body, kept as a hint, and answered at once.

The record that a hint names is read from its system later; nothing here waits for another system.
"""

from __future__ import annotations

import hashlib
import logging
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.connect import webhooks
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.formats.names import delivery_id
from mlconnector.store import hints
from mlconnector.systems.source import Delivery, Malformed, Refused
from mlconnector.web.answers import RETRY_AFTER
from mlconnector.web.parts import Web

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

Outcome = Literal["accepted", "known", "irrelevant", "refused", "malformed", "unknown", "gone", "later"]
_STATUS: dict[Outcome, HTTPStatus] = {
    "accepted": HTTPStatus.ACCEPTED,
    "known": HTTPStatus.OK,
    "irrelevant": HTTPStatus.OK,
    "refused": HTTPStatus.UNAUTHORIZED,
    "malformed": HTTPStatus.BAD_REQUEST,
    "unknown": HTTPStatus.NOT_FOUND,
    "gone": HTTPStatus.GONE,
    "later": HTTPStatus.SERVICE_UNAVAILABLE,
}
_HEADERS: dict[Outcome, dict[str, str]] = {
    "refused": {"WWW-Authenticate": 'Basic realm="webhooks"'},
    "later": {"Retry-After": str(RETRY_AFTER)},
}


@router.post("/webhooks/{connection}")
@router.post("/webhooks/{connection}/{secret}")
async def receive(
    connection: str, request: Request, web: Web, background: BackgroundTasks, secret: str = ""
) -> Response:
    """Take a delivery for a connection: 202 when it is new, 200 when there is nothing new to do."""
    delivery = Delivery(dict(request.headers), await request.body())
    outcome = await run_in_threadpool(take, web.application.services, connection, delivery, secret)
    web.figures.count_delivery("" if outcome == "unknown" else connection, outcome)
    if outcome == "accepted" and web.work is not None:
        background.add_task(web.work.nudge, connection)
    return JSONResponse({"outcome": outcome}, _STATUS[outcome], _HEADERS.get(outcome))


def take(services: Services, connection: str, delivery: Delivery, secret: str = "") -> Outcome:
    """Verify a delivery and keep it as a hint; without network.

    `secret` is what stands behind the connection's name in the address; with a wrong one nobody is there.
    `gone` is the answer for a connection that is disconnected, and `later` to whatever is wrong on our side,
    so that the sender tries again.
    """
    if not connection.isprintable():
        # PostgreSQL does not even look for a text with the character zero.
        return "unknown"
    try:
        if not webhooks.is_address(Context(services, connection), secret):
            return "unknown"
        hint = services.source(connection).verify(delivery)
        if not hint.external_ids:
            return "irrelevant"
        body_hash = hashlib.sha256(delivery.body).hexdigest()
        identity = delivery_id(connection, hint.delivery_id, body_hash)
        with services.database.write() as db:
            new = hints.keep(
                db,
                identity,
                connection,
                delivery.body,
                hint.external_ids,
                services.now(),
                has_own_id=hint.delivery_id is not None,
            )
    except Refused as error:
        log.warning("webhook for %s refused: %s", connection, error)
        return "refused"
    except Malformed as error:
        log.warning("webhook for %s not understood: %s", connection, error)
        return "malformed"
    except ConnectorError as error:
        if isinstance(error, NeedsHuman) and error.problem.key == "connection_unknown":
            return "unknown"
        if isinstance(error, NeedsHuman) and error.problem.key == "disconnected":
            return "gone"
        log.error("webhook for %s cannot be taken: %s", connection, error)
        return "later"
    return "accepted" if new else "known"
