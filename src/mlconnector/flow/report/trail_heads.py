"""Heads of the audit trail, written down where whoever has the database does not get: a file, a web address.

A line is `<moment> <rows> <hash>`, as `audit head` prints it. Each proves later that the trail up to it is
still there as it was.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.store import audit
from mlconnector.store.audit import Anchor
from mlconnector.store.trail_seal import TrailHead

log = logging.getLogger(__name__)

_LINE = re.compile(r"(?:(?:\S+\s+)?(\d{1,18})\s+)?([0-9a-f]{64})")
_TIMEOUT = 20.0


def head(services: Services) -> TrailHead:
    """The head as it stands. Raises NeedsHuman (`trail_not_ours`, `trail_key_unknown`) otherwise."""
    return audit.checked_head(services.database)


def line(services: Services, found: TrailHead) -> str:
    """A head as one line."""
    return f"{services.now().isoformat(timespec='seconds')} {found.sequence} {found.hash}"


def write_down(services: Services) -> int:
    """Write the head where the settings say; returns in how many places that was possible.

    A place that cannot be reached is told in the log; the next head covers this one, too.
    """
    file, url = services.settings.audit_heads_file, services.settings.audit_heads_url
    if file is None and url is None:
        return 0
    try:
        found = head(services)
    except NeedsHuman as error:
        log.error("the head of the audit trail is not written down: %s", error.problem.cause)
        return 0
    places = 0
    if file is not None:
        places += _appended(file, line(services, found))
    if url is not None:
        places += _posted(services, url.get_secret_value(), found)
    return places


def kept(file: Path) -> list[Anchor]:
    """The heads in a file, one a line; empty lines and those that begin with # say nothing.

    Raises OSError, and ValueError with the number of a line that is no head.
    """
    return list(_anchors(file.read_text(encoding="utf-8", errors="replace")))


def written_down(services: Services) -> list[Anchor]:
    """The heads in the file that the settings name; raises as `kept` does."""
    file = services.settings.audit_heads_file
    return kept(file) if file is not None and file.exists() else []


def anchor(text: str) -> Anchor | None:
    """The head that a line says; None for one that says none."""
    match = _LINE.fullmatch(text.strip().lower())
    return None if match is None else Anchor(match[2], int(match[1]) if match[1] else None)


def _anchors(text: str) -> Iterator[Anchor]:
    for number, row in enumerate(text.splitlines(), start=1):
        if not row.strip() or row.startswith("#"):
            continue
        found = anchor(row)
        if found is None:
            raise ValueError(str(number))
        yield found


def _appended(file: Path, text: str) -> bool:
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(f"{text}\n")
    except OSError as error:
        log.error("the head of the audit trail cannot be written to %s: %s", file, error.strerror)
        return False
    return True


def _posted(services: Services, url: str, found: TrailHead) -> bool:
    """Send the head as JSON; `text` is what services that take messages for people show."""
    name = services.settings.public_url
    message = {
        "installation": name,
        "at": services.now().isoformat(timespec="seconds"),
        "rows": found.sequence,
        "head": found.hash,
        "text": f"ml-connector {name}: {line(services, found)}",
    }
    # The address may be a secret, so that neither it nor what was answered is told in full.
    host = httpx.URL(url).host
    try:
        with httpx.stream("POST", url, json=message, timeout=_TIMEOUT) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        log.error("the head of the audit trail cannot be sent to %s: %s", host, type(error).__name__)
        return False
    if not 200 <= status < 300:
        log.error("the head of the audit trail was not taken by %s: HTTP %s", host, status)
        return False
    return True
