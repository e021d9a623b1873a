"""The scopes an app may ask for."""

from __future__ import annotations

import re
from collections.abc import Collection

KNOWN = frozenset(
    {
        "openid",
        "profile",
        "email",
        "account_id",
        "offline_access",
        "datev:accounting:clients",
        "datev:accounting:extf-files-import",
        "datev:accounting:invoices",
        "datev:accounting:exchange",
        "datev:file:import",
        "accounting:clients:read",
        "accounting:documents",
        "accounting:dxso-jobs",
    }
)
ONE_CLIENT = re.compile(r"datev:iam:client:[1-9]\d{3,6}-[1-9]\d{0,4}")


def objection(scopes: Collection[str]) -> str | None:
    """Why these scopes cannot be asked for, None when they can."""
    if "openid" not in scopes:
        return "invalid scope: openid is missing"
    clients = [scope for scope in scopes if ONE_CLIENT.fullmatch(scope)]
    unknown = [scope for scope in scopes if scope not in KNOWN and scope not in clients]
    if unknown:
        return f"invalid scope: {' '.join(unknown)}"
    if len(clients) != ("offline_access" in scopes):
        return "invalid scope: offline_access needs exactly one datev:iam:client, and only then it is allowed"
    return None
