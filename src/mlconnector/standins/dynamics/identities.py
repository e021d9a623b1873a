"""GUIDs that are the same on every run, in the lower-case writing of Dataverse."""

from __future__ import annotations

import hashlib
from uuid import UUID


def guid(*parts: object) -> str:
    """The GUID that belongs to `parts`."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


TENANT_ID = "7b0e3c4d-5a1f-4c2b-9d8e-2f6a1b3c4d5e"
CLIENT_ID = "c1f5a9d2-3b7e-4e60-8a14-90d2b6e7f813"
ORGANIZATION_ID = guid("organization")
APPLICATION_USER_ID = guid("application user")
BUSINESS_UNIT_ID = guid("business unit")
SALES_USER_ID = guid("sales user")
TEMPLATE_ID = guid("document template", "invoice")
