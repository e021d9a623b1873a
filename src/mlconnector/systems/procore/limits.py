"""The limit on calls of an app of Procore."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from mlconnector.systems.kit.call_limits import CallLimit
from mlconnector.systems.procore.names import SYSTEM
from mlconnector.systems.procore.settings import Settings


def call_limit(settings: Settings, _secrets: Mapping[str, str]) -> CallLimit:
    """How often the app may call; whoever uses the same app shares it, whatever the connection is called."""
    key = hashlib.sha256(f"{settings.api_url} {settings.client_id}".encode()).hexdigest()[:16]
    return CallLimit(f"{SYSTEM} {key}", settings.calls_per_minute)
