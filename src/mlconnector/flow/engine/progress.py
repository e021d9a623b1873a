"""What the workflows note and look up between their steps, as plain JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from mlconnector.flow.connect.verification import verify_what_is_open
from mlconnector.flow.context.breaker import refuse_while_open
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import breaker_is_open, ready
from mlconnector.flow.engine.outcomes import Outcome
from mlconnector.flow.intake import records
from mlconnector.store import batches, connections, runs
from mlconnector.store.audit import append

REST = timedelta(minutes=15)


def as_outcome(work: Callable[[], Any]) -> Outcome:
    """What a step returned, as plain JSON under the names that the workflows look at."""
    result = work()
    if result is None or isinstance(result, str):
        return {"batch": result, "job_id": None}
    if isinstance(result, int):
        return {"taken": result}
    return asdict(result)


def begin(context: Context, run_id: str, trigger: str) -> Outcome:
    """Note that a run begins, and from which cursor its pass goes."""
    context.forget_facts()
    with context.write() as db:
        runs.begin(db, run_id, context.name, trigger, context.now())
        detail = {"run": run_id, "trigger": trigger}
        append(db, [context.event(context.name, "run_began", detail)], context.now())
    refuse_while_open(context)
    verify_what_is_open(context)
    return {"cursor": records.since(context)}


def end(context: Context, run_id: str, outcome: Outcome) -> None:
    """Note how a run ended; a connection whose run went through is ready."""
    word = outcome["outcome"]
    if word == "done":
        ready(context)
    with context.write() as db:
        text = word if word == "done" else f"{word}: {outcome.get('reason', '')}"
        runs.end(db, run_id, text, context.now())


def unfinished(context: Context, *, parked: bool) -> list[dict[str, Any]]:
    """The unfinished batches of a connection that may be worked on, with their latest attempt.

    Parked ones are asked after only when they are meant too.

    While something is wrong with the connection, a batch that was just tried rests for a while, however
    often somebody looks; a run that goes through ends the rest.
    """
    with context.read() as db:
        row = connections.read(db, context.name)
        rows = batches.unfinished(db, context.name)
    if row.state in {"needs_login", "paused"} or breaker_is_open(row):
        return []
    if row.state == "degraded":
        rows = [one for one in rows if one.changed_at + REST <= context.now()]
    return [
        {
            "batch": one.id,
            "followed": one.state == "submitted",
            "latest": one.follows if one.state == "submitted" else one.deliveries,
        }
        for one in rows
        if parked or not one.parked
    ]


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
