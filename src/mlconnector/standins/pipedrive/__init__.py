"""Stand-in of Pipedrive: OAuth, API v1 and v2, webhooks, and an account full of German invoices."""

from __future__ import annotations

from mlconnector.standins.base import Options
from mlconnector.standins.pipedrive.login import API_TOKEN, CLIENT_ID, CLIENT_SECRET
from mlconnector.standins.pipedrive.standin import PipedriveStandIn
from mlconnector.standins.pipedrive.webhooks import Authentication

__all__ = ["API_TOKEN", "CLIENT_ID", "CLIENT_SECRET", "Authentication", "PipedriveStandIn", "create"]


def create(options: Options) -> PipedriveStandIn:
    """Build the stand-in."""
    return PipedriveStandIn(options)
