"""Stand-in of Procore: the login, and the REST API with bills, commitments, cost structure and webhooks."""

from __future__ import annotations

from mlconnector.standins.base import Options
from mlconnector.standins.procore.identities import CLIENT_ID, CLIENT_SECRET, COMPANY_ID
from mlconnector.standins.procore.standin import ProcoreStandIn

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "COMPANY_ID", "ProcoreStandIn", "create"]


def create(options: Options) -> ProcoreStandIn:
    """Build the stand-in."""
    return ProcoreStandIn(options)
