"""Inviting: a link, good for some days, to the page of one connection with the button "Mit DATEV verbinden".

Whoever has the SmartCard, often the tax adviser, needs no account here: the key in the link is the
permission, for this one connection, to see how it stands and to log in to DATEV.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from mlconnector.flow.context.services import Services
from mlconnector.store import logins

PATH = "/connect/datev"
LIFETIME = timedelta(days=7)


def invite(services: Services, name: str) -> tuple[str, datetime]:
    """A new key for a connection's page, and until when it is good. Raises NeedsHuman for an unknown one."""
    services.connection(name)
    key = secrets.token_urlsafe(32)
    logins.begin(services.vault, name, logins.INVITATION, key, b"", LIFETIME)
    return key, services.now() + LIFETIME


def is_invited(services: Services, name: str, key: str) -> bool:
    """Whether the key opens the connection's page now."""
    return logins.invitation(services.vault, key) == name
