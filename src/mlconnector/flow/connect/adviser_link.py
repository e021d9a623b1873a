"""Adviser link: opens once, and lets whoever has it log in and confirm for one connection, for some hours.

The tax adviser needs no account here. What is done is in the audit trail with the name that the visitor
gives, and with `VIA`, for nobody has proved that name.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import confirmation
from mlconnector.flow.agree.confirmation import SeedState
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.states import refuse_while_disconnected
from mlconnector.model.problems import Problem
from mlconnector.store import logins, people
from mlconnector.store.audit import append

VIA = "adviser link"
"""How the audit trail says on what the name of a visitor rests."""
LIFETIME = timedelta(days=7)
VISIT = timedelta(hours=8)
LONGEST_NAME = 100
PATIENCE = timedelta(minutes=15)
FAILURES_OF_AN_ADDRESS = 20


class TooManyFailures(Exception):
    """Too many keys that open nothing came from one address: none is looked at for a while."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who visits with an adviser link, by the name that was given; `key` is what the browser has."""

    key: str
    connection: str
    name: str
    until: datetime

    @property
    def form_token(self) -> str:
        """What a form has to carry, so that no other site can send it; it tells nothing of the key."""
        return hmac.new(self.key.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def by(self) -> str:
        """Who acts, for the audit trail."""
        return f"{self.name} ({VIA})"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that nobody has opened yet (then `name` is empty), or a visit; `mark` tells it apart."""

    mark: str
    name: str
    until: datetime


def invite(context: Context, by: str) -> tuple[str, datetime]:
    """A new key that opens once, and until when. Raises NeedsHuman for a connection that is disconnected."""
    refuse_while_disconnected(context)
    key, until = secrets.token_urlsafe(32), context.now() + LIFETIME
    logins.begin(context.vault, context.name, logins.ADVISER_LINK, key, b"", LIFETIME)
    with context.write() as db:
        detail = {"by": by, "until": until.isoformat()}
        append(db, [context.event(context.name, "adviser_invited", detail)], context.now())
    return key, until


def every(context: Context) -> list[Link]:
    """The links and visits of a connection that go on."""
    found = logins.keys_of(context.vault, context.name, (logins.ADVISER_LINK, logins.ADVISER_VISIT))
    return [Link(one.mark, one.content.decode(), one.until) for one in found]


def end(context: Context, mark: str, by: str) -> bool:
    """End a link or a visit; whether there was one."""
    with context.write() as db:
        ended = logins.end_key(db, context.name, mark)
        if ended:
            append(db, [context.event(context.name, "adviser_link_ended", {"by": by})], context.now())
    return ended


def is_good(services: Services, key: str, address: str) -> bool:
    """Whether a key opens something; looking uses it up not. Raises TooManyFailures."""
    _refuse_guessing(services, address)
    if logins.opened(services.vault, key, logins.ADVISER_LINK) is not None:
        return True
    _note_guess(services, address)
    return False


def visit(services: Services, key: str, name: str, address: str) -> Guest | None:
    """Begin a visit with a key, which is used up by that; None where it opens nothing.

    Raises NeedsHuman (`visitor_name_unusable`), and then the key is as good as before; TooManyFailures.
    """
    _refuse_guessing(services, address)
    name = _usable(name)
    link = logins.take_key(services.vault, key, logins.ADVISER_LINK)
    if link is None:
        _note_guess(services, address)
        return None
    context, mine = Context(services, link.connection), secrets.token_urlsafe(32)
    logins.begin(services.vault, link.connection, logins.ADVISER_VISIT, mine, name.encode(), VISIT)
    with context.write() as db:
        detail = {"by": f"{name} ({VIA})", "address": address}
        append(db, [context.event(context.name, "adviser_came", detail)], context.now())
    return Guest(mine, link.connection, name, services.now() + VISIT)


def guest(services: Services, key: str) -> Guest | None:
    """Whose visit a key is; None where it has ended."""
    found = logins.opened(services.vault, key, logins.ADVISER_VISIT) if key else None
    return None if found is None else Guest(key, found.connection, found.content.decode(), found.until)


def leave(services: Services, one: Guest) -> None:
    """End a visit."""
    logins.take_key(services.vault, one.key, logins.ADVISER_VISIT)


def confirm(services: Services, one: Guest, wanted: Sequence[str]) -> list[SeedState]:
    """Note that the visitor has confirmed accounts and tax cases; returns those that were not before."""
    return confirmation.confirm(Context(services, one.connection), one.name, wanted, noted_by=VIA)


def _usable(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NeedsHuman(Problem("visitor_name_unusable", {"limit": str(LONGEST_NAME)}))
    return name


def _mark(address: str) -> str:
    return f"adviser link {address}"


def _refuse_guessing(services: Services, address: str) -> None:
    with services.database.read() as db:
        failed = people.failures(db, _mark(address), services.now() - PATIENCE)
    if failed >= FAILURES_OF_AN_ADDRESS:
        raise TooManyFailures


def _note_guess(services: Services, address: str) -> None:
    now = services.now()
    with services.database.write() as db:
        people.note_failure(db, [_mark(address)], now, now - PATIENCE)
