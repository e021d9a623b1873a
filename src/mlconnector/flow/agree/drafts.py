"""Drafts: settings and lists that somebody has begun to change, kept until they are applied or discarded.

Nothing of a connection rests on a draft, and no draft holds a secret.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Literal

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.model.problems import Problem
from mlconnector.store import drafts
from mlconnector.store.drafts import Draft

Kind = Literal["settings", "chart", "debtors", "creditors", "mapping"]

_KEPT_FOR = timedelta(days=90)
_SECRET = re.compile(r"\w*(secret|password|api_token|application_key|webhook_key)", re.IGNORECASE)
_LONGEST_NAME = 100
_TEXTS = ("settings", "mapping")


def keep(services: Services, name: str, kind: Kind, content: bytes, by: str, file: str = "") -> Draft:
    """Keep what somebody has begun. Raises NeedsHuman (`secret_in_settings`) and then keeps nothing."""
    secret = _secret_in(content.decode("utf-8", "replace")) if kind in _TEXTS else ""
    if secret:
        raise NeedsHuman(Problem("secret_in_settings", {"given": secret}))
    now = services.now()
    draft = Draft(name, kind, content, file, by, now)
    with services.database.write() as db:
        drafts.purge(db, now - _KEPT_FOR)
        drafts.put(db, draft)
    return draft


def kept(services: Services, name: str, kind: Kind) -> Draft | None:
    """What was begun; None where nothing was."""
    with services.database.read() as db:
        return drafts.read(db, name, kind)


def every(services: Services, kind: Kind) -> list[Draft]:
    """Everything of a kind that was begun."""
    with services.database.read() as db:
        return drafts.every(db, kind)


def discard(services: Services, name: str, kind: Kind) -> None:
    """Forget what was begun."""
    with services.database.write() as db:
        drafts.drop(db, name, kind)


def mark(*parts: str) -> str:
    """What tells one content from another: who applies a draft has seen just this one."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def refuse_unseen(seen: str, now: str, name: str) -> None:
    """Raise NeedsHuman (`draft_outdated`) where what would be applied is not what was shown."""
    if seen != now:
        raise NeedsHuman(Problem("draft_outdated", {"name": name}))


def _secret_in(text: str) -> str:
    """The first name in a text of settings that only a credential has; empty where there is none."""
    for line in text.splitlines():
        name, equals, _ = line.partition("=")
        name = name.rpartition(".")[2].strip(" \t\"'")
        if equals and len(name) <= _LONGEST_NAME and _SECRET.fullmatch(name):
            return name
    return ""
