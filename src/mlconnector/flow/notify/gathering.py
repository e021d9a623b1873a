"""Gathering: what is known of all connections at a moment, for deciding what is worth telling."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect.standing import logins_of
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.notify.matters import (
    REJECTED_FOR,
    AskedFor,
    Known,
    Lasting,
    Matter,
    Month,
    Rejected,
    matters,
)
from mlconnector.flow.report.waiting import key_of
from mlconnector.store import approvals, batches, connections, lookup, runs
from mlconnector.store.connections import ConnectionRow
from mlconnector.texts.zone import shown_in

log = logging.getLogger(__name__)

_AT_MOST_EARLY = timedelta(days=30)


def current(services: Services) -> list[Matter]:
    """What is worth telling now, the most urgent first."""
    now = services.now().astimezone(shown_in())
    with services.database.read() as db:
        rows = connections.every(db)
    known = [_known(Context(services, row.name), row) for row in rows]
    silent_after = timedelta(hours=services.settings.notify_silent_hours)
    return matters(known, months(services, now), now, silent_after)


def months(services: Services, now: datetime) -> list[Month]:
    """What became of the batches of the month before, by connection; those without any are left out."""
    until = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    since = (until - timedelta(days=1)).replace(day=1)
    with services.database.read() as db:
        ended = batches.ended_within(db, since, until)
    found = []
    for name in sorted({one.connection for one in ended}):
        own = [one for one in ended if one.connection == name]
        taken = [one for one in own if one.state in batches.ARRIVED]
        rejected = sum(one.batches for one in own if one.state == "failed")
        counts = sum(one.batches for one in taken), sum(one.vouchers for one in taken)
        found.append(Month(f"{since:%Y-%m}", name, *counts, rejected))
    return found


def _known(context: Context, row: ConnectionRow) -> Known:
    with context.read() as db:
        refused = batches.refused_since(db, row.name, context.now() - REJECTED_FOR)
        causes = lookup.causes(db, lookup.Scope(connection=row.name))
        heard_at = runs.last_done(db, row.name) or row.released_at
        asked = approvals.every(db, row.name)
    logins, is_polled = _of_settings(context, row)
    return Known(
        row.name,
        row.source,
        row.state,
        # Nobody misses a connection before it may send anything, or one that is only read by hand.
        context.now() if heard_at is None or not is_polled else heard_at,
        logins,
        tuple(Rejected(one.id, one.file_name, one.state == "partial") for one in refused),
        tuple(sorted({key_of(one.cause) for one in causes})),
        tuple(AskedFor(one.kind, one.about, one.at) for one in asked),
    )


def _of_settings(context: Context, row: ConnectionRow) -> tuple[tuple[Lasting, ...], bool]:
    """The logins of a connection, and whether it is read by a schedule."""
    if row.is_disconnected:
        return (), False
    try:
        return tuple(_logins(context)), bool(context.settings.schedule.cron)
    except NeedsHuman as error:
        # The connection itself says so where it is shown.
        log.warning("%s: its settings or credentials cannot be read: %s", row.name, error.problem.cause)
        return (), True


def _logins(context: Context) -> Iterator[Lasting]:
    for login in logins_of(context):
        if login.until is not None:
            yield Lasting(login.system, login.until, _early(context, login.system, bound=bool(login.client)))


def _early(context: Context, system: str, *, bound: bool) -> timedelta:
    """How long before its end a login is worth a warning.

    One that is renewed with every use ends soon only where it was not used for long; one to the sink lasts
    where it is bound to its client, and else for some hours.
    """
    if system == context.settings.sink_system.name:
        return _AT_MOST_EARLY if bound else timedelta(0)
    model = context.oauth(system)
    if model is None:
        return timedelta(0)
    lasts = timedelta(seconds=model.lifetime)
    return lasts / 2 if model.rolling else lasts - timedelta(days=1)
