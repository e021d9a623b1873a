"""Standing logins: how a connection is logged in to its systems, and what is left of earlier logins.

No system is asked for it; beginning, finishing and ending a login is in `oauth_login` and `revocation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from mlconnector.flow.connect import login_failures
from mlconnector.flow.connect.login_failures import LoginFailure
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import Leftover, all_leftovers, token_name
from mlconnector.learnt_shapes import learnt
from mlconnector.store import connections
from mlconnector.systems.kit.oauth import Tokens
from mlconnector.systems.sink import LoginRules


@dataclass(frozen=True, slots=True)
class Login:
    """The login of a connection to a system, as far as we know: until when, and whose; None for never yet.

    `client` is the only one that a long-term login is good for, empty for a normal one. `link` is where
    people see and end what they allowed. `not_revoked`: an earlier login could not be ended there yet.
    `failure` is why the latest attempt came to nothing.
    """

    system: str
    until: datetime | None
    by: str
    needed: bool
    client: str = ""
    link: str = ""
    not_revoked: bool = False
    failure: LoginFailure | None = None


def systems_with_login(context: Context) -> list[str]:
    """The systems of a connection that a person has to log in to. A sink is one without being asked."""
    source, sink = context.settings.systems
    return [*([source] if context.oauth(source) is not None else []), sink]


def logins_of(context: Context) -> list[Login]:
    """How a connection is logged in to the systems that want it."""
    with context.read() as db:
        row = connections.read(db, context.name)
    refused = row.state_reason.partition(":")[0] if row.state == "needs_login" else ""
    return [_login(context, system, refused) for system in systems_with_login(context)]


def _login(context: Context, system: str, refused: str) -> Login:
    text = context.vault.get(context.name, token_name(system))
    rules = login_rules(context, system)
    link = "" if rules is None else rules.link
    left = bool(leftovers(context, system))
    failure = login_failures.latest(context, system)
    if text is None:
        return Login(system, None, "", needed=True, link=link, not_revoked=left, failure=failure)
    tokens = msgspec.json.decode(text, type=learnt(Tokens))
    ended = tokens.refresh_expires_at <= context.now()
    return Login(
        system,
        tokens.refresh_expires_at,
        by=str(tokens.extra.get("issued_by", "")),
        needed=ended or refused == system,
        client="" if rules is None else rules.bound_client(tokens.scopes),
        link=link,
        not_revoked=left,
        failure=failure,
    )


def login_rules(context: Context, system: str) -> LoginRules | None:
    """What a system demands of a login beyond OAuth; None for one that demands nothing."""
    sink = context.settings.sink_system
    return sink.login if system == sink.name else None


def leftovers(context: Context, system: str) -> list[Leftover]:
    """What still has to be revoked at a system; tokens that have ended by themselves are not."""
    with context.read() as db:
        return all_leftovers(context.vault, db, context.name, system)
