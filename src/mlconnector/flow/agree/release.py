"""Release: nothing of a connection goes to the sink before a person has seen what would go, and says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import four_eyes
from mlconnector.flow.agree.confirmation import unconfirmed
from mlconnector.flow.agree.released import Released, released
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import refuse_while_disconnected
from mlconnector.mapping.channels import Carried, carried_in
from mlconnector.mapping.payments import PAYMENT
from mlconnector.model.entries import decode
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.store import approvals, connections, entries, person_records, runs, vouchers
from mlconnector.store.approvals import Asked
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.entries import Unsent

# Of so many runs one has ended, if any has.
_RUNS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """What of one month, kind and currency would go; credit notes and reversals lower the gross."""

    period: str
    kind: Carried
    currency: str
    vouchers: int
    rows: int
    gross: Decimal


@dataclass(frozen=True, slots=True)
class WouldGo:
    """What a release lets go, as far as it was read and decided.

    `begin` is the first document date that is booked, None where stored settings name none. `unconfirmed`
    names the proposed accounts and tax cases that nobody has confirmed; `held` counts the vouchers that wait
    for a human. `read_at` is when the latest run ended, None as long as nothing was read.
    """

    connection: str
    client: str
    begin: date | None
    parts: tuple[Part, ...]
    persons: int
    unconfirmed: tuple[str, ...]
    held: int
    read_at: datetime | None


@dataclass
class _Sum:
    vouchers: set[str] = field(default_factory=set)
    rows: int = 0
    gross: Decimal = ZERO


def would_go(context: Context) -> WouldGo:
    """What would go to the sink with the release."""
    open_seeds = tuple(one.seed.name for one in unconfirmed(context))
    with context.read() as db:
        parts = _parts(entries.unsent(db, context.name))
        persons = person_records.counts(db, context.name).get("due", 0)
        states = vouchers.states(db, context.name).get(context.name, {})
        ended = [
            one.finished_at for one in runs.latest(db, context.name, _RUNS) if one.finished_at is not None
        ]
    return WouldGo(
        connection=context.name,
        client=context.client,
        begin=context.rules.books.begin,
        parts=parts,
        persons=persons,
        unconfirmed=open_seeds,
        held=states.get("needs_human", 0) + states.get("rejected", 0),
        read_at=max(ended, default=None),
    )


def release(context: Context, by: str, shown: WouldGo | None = None) -> Released | None:
    """Let the connection's bookings and documents go from now on; who has released it before stays noted.

    What was `shown` to whoever releases it is kept in the audit trail. None where it is only asked for,
    because a second person has to approve it (`approve`). Raises NeedsHuman (`disconnected`).
    """
    refuse_while_disconnected(context)
    seen = would_go(context) if shown is None else shown
    if four_eyes.are_wanted(context.services):
        with context.read() as db:
            given = released(connections.read(db, context.name))
        if given is None:
            _ask(context, by, seen)
        return given
    return _release(context, seen, {"by": by})


def approve(context: Context, by: str, shown: WouldGo | None = None) -> Released:
    """Release a connection as a second person, just as somebody else has asked for it.

    Raises NeedsHuman: `approval_not_asked`, `approval_by_same`, `approval_lapsed` where something else would
    go by now, `disconnected`.
    """
    refuse_while_disconnected(context)
    asked = four_eyes.asked_of(context.services, context.name, "release")
    four_eyes.refuse_same(asked, by)
    seen = would_go(context) if shown is None else shown
    four_eyes.refuse_changed(context.services, asked, seal(context, seen))
    return _release(context, seen, {"by": by, "asked_by": asked.by}, asked)


def seal(context: Context, seen: WouldGo) -> str:
    """What another set of bookings, or other settings, would not have."""
    digest = hashlib.sha256(json.dumps(_plain(seen), sort_keys=True).encode())
    with context.read() as db:
        digest.update(connections.read(db, context.name).settings.encode())
        found = sorted(
            f"{one.voucher} {hashlib.sha256(one.content.encode()).hexdigest()}"
            for one in entries.unsent(db, context.name)
        )
    digest.update("\n".join(found).encode())
    return digest.hexdigest()


def _ask(context: Context, by: str, seen: WouldGo) -> None:
    asked = Asked("release", context.name, context.name, by, context.now(), seal(context, seen), {})
    with context.write() as db:
        four_eyes.ask(db, asked, **_plain(seen))


def _release(context: Context, seen: WouldGo, people: dict[str, str], asked: Asked | None = None) -> Released:
    now = context.now()
    with context.write() as db:
        if asked is not None:
            four_eyes.take(db, asked)
        if connections.release(db, context.name, people["by"], now):
            append(db, [context.event(context.name, "released", {**people, **_plain(seen)})], now)
        noted = released(connections.read(db, context.name))
    if noted is None:
        # It was disconnected, or the release withdrawn, by somebody else in this very moment.
        raise NeedsHuman(Problem("release_missing", {"name": context.name}))
    return noted


def withdraw(context: Context, by: str) -> bool:
    """Let nothing more go; returns whether something could until now. Jobs that the sink has are followed."""
    now = context.now()
    with context.write() as db:
        connections.read(db, context.name)
        events = withdrawn(db, context.name, by, "withdrawn")
        append(db, events, now)
    return bool(events)


def withdrawn(db: Connection, name: str, by: str, reason: str) -> list[AuditEvent]:
    """Take a release back within a transaction; the event for the audit trail, none where there was none.

    What was asked for of the connection is forgotten with it.
    """
    approvals.forget(db, name)
    if not connections.withdraw_release(db, name):
        return []
    return [AuditEvent(name, name, "release_withdrawn", {"by": by, "reason": reason})]


def _parts(unsent: Iterable[Unsent]) -> tuple[Part, ...]:
    sums: dict[tuple[str, Carried, str], _Sum] = {}
    for one in unsent:
        entry = decode(one.content)
        sign = -1 if one.ledger == "payable" else 1
        found = sums.setdefault((one.period, carried_in(one.kind, one.ledger), entry.currency), _Sum())
        found.vouchers.add(one.voucher)
        found.rows += len(entry.lines)
        # A payment clears what its invoice has opened, so it stands on the other side.
        found.gross += sum(
            ((-sign if line.tax_case == PAYMENT else sign) * line.amount for line in entry.lines), ZERO
        )
    return tuple(
        Part(*key, vouchers=len(one.vouchers), rows=one.rows, gross=one.gross)
        for key, one in sorted(sums.items())
    )


def _plain(seen: WouldGo) -> dict[str, Any]:
    """What was shown, as the audit trail keeps it."""
    parts = [{**asdict(one), "gross": str(one.gross)} for one in seen.parts]
    return {
        "begin": "" if seen.begin is None else seen.begin.isoformat(),
        "parts": parts,
        "persons": seen.persons,
        "unconfirmed": list(seen.unconfirmed),
        "held": seen.held,
    }
