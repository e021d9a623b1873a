"""The durable workflows: one for each run, each batch delivery and each job that is followed.

A workflow is a run or a batch, never a record: records move in sets inside its steps. Steps may be
repeated after a crash; the identities of what they touch make that harmless.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from dbos import DBOS

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.decide import book
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.flow.engine import notifications, progress, warehouse_loads
from mlconnector.flow.engine.housekeeping import forget_finished_work, tidy_up
from mlconnector.flow.engine.outcomes import Kept, NotDone, Outcome, outcome_in, result_in
from mlconnector.flow.engine.patience import Patience, Way, tried
from mlconnector.flow.engine.queues import (
    enqueue,
    enqueueing,
    is_active,
    is_any_active,
    is_busy,
    step,
    step_options,
)
from mlconnector.flow.engine.schedules import keep_schedules
from mlconnector.flow.intake import records
from mlconnector.learnt_shapes import learnt
from mlconnector.store.database import translated

Result = TypeVar("Result")

_PATIENCE = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_DONE = Outcome(outcome="done")
# What the ids of workflows begin with that load tables.
_LOADS = "load:"
# Runs that go through what is known already, and ask the source for no other changes.
_WITHOUT_PASS = frozenset({"webhook", "settled"})


class Workflows:
    """The workflows, bound to services and registered with DBOS, and what may be asked of them.

    Whatever is asked of them raises RetryLater when a database does not work.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

        @DBOS.workflow(name="run")
        def run(name: str, run_id: str, trigger: str, wait: float | None = None) -> Kept:
            return self._run(Way(Context(services, name), wait), run_id, trigger)

        @DBOS.workflow(name="deliver")
        def deliver_batch(name: str, batch: str, attempt: int, wait: float | None = None) -> Kept:
            return self._deliver(Way(Context(services, name), wait), batch, attempt)

        @DBOS.workflow(name="follow")
        async def follow_job(
            name: str, batch: str, attempt: int, retry_after: float, wait: float | None = None
        ) -> Kept:
            return await self._follow(Way(Context(services, name), wait), batch, attempt, retry_after)

        @DBOS.workflow(name="scheduled")
        def scheduled(moment: Any, name: str) -> None:
            # After a source was out of reach for long, the run that waits reads all; more have nothing to do.
            if step("one_waits", partial(self._one_waits, name)):
                return
            run_id = f"{name}:{moment}"
            enqueue("runs", f"run:{run_id}", run, name, run_id, "schedule")

        @DBOS.workflow(name="housekeeping")
        def housekeeping(_moment: Any, _context: Any) -> dict[str, int]:
            gone: dict[str, int] = step("tidy_up", partial(tidy_up, services))
            return {
                **gone,
                "workflows": step("finished", partial(forget_finished_work, services)),
            }

        @DBOS.workflow(name="load")
        def load(_moment: Any, _context: Any) -> Kept:
            return self._load()

        @DBOS.workflow(name="load_asked")
        def load_asked(load: str) -> Kept:
            return self._at_work("load", partial(warehouse_loads.load_asked, services, load))

        @DBOS.workflow(name="notify")
        def notify(_moment: Any, _context: Any) -> Kept:
            return self._at_work("notify", partial(notifications.tell, services))

        self._load_workflow: Any = load
        self._load_asked_workflow: Any = load_asked
        self._notify_workflow = notify
        self._housekeeping_workflow = housekeeping
        self._run_workflow: Any = run
        self._deliver_workflow: Any = deliver_batch
        self._follow_workflow = follow_job
        self._scheduled_workflow = scheduled

    @translated()
    def start_run(self, name: str, trigger: str, wait: float | None = None) -> str:
        """Begin a run of a connection; returns the workflow's id.

        What cannot be reached is tried again for `wait` seconds, or for as long as a worker does.
        """
        run_id = f"{name}:{uuid.uuid4()}"
        enqueue("runs", f"run:{run_id}", self._run_workflow, name, run_id, trigger, wait)
        return f"run:{run_id}"

    @translated()
    def start_load(self, load: str = "") -> None:
        """Have tables loaded because somebody asks: what is new, or once more the load that is named."""
        workflow_id = f"{_LOADS}asked:{uuid.uuid4()}"
        enqueue("jobs", workflow_id, self._load_asked_workflow, warehouse_loads.NOBODY, load)

    @translated()
    def is_loading(self) -> bool:
        """Whether tables are loaded, or about to be."""
        return is_any_active(_LOADS)

    @translated()
    def nudge(self, name: str, wait: float | None = None) -> None:
        """See to it that hints in the inbox are taken: a run begins unless one waits already."""
        if not self._one_waits(name):
            self.start_run(name, "webhook", wait)

    @staticmethod
    def _one_waits(name: str) -> bool:
        """Whether a run of the connection waits in the queue, and has not begun."""
        return bool(
            DBOS.list_workflows(name="run", status="ENQUEUED", workflow_id_prefix=f"run:{name}:", limit=1)
        )

    @translated()
    def resume(self, name: str, *, parked: bool = False, wait: float | None = None) -> list[str]:
        """See to it that every unfinished batch is worked on, by one workflow each; returns those begun.

        The first delivery's workflow id is the batch id; later ones, after a login or a repair, count on.
        Jobs that were put aside are asked after with `parked` only, so not whenever somebody looks.
        """
        kept = step("unfinished", partial(self._without_workflow, name, parked=parked))
        plans = msgspec.convert(kept, learnt(list[progress.Unfinished]))
        for plan in plans:
            attempt = plan.latest + 1
            workflow_id = progress.workflow_id(plan.batch, attempt, followed=plan.followed)
            if plan.followed:
                enqueue("jobs", workflow_id, self._follow_workflow, name, plan.batch, attempt, 0.0, wait)
            else:
                enqueue("deliveries", workflow_id, self._deliver_workflow, name, plan.batch, attempt, wait)
        return [plan.batch for plan in plans]

    def _without_workflow(self, name: str, *, parked: bool) -> list[Kept]:
        """The unfinished batches that no workflow works on."""
        found = progress.unfinished(Context(self._services, name), parked=parked)
        return [
            msgspec.to_builtins(one)
            for one in found
            if one.latest == 0
            or not is_active(progress.workflow_id(one.batch, one.latest, followed=one.followed))
        ]

    @translated()
    def is_busy(self, name: str) -> bool:
        """Whether a run, a delivery or a following of the connection is under way."""
        return is_busy(name)

    @translated()
    def schedule(self) -> None:
        """Bring the schedules in line with what the connections' settings say."""
        keep_schedules(
            self._services,
            poll=self._scheduled_workflow,
            housekeeping=self._housekeeping_workflow,
            load=self._load_workflow,
            notify=self._notify_workflow,
        )

    def _run(self, way: Way, run_id: str, trigger: str) -> Kept:
        try:
            self._way_of_a_run(way, run_id, trigger)
            ended = _DONE
        except NotDone as early:
            ended = early.outcome
        self._patient("end", way, partial(progress.end, way.context, run_id, ended))
        self.resume(way.context.name, parked=trigger not in _WITHOUT_PASS, wait=way.wait)
        # Webhooks come as often as they like; what they bring is loaded when its job ends, or on schedule.
        if trigger not in _WITHOUT_PASS and warehouse_loads.wanted(self._services):
            enqueue("jobs", f"{_LOADS}{run_id}", self._load_workflow, way.context.name, None)
        return _kept(ended)

    def _load(self) -> Kept:
        """Load what is new into the warehouses; what is in the way of others is tried again a few times."""
        for pause in (*warehouse_loads.PAUSES, None):
            with self._services.stopping.at_work():
                loaded = step("load", partial(warehouse_loads.load, self._services))
            if not loaded["later"] or pause is None:
                break
            self._pause(pause * step("jitter", warehouse_loads.jitter), asked=False)
        kept: Kept = loaded
        return kept

    def _way_of_a_run(self, way: Way, run_id: str, trigger: str) -> None:
        """From changes in the source to frozen batches. Raises NotDone where a step ends otherwise."""
        context = way.context
        began = self._done("begin", way, partial(progress.begin, context, run_id, trigger), progress.Begun)
        position: str | None = None
        while trigger not in _WITHOUT_PASS:
            take = partial(records.take_page, context, run_id, began.cursor, position)
            position = self._done("take", way, take, records.Taken).position
            if position is None:
                break
        for name, some in (("hints", progress.take_hints), ("again", progress.take_again)):
            while self._done(name, way, partial(some, context, run_id), progress.Counted).taken:
                pass
        after: str | None = ""
        while after is not None:
            after = self._done("book", way, partial(book.book_set, context, run_id, after), book.Booked).after
        self._freeze(way)

    def _frozen(self, way: Way) -> Outcome:
        """Freeze what waits, and say how that ended."""
        try:
            self._freeze(way)
        except NotDone as early:
            return early.outcome
        return _DONE

    def _freeze(self, way: Way) -> None:
        while self._done("freeze", way, partial(progress.freeze, way.context), progress.Frozen).batch:
            pass

    def _deliver(self, way: Way, batch: str, attempt: int) -> Kept:
        context = way.context
        step("begin", partial(progress.note_attempt, context, batch, "deliveries", attempt))
        try:
            sent = self._sent(way, batch)
        except NotDone as early:
            return _kept(early.outcome)
        if sent is None or sent.job_id is None:
            # Something refused or lapsed has dissolved the batch: its other bookings go with another one.
            frozen = self._frozen(way)
            self.resume(context.name, wait=way.wait)
            if step("waits", partial(progress.waits, context)):
                workflow_id, arguments = _run_after(way, f"{batch}:{attempt}")
                enqueue("runs", workflow_id, self._run_workflow, *arguments)
            return _kept(frozen)
        follows = step("follows", partial(progress.follows, context, batch)) + 1
        workflow_id = progress.workflow_id(batch, follows, followed=True)
        following = (context.name, batch, follows, sent.retry_after, way.wait)
        enqueue("jobs", workflow_id, self._follow_workflow, *following)
        return _kept(_DONE)

    def _sent(self, way: Way, batch: str) -> progress.Sent | None:
        """File a batch's documents and hand it over; None when it was dissolved instead."""
        while True:
            file = partial(delivery.file_set, way.context, batch)
            filing = self._done("file", way, file, delivery.Filing)
            if filing.dissolved:
                return None
            if not filing.more:
                break
        return self._done("submit", way, partial(progress.submit, way.context, batch), progress.Sent)

    async def _follow(self, way: Way, batch: str, attempt: int, retry_after: float) -> Kept:
        async def recorded(name: str, work: Callable[[], Any]) -> Any:
            async def in_thread() -> Any:
                return await asyncio.to_thread(work)

            return await DBOS.run_step_async(step_options(name), in_thread)

        context = way.context
        await recorded("begin", partial(progress.note_attempt, context, batch, "follows", attempt))
        wait = await recorded("first_wait", partial(jobs.first_wait, context, retry_after))
        patience = Patience(_PATIENCE, way.wait)
        look = partial(tried, context, patience, partial(jobs.look, context, batch, retry_after))
        while True:
            await DBOS.sleep_async(wait)
            kept = await recorded("look", look)
            outcome = outcome_in(kept)
            if outcome.outcome == "later" and (pause := patience.pause(outcome.wait)) is not None:
                patience.spend(pause)
                wait = pause
                continue
            if outcome.outcome != "done":
                return _kept(outcome)
            seen = result_in(kept, jobs.Step)
            if seen.state != "wait":
                break
            wait = seen.wait
        if seen.state == "again":
            deliveries = await recorded("deliveries", partial(progress.deliveries, context, batch)) + 1
            workflow_id = progress.workflow_id(batch, deliveries, followed=False)
            with enqueueing("deliveries", workflow_id, context.name):
                await DBOS.enqueue_workflow_async(
                    "deliveries", self._deliver_workflow, context.name, batch, deliveries, way.wait
                )
        elif seen.state == "settled" and await recorded("waits", partial(progress.waits, context)):
            workflow_id, arguments = _run_after(way, f"{batch}:follow:{attempt}")
            with enqueueing("runs", workflow_id, context.name):
                await DBOS.enqueue_workflow_async("runs", self._run_workflow, *arguments)
        if warehouse_loads.wanted(self._services):
            with enqueueing("jobs", f"{_LOADS}{batch}:follow:{attempt}", context.name):
                await DBOS.enqueue_workflow_async("jobs", self._load_workflow, context.name, None)
        return _kept(_DONE)

    def _done(self, name: str, way: Way, work: Callable[[], object], shape: type[Result]) -> Result:
        """What a recorded step returned. Raises NotDone where it ended otherwise."""
        return result_in(self._patient(name, way, work), shape)

    def _patient(self, name: str, way: Way, work: Callable[[], object]) -> Kept:
        """A recorded step; where it is told to come back later it does, within limits."""
        patience, before = Patience(_PATIENCE, way.wait), None
        recorded = partial(tried, way.context, patience, work)
        while True:
            kept = self._at_work(name, recorded)
            outcome = outcome_in(kept)
            pause = patience.pause(outcome.wait) if outcome.outcome == "later" else None
            if pause is None:
                return kept
            until = self._pause(pause, asked=outcome.wait is not None)
            patience.spend(pause if before is None else until - before)
            before = until

    def _at_work(self, name: str, recorded: Callable[[], Kept]) -> Kept:
        """A recorded step that is waited for when the process ends."""
        with self._services.stopping.at_work():
            kept: Kept = step(name, recorded)
        return kept

    def _pause(self, seconds: float, *, asked: bool) -> float:
        """Sleep durably; returns the moment of its end.

        DBOS's own sleep would keep the process from ending until it is over. Where it ends meanwhile, whoever
        goes on tries at once, unless the other side `asked` for the pause: there is somebody who wants it.
        """
        begun = False

        def begin() -> float:
            nonlocal begun
            begun = True
            return time.time() + seconds

        until: float = step("pause", begin)
        if begun or asked:
            self._services.stopping.sleep(until - time.time())
        return until


def _run_after(way: Way, workflow: str) -> tuple[str, tuple[Any, ...]]:
    """The workflow and the arguments of the run that decides what changed while a batch was on its way."""
    run_id = f"{way.context.name}:after:{workflow}"
    return f"run:{run_id}", (way.context.name, run_id, "settled", way.wait)


def _kept(outcome: Outcome) -> Kept:
    """How a workflow ended, as the durable flow keeps it."""
    kept: Kept = msgspec.to_builtins(outcome)
    return kept
