"""The limit on calls of a key of Cin7 Core."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from mlconnector.systems.cin7.names import SYSTEM
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.kit.call_limits import CallLimit


def call_limit(settings: Settings, secrets: Mapping[str, str]) -> CallLimit:
    """How often the key may call; who holds the same key shares it, whatever the connection is called."""
    key = f"{settings.account_id} {secrets.get('application_key', '')}"
    name = f"{SYSTEM} {hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return CallLimit(name, settings.calls_per_minute, settings.calls_per_day)
