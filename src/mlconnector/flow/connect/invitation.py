"""Invitation: a link, good for some days, to the page of one connection with the button that begins a login.

Whoever has the SmartCard, often the tax adviser, needs no account here: the key in the link is the
permission, for this one connection, to see how it stands and to log in to its sink.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import refuse_while_disconnected
from mlconnector.store import logins

PATH = "/connect"
"""Beneath it the name of the sink, and beneath that the name of the connection."""
LIFETIME = timedelta(days=7)


def invite(context: Context) -> tuple[str, datetime]:
    """A new key for a connection's page, and until when it is good.

    Raises NeedsHuman for a connection that is unknown or disconnected.
    """
    refuse_while_disconnected(context)
    key = secrets.token_urlsafe(32)
    logins.begin(context.vault, context.name, logins.INVITATION, key, b"", LIFETIME)
    return key, context.now() + LIFETIME


def path_of(context: Context) -> str:
    """The path of the connection's page."""
    return f"{PATH}/{context.settings.sink_system.name}/{context.name}"


def is_invited(context: Context, key: str) -> bool:
    """Whether the key opens the connection's page now."""
    return logins.invitation(context.vault, key) == context.name
