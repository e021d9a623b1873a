"""What monitoring asks: `/healthz` and `/readyz`, whether the process lives and can work, and `/metrics`."""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mlconnector.errors import RetryLater
from mlconnector.flow.context.services import Services
from mlconnector.store import audit, executors
from mlconnector.store.migrate import is_current
from mlconnector.web.guards import inside_or_with_token
from mlconnector.web.parts import Web

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """The process lives and answers."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
def readyz(web: Web) -> JSONResponse:
    """200 when webhooks can be kept and work goes on, else 503 with the reasons."""
    reasons = list(_reasons(web.application.services, works_here=web.work is not None))
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    content = {"status": "not ready" if reasons else "ready", "reasons": reasons}
    return JSONResponse(content, status)


@router.get("/metrics", dependencies=[Depends(inside_or_with_token)])
def metrics(web: Web) -> Response:
    """All figures, for who is inside or has the token; 503 while the database is out of reach."""
    try:
        return Response(web.figures.exposition(), media_type=CONTENT_TYPE_LATEST)
    except RetryLater as error:
        # The reason may name the database's host, which is nothing for whoever may ask here.
        log.warning("no figures: %s", error.reason)
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)


def _reasons(services: Services, *, works_here: bool) -> list[str]:
    try:
        if not is_current(services.database):
            return ["the database does not have the tables of this version"]
        if not audit.is_sealed(services.database):
            return ["the audit trail does not carry our seal"]
        with services.database.read() as db:
            seen = executors.last_seen(db, services.owner)
    except RetryLater as error:
        log.warning("not ready: %s", error.reason)
        return ["the database is out of reach"]
    patience = timedelta(seconds=services.settings.silent_after_seconds)
    if works_here and (seen is None or services.now() - seen > patience):
        return ["the engine shows no sign of life"]
    return []
