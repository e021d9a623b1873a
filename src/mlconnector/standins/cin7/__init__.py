"""Stand-in of Cin7 Core: the external API v2 with sales, purchases, credit notes, payments and webhooks."""

from __future__ import annotations

from mlconnector.standins.base import Options
from mlconnector.standins.cin7.identities import ACCOUNT_ID, KEY, TENANT_ID
from mlconnector.standins.cin7.standin import Cin7StandIn
from mlconnector.standins.cin7.webhooks import Authentication

__all__ = ["ACCOUNT_ID", "KEY", "TENANT_ID", "Authentication", "Cin7StandIn", "create"]


def create(options: Options) -> Cin7StandIn:
    """Build the stand-in."""
    return Cin7StandIn(options)
