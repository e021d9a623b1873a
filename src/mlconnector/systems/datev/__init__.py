"""DATEV online: Login mit DATEV, documents, and EXTF files, as the sink of all transfers."""

from __future__ import annotations

from mlconnector.formats.document_check import document_file_name
from mlconnector.systems.datev.connection import SECRECY
from mlconnector.systems.datev.dxso_jobs import IMAGES as SUGGESTION_IMAGES
from mlconnector.systems.datev.job_waits import next_wait
from mlconnector.systems.datev.login import (
    CONNECTED_APPS,
    bound_client,
    issued_by,
    oauth_model,
    short_lived,
    token_http,
)
from mlconnector.systems.datev.ping import service_names
from mlconnector.systems.datev.redirects import redirect_objection
from mlconnector.systems.datev.settings import SECRETS, TEMPLATE, DatevSettings
from mlconnector.systems.datev.sink import DatevSink, open_datev

__all__ = [
    "CONNECTED_APPS",
    "SECRECY",
    "SECRETS",
    "SUGGESTION_IMAGES",
    "TEMPLATE",
    "DatevSettings",
    "DatevSink",
    "bound_client",
    "document_file_name",
    "issued_by",
    "next_wait",
    "oauth_model",
    "open_datev",
    "redirect_objection",
    "service_names",
    "short_lived",
    "token_http",
]
