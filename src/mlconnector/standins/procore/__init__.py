"""Stand-in of Procore: the login, and the REST API with bills, commitments, cost structure and webhooks."""

from __future__ import annotations

from mlconnector.standins.base import Options
from mlconnector.standins.procore.identities import (
    CERTIFICATE_FIELD,
    CLIENT_ID,
    CLIENT_SECRET,
    COMPANY_ID,
    CREDITOR_FIELD,
    VAT_ID_FIELD,
)
from mlconnector.standins.procore.standin import ProcoreStandIn

__all__ = [
    "CERTIFICATE_FIELD",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "COMPANY_ID",
    "CREDITOR_FIELD",
    "VAT_ID_FIELD",
    "ProcoreStandIn",
    "create",
]


def create(options: Options) -> ProcoreStandIn:
    """Build the stand-in."""
    return ProcoreStandIn(options)
