"""GUIDs that are the same on every run, and the two values that open the account."""

from __future__ import annotations

import hashlib
from uuid import UUID


def guid(*parts: object) -> str:
    """The GUID that belongs to `parts`."""
    digest = hashlib.sha256("/".join(str(part) for part in ("cin7", *parts)).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


ACCOUNT_ID = guid("account")
KEY = guid("application key")
TENANT_ID = guid("tenant")
