"""Confirming: the seeds that a connection uses are proposals until somebody has confirmed them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import Seed, is_confirmed, seed, seeds_by_rules, seeds_of
from mlconnector.model.problems import Problem
from mlconnector.store import accounts, confirmations
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.confirmations import Confirmation
from mlconnector.systems.kit.check_steps import CheckStep

if TYPE_CHECKING:
    from mlconnector.mapping.drafts import Draft


@dataclass(frozen=True, slots=True)
class SeedState:
    """A seed in use: who confirmed it, None while nobody has, and whether bookings rest on it already.

    `confirmation` may be of an earlier content of the seed; then `is_confirmed` is false.
    """

    seed: Seed
    confirmation: Confirmation | None
    is_confirmed: bool
    is_booked: bool


def seed_states(context: Context, used: Collection[str] = ()) -> list[SeedState]:
    """All seeds that a connection uses: by its rules, by its bookings, and those named in `used`."""
    settings = context.settings
    with context.read() as db:
        return _states(db, settings, context.now().date(), used)


def unconfirmed(context: Context, used: Collection[str] = ()) -> list[SeedState]:
    """The seeds in use that nobody has confirmed as they are now.

    `used` names seeds beyond those of the rules and of bookings, e.g. `mapping.seeds.seeds_of` a preview.
    """
    return [one for one in seed_states(context, used) if not one.is_confirmed]


def confirm(context: Context, by: str, wanted: Sequence[str] = (), *, noted_by: str) -> list[SeedState]:
    """Note that somebody has confirmed seeds, all that are in use unless some are `wanted` by name.

    Returns those that were not confirmed before. Raises NeedsHuman for an unknown name.
    """
    settings, now = context.settings, context.now()
    with context.write() as db:
        accounts.hold(db, settings.client)
        states = _states(db, settings, now.date(), wanted)
        known = {one.seed.name: one for one in states}
        for one in wanted:
            if one not in known:
                raise NeedsHuman(Problem("seed_unknown", {"seed": one, "name": context.name}))
        chosen = [known[one] for one in dict.fromkeys(wanted)] if wanted else states
        fresh = [one for one in chosen if not one.is_confirmed]
        append(db, _note(db, settings, [one.seed for one in fresh], by, now.date(), noted_by, now), now)
    context.services.forget_client(settings.client)
    return fresh


def confirm_by_file(db: Connection, settings: ConnectionSettings, now: datetime) -> list[AuditEvent]:
    """Take `confirmed_by` and `confirmed_on` of a connection file for a confirmation of all seeds in use.

    What was confirmed on the same day or later stays as it is: an old file says nothing of seeds that have
    changed since.
    """
    mapping = settings.rules.mapping
    if not mapping.confirmed_by:
        return []
    day = mapping.confirmed_on or now.date()
    seeds = [
        one.seed
        for one in _states(db, settings, now.date(), ())
        if one.confirmation is None or one.confirmation.confirmed_on < day
    ]
    return _note(db, settings, seeds, mapping.confirmed_by, day, "file", now)


def note_used(context: Context, db: Connection, drafts: Iterable[Draft]) -> None:
    """Note which seeds the bookings of these drafts rest on."""
    rules = context.rules
    lines = [line for draft in drafts for line in draft.lines]
    confirmations.note_used(db, context.name, seeds_of(lines, rules), context.now())


def confirmed_step(context: Context) -> CheckStep:
    """The step of a ping that says whether the seeds in use are confirmed."""
    states = seed_states(context)
    open_ones = [one for one in states if not one.is_confirmed]
    if open_ones:
        facts = {"count": str(len(open_ones))}
        return CheckStep("connection.mapping", "warning", "not_confirmed", facts, who="adviser")
    noted = [one.confirmation for one in states if one.confirmation is not None]
    latest = max(noted, key=lambda one: one.confirmed_on, default=None)
    by, on = (latest.confirmed_by, latest.confirmed_on.isoformat()) if latest else ("", "")
    return CheckStep("connection.mapping", "ok", "", {"by": by, "on": on})


def _states(
    db: Connection, settings: ConnectionSettings, day: date, used: Collection[str]
) -> list[SeedState]:
    noted = confirmations.read(db, settings.client)
    rules = settings.rules.model_copy(
        update={"confirmed": {name: one.fingerprint for name, one in noted.items()}}
    )
    booked = confirmations.used(db, settings.name)
    seeds = {one.name: one for one in seeds_by_rules(rules, day)}
    for one in _named(sorted(booked.union(used) - set(seeds)), rules):
        seeds[one.name] = one
    return [
        SeedState(one, noted.get(name), is_confirmed(one, rules), name in booked)
        for name, one in seeds.items()
    ]


def _named(names: Iterable[str], rules: Rules) -> list[Seed]:
    return [one for name in names if (one := seed(name, rules)) is not None]


def _note(
    db: Connection,
    settings: ConnectionSettings,
    seeds: Sequence[Seed],
    by: str,
    day: date,
    noted_by: str,
    now: datetime,
) -> list[AuditEvent]:
    for one in seeds:
        noted = Confirmation(one.name, one.fingerprint, by, day, noted_by, now)
        confirmations.put(db, settings.client, noted, one.content)
    if not seeds:
        return []
    detail = {
        "client": settings.client,
        "by": by,
        "on": day.isoformat(),
        "noted_by": noted_by,
        "seeds": {one.name: dict(one.content) for one in seeds},
    }
    return [AuditEvent(settings.name, settings.name, "confirmed", detail)]
