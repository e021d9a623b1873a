"""Stand-in of Dynamics 365 Sales: Entra sign-in, Dataverse Web API, webhooks, and invoices."""

from __future__ import annotations

from mlconnector.standins.base import Options
from mlconnector.standins.dynamics.entra import CLIENT_SECRET
from mlconnector.standins.dynamics.identities import CLIENT_ID, TENANT_ID
from mlconnector.standins.dynamics.standin import DynamicsStandIn

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "TENANT_ID", "DynamicsStandIn", "create"]


def create(options: Options) -> DynamicsStandIn:
    """Build the stand-in."""
    return DynamicsStandIn(options)
