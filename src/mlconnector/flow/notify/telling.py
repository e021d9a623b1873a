"""Telling: every place is told what is new for it; one process at a time, and each thing once.

What is about to be told is written down before it is sent, and that it was told afterwards. Whoever dies in
between leaves a message that may be sent a second time, which is better than never.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.notify.gathering import current
from mlconnector.flow.notify.matters import Matter
from mlconnector.flow.notify.places import address_in, deliver, language_of, subject
from mlconnector.flow.notify.planning import habits, next_try, plan
from mlconnector.flow.notify.wording import message
from mlconnector.model.problems import Problem
from mlconnector.store import audit, leases, notices
from mlconnector.store.notices import Identity, PlaceRow
from mlconnector.texts.zone import shown_in

log = logging.getLogger(__name__)

_LEASE, _LEASE_SECONDS = "notify", 180.0


@dataclass
class Told:
    """Which places were told something, and which could not be reached, with why."""

    sent: list[str] = field(default_factory=list)
    failed: dict[str, Problem] = field(default_factory=dict)


def is_wanted(services: Services) -> bool:
    """Whether there is any place to tell things."""
    with services.database.read() as db:
        return notices.is_any(db)


def tell(services: Services) -> Told:
    """Tell every place what is due for it. Nothing where another process is at it, or there is no place.

    Raises RetryLater where our own database does not work.
    """
    told = Told()
    # A holder, not a process: threads of one process exclude each other, too.
    holder = f"{services.owner}:{uuid.uuid4().hex}"
    if not is_wanted(services) or not _hold(services, holder):
        return told
    try:
        found = current(services)
        with services.database.read() as db:
            places = notices.places(db)
        for place in places:
            if services.stopping.over or not _hold(services, holder):
                break
            _tell(services, place, found, told)
    finally:
        leases.release(services.database, _LEASE, holder)
    return told


def _hold(services: Services, holder: str) -> bool:
    return leases.acquire(services.database, _LEASE, holder, _LEASE_SECONDS, services.now())


def _tell(services: Services, place: PlaceRow, found: Sequence[Matter], told: Told) -> None:
    due = _due(services, place, found)
    if not due:
        return
    said = message(due, place.name, services.settings.public_url, language_of(place))
    try:
        deliver(address_in(services, place), said)
    except ConnectorError as error:
        told.failed[place.name] = _note_failure(services, place, error)
        return
    now = services.now()
    with services.database.write() as db:
        notices.settle(db, place.name, [one.identity for one in due], now)
        notices.reached(db, place.name, now)
        _append(services, db, place, "notification_sent", [one.identity for one in due])
    told.sent.append(place.name)


def _due(services: Services, place: PlaceRow, found: Sequence[Matter]) -> list[Matter]:
    """What a place is to be told now; what is new for it, or over, is noted."""
    settings, now = services.settings, services.now()
    wanted = habits(settings.notify_digest_hour, settings.notify_quiet_hours, settings.notify_minutes_between)
    with services.database.read() as db:
        kept = notices.known(db, place.name)
    planned = plan(place, kept, found, now.astimezone(shown_in()), wanted)
    if planned.new or planned.over:
        with services.database.write() as db:
            if not notices.hold(db, place.name):
                # Somebody has removed it meanwhile.
                return []
            notices.forget(db, place.name, planned.over)
            notices.note(db, place.name, planned.new, now)
            if planned.missed:
                _append(services, db, place, "notification_missed", planned.missed)
    return planned.message


def _note_failure(services: Services, place: PlaceRow, error: ConnectorError) -> Problem:
    problem = error.problem if isinstance(error, NeedsHuman) else Problem("notify_broken")
    now = services.now()
    again = next_try(place.tries, now)
    log.warning("the place %s could not be told: %s; tried again at %s", place.name, problem.cause, again)
    with services.database.write() as db:
        notices.missed(db, place, json.dumps({"key": problem.key, **problem.facts}), now, again)
    return problem


def _append(
    services: Services, db: Connection, place: PlaceRow, event: str, settled: Sequence[Identity]
) -> None:
    """Tell the audit trail what a place was told, or was not."""
    counts = Counter(one.occasion for one in settled)
    names = sorted({one.connection for one in settled if one.connection})
    detail = {"occasions": dict(sorted(counts.items())), "connections": names}
    audit.append(db, [audit.AuditEvent("", subject(place.name), event, detail)], services.now())
