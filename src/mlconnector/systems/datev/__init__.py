"""DATEV online: Login mit DATEV, documents, and EXTF files, as the sink of all transfers."""

from __future__ import annotations

from mlconnector.formats.document_check import document_file_name
from mlconnector.systems.datev.login import issued_by, oauth_model, token_http
from mlconnector.systems.datev.polling import next_wait
from mlconnector.systems.datev.settings import SECRETS, TEMPLATE, DatevSettings
from mlconnector.systems.datev.sink import DatevSink, open_datev

__all__ = [
    "SECRETS",
    "TEMPLATE",
    "DatevSettings",
    "DatevSink",
    "document_file_name",
    "issued_by",
    "next_wait",
    "oauth_model",
    "open_datev",
    "token_http",
]
