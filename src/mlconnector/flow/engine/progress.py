"""Progress: what the workflows note and look up in their steps, and what each step gives to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mlconnector.flow.batches import kinds
from mlconnector.flow.batches.lapsed import recall_lapsed
from mlconnector.flow.connect.verification import verify_what_is_open
from mlconnector.flow.context.breaker import refuse_while_open
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import breaker_is_open, ready, refuse_while_disconnected
from mlconnector.flow.deliver import delivery
from mlconnector.flow.engine.outcomes import Outcome
from mlconnector.flow.intake import records, reread
from mlconnector.flow.intake.second_try import try_again
from mlconnector.store import batches, connections, outages, person_records, runs, vouchers
from mlconnector.store.audit import append

REST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that begins, and from which cursor its pass goes."""

    cursor: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many hints or replayed vouchers a step took."""

    taken: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """The batch that was frozen, None when nothing waits any more."""

    batch: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The job that has the batch, None when it was taken apart instead, and how long it wants to be left."""

    job_id: str | None = None
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A batch that may be worked on: whether its job is to be followed, and the latest attempt at that."""

    batch: str
    followed: bool
    latest: int


def begin(context: Context, run_id: str, trigger: str) -> Begun:
    """Note that a run begins, and from which cursor its pass goes; none begins while disconnected."""
    refuse_while_disconnected(context)
    context.forget_facts()
    with context.write() as db:
        runs.begin(db, run_id, context.name, trigger, context.now())
        detail = {"run": run_id, "trigger": trigger}
        append(db, [context.event(context.name, "run_began", detail)], context.now())
    refuse_while_open(context)
    verify_what_is_open(context)
    if trigger != "webhook":
        try_again(context)
    recall_lapsed(context)
    return Begun(reread.begin_at(context))


def waits(context: Context) -> bool:
    """Whether something waits for a run, e.g. because it changed while it was on its way to the books."""
    with context.read() as db:
        if connections.read(db, context.name).state == "paused":
            return False
        sends_persons = context.settings.sends_master_data != "off"
        return bool(
            vouchers.waiting_for_decision(db, context.name, "", 1)
            or (sends_persons and person_records.due(db, context.name, 1))
        )


def take_hints(context: Context, run_id: str) -> Counted:
    """Read again some records that webhooks hinted at."""
    return Counted(records.take_hints(context, run_id))


def take_again(context: Context, run_id: str) -> Counted:
    """Read some replayed vouchers again."""
    return Counted(records.take_again(context, run_id))


def freeze(context: Context) -> Frozen:
    """Freeze the next batch."""
    return Frozen(kinds.freeze_next(context))


def submit(context: Context, batch: str) -> Sent:
    """Hand a batch over once."""
    receipt = delivery.submit(context, batch)
    return Sent() if receipt is None else Sent(receipt.job_id, receipt.retry_after)


def end(context: Context, run_id: str, outcome: Outcome) -> None:
    """Note how a run ended; a connection whose run went through is ready."""
    if outcome.outcome == "done":
        ready(context)
    with context.write() as db:
        runs.end(db, run_id, str(outcome), context.now())


def unfinished(context: Context, *, parked: bool) -> list[Unfinished]:
    """The unfinished batches of a connection that may be worked on, with their latest attempt.

    Parked ones are asked after only when they are meant too, and without a release only jobs are followed.

    While something is wrong with the connection, a batch that was just tried rests for a while, however
    often somebody looks; a run that goes through ends the rest.
    """
    with context.read() as db:
        row = connections.read(db, context.name)
        rows = batches.unfinished(db, context.name)
    if row.state == "needs_login" or row.is_disconnected or breaker_is_open(row):
        return []
    if row.released_at is None:
        rows = [one for one in rows if one.state == "submitted"]
    if row.state == "degraded":
        rows = [one for one in rows if one.changed_at + REST <= context.now()]
    return [
        Unfinished(
            batch=one.id,
            followed=one.state == "submitted",
            latest=one.follows if one.state == "submitted" else one.deliveries,
        )
        for one in rows
        if parked or not one.parked
    ]


def plan_next_try(context: Context, pause: float | None, left: float) -> None:
    """Note when what cannot be reached is tried again, and for how long; None where it is not."""
    now = context.now()
    next_at, until = (
        (None, None) if pause is None else (now + timedelta(seconds=pause), now + timedelta(seconds=left))
    )
    with context.write() as db:
        outages.plan(db, context.name, next_at, until)


def follows(context: Context, batch: str) -> int:
    """How often a batch's job was followed so far."""
    with context.read() as db:
        row = batches.read(db, batch)
    return 0 if row is None else row.follows


def deliveries(context: Context, batch: str) -> int:
    """How often a batch's delivery was begun so far."""
    with context.read() as db:
        row = batches.read(db, batch)
    return 0 if row is None else row.deliveries


def note_attempt(context: Context, batch: str, column: str, attempt: int) -> None:
    """Note which delivery or following of a batch is the latest."""
    with context.write() as db:
        batches.change(db, batch, context.now(), **{column: attempt})


def workflow_id(batch: str, attempt: int, *, followed: bool) -> str:
    """The id of a batch's delivery or of its following; the first delivery's is the batch id itself."""
    if followed:
        return f"{batch}:follow:{attempt}"
    return batch if attempt <= 1 else f"{batch}:{attempt}"
