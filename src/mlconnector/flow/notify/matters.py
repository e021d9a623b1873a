"""Matters: what is the case and worth telling, as a pure function of what is known of the connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from mlconnector.store.connections import ConnectionState
from mlconnector.store.notices import Identity

Occasion = Literal[
    "login_needed", "batch_rejected", "approval_asked", "token_ends", "new_cause", "silent", "month"
]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)
"""The most urgent first."""
URGENT: frozenset[Occasion] = frozenset({"login_needed", "batch_rejected", "approval_asked"})
"""What does not wait for the daily message."""
TOKEN_DAYS = (3, 14, 30)
"""How many days before its end a login is told of."""
REJECTED_FOR = timedelta(days=7)
"""How long after its answer a rejected batch is still news, e.g. to a place that is added."""
_MONTH_IS_NEWS_FOR_DAYS = 7


@dataclass(frozen=True, slots=True)
class Lasting:
    """A login that ends at a known moment; more than `early` before that it is no news, but as always."""

    system: str
    until: datetime
    early: timedelta


@dataclass(frozen=True, slots=True)
class Rejected:
    """A batch that DATEV has not taken, or not all of."""

    id: str
    file: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What one person has asked for and another one has to approve: a `release`, or to `resend` a batch."""

    kind: str
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a connection: `causes` are the kinds of what vouchers wait for.

    `heard_at` is when its source was last read to the end, or since when it is there.
    """

    name: str
    source: str
    state: ConnectionState
    heard_at: datetime
    logins: tuple[Lasting, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    causes: tuple[str, ...] = ()
    asked: tuple[AskedFor, ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """What became of a connection's batches in the month before, e.g. `2026-10`."""

    month: str
    connection: str
    batches: int
    vouchers: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Matter:
    """Something worth telling; `facts` go into its sentence, and are no part of what it is."""

    occasion: Occasion
    connection: str
    subject: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> Identity:
        """What makes it one and the same, however often somebody looks."""
        return Identity(self.occasion, self.connection, self.subject)

    @property
    def is_urgent(self) -> bool:
        """Whether it does not wait for the daily message."""
        return self.occasion in URGENT


def matters(
    known: Iterable[Known], months: Sequence[Month], now: datetime, silent_after: timedelta
) -> list[Matter]:
    """What is worth telling at a moment in the zone of the installation, the most urgent first."""
    found = [each for one in known for each in _of_connection(one, now, silent_after)]
    if now.day <= _MONTH_IS_NEWS_FOR_DAYS:
        found += [_of_month(one) for one in months]
    return sorted(found, key=lambda one: (OCCASIONS.index(one.occasion), one.connection, one.subject))


def _of_connection(one: Known, now: datetime, silent_after: timedelta) -> Iterator[Matter]:
    if one.state == "paused":
        return
    if one.state == "needs_login":
        yield Matter("login_needed", one.name, "")
    for login in one.logins:
        left = login.until - now
        days = next((days for days in TOKEN_DAYS if left <= min(timedelta(days=days), login.early)), None)
        if days is not None and login.until > now:
            subject = f"{login.system} {login.until:%Y-%m-%d} {days}"
            facts = {"system": login.system, "until": login.until.isoformat(), "days": str(days)}
            yield Matter("token_ends", one.name, subject, facts)
    for batch in one.rejected:
        facts = {"file": batch.file, "batch": batch.id, "part": "partial" if batch.is_part else "failed"}
        yield Matter("batch_rejected", one.name, batch.id, facts)
    for asked in one.asked:
        facts = {"wanted": asked.kind, "batch": asked.about if asked.kind == "resend" else ""}
        yield Matter("approval_asked", one.name, f"{asked.kind} {asked.about} {asked.at.isoformat()}", facts)
    for cause in one.causes:
        yield Matter("new_cause", one.name, cause, {"cause": cause})
    # Who has to log in knows why nothing comes.
    if one.state != "needs_login" and now - one.heard_at >= silent_after:
        facts = {"source": one.source, "since": one.heard_at.isoformat()}
        yield Matter("silent", one.name, "", facts)


def _of_month(one: Month) -> Matter:
    counts = {"batches": one.batches, "vouchers": one.vouchers, "rejected": one.rejected}
    facts = {
        "month": f"{one.month[5:]}/{one.month[:4]}",
        **{name: str(count) for name, count in counts.items()},
    }
    return Matter("month", one.connection, one.month, facts)
