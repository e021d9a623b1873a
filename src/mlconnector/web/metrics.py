"""`/metrics`: figures for Prometheus."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import APIRouter, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mlconnector.errors import RetryLater
from mlconnector.web.parts import Web

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(web: Web) -> Response:
    """All figures; 503 while the database is out of reach."""
    try:
        return Response(web.figures.exposition(), media_type=CONTENT_TYPE_LATEST)
    except RetryLater as error:
        # The reason may name the database's host, which is nothing for whoever may ask here.
        log.warning("no figures: %s", error.reason)
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
