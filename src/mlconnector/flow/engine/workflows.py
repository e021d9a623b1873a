"""The durable workflows: one for each run, each batch delivery and each job that is followed.

A workflow is a run or a batch, never a record: records move in sets inside its steps. Steps may be
repeated after a crash; the identities of what they touch make that harmless.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowAttributes, SetWorkflowID, StepOptions

from mlconnector.errors import RetryLater
from mlconnector.flow.batches import kinds
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.decide import book
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.housekeeping import forget_finished_work, tidy_up
from mlconnector.flow.engine.outcomes import Outcome, outcome_of
from mlconnector.flow.engine.schedules import keep_schedules
from mlconnector.flow.intake import records

# Following holds no slot of a limited queue while it sleeps; runs and deliveries of one connection follow
# each other, so that its source and its client see one of us at a time.
QUEUES: dict[str, dict[str, Any]] = {
    "runs": {"partition_concurrency": 1},
    "deliveries": {"partition_concurrency": 1},
    "jobs": {},
}
_PATIENCE = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_ACTIVE = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


class Workflows:
    """The workflows, bound to services and registered with DBOS, and what may be asked of them."""

    def __init__(self, services: Services) -> None:
        self._services = services

        @DBOS.workflow(name="run")
        def run(name: str, run_id: str, trigger: str) -> Outcome:
            return self._run(name, run_id, trigger)

        @DBOS.workflow(name="deliver")
        def deliver_batch(name: str, batch: str, attempt: int) -> Outcome:
            return self._deliver(name, batch, attempt)

        @DBOS.workflow(name="follow")
        async def follow_job(name: str, batch: str, attempt: int, retry_after: float) -> Outcome:
            return await self._follow(name, batch, attempt, retry_after)

        @DBOS.workflow(name="scheduled")
        def scheduled(moment: Any, name: str) -> None:
            run_id = f"{name}:{moment}"
            _enqueue("runs", f"run:{run_id}", run, name, run_id, "schedule")

        @DBOS.workflow(name="housekeeping")
        def housekeeping(_moment: Any, _context: Any) -> dict[str, int]:
            gone: dict[str, int] = self._step("tidy_up", partial(tidy_up, self._services))
            return {
                **gone,
                "workflows": self._step("finished", partial(forget_finished_work, self._services)),
            }

        self._housekeeping_workflow = housekeeping
        self._run_workflow = run
        self._deliver_workflow: Any = deliver_batch
        self._follow_workflow = follow_job
        self._scheduled_workflow = scheduled

    def start_run(self, name: str, trigger: str) -> str:
        """Begin a run of a connection; returns the workflow's id."""
        run_id = f"{name}:{uuid.uuid4()}"
        _enqueue("runs", f"run:{run_id}", self._run_workflow, name, run_id, trigger)
        return f"run:{run_id}"

    def nudge(self, name: str) -> None:
        """See to it that hints in the inbox are taken: a run begins unless one waits already."""
        waiting = DBOS.list_workflows(
            name="run", status="ENQUEUED", workflow_id_prefix=f"run:{name}:", limit=1
        )
        if not waiting:
            self.start_run(name, "webhook")

    def resume(self, name: str, *, parked: bool = False) -> list[str]:
        """See to it that every unfinished batch is worked on, by one workflow each; returns those begun.

        The first delivery's workflow id is the batch id; later ones, after a login or a repair, count on.
        Jobs that were put aside are asked after with `parked` only, so not whenever somebody looks.
        """
        begun = []
        for plan in self._step("unfinished", partial(self._without_workflow, name, parked=parked)):
            batch, followed, latest = plan["batch"], plan["followed"], plan["latest"]
            workflow_id = progress.workflow_id(batch, latest + 1, followed=followed)
            if followed:
                _enqueue("jobs", workflow_id, self._follow_workflow, name, batch, latest + 1, 0.0)
            else:
                _enqueue("deliveries", workflow_id, self._deliver_workflow, name, batch, latest + 1)
            begun.append(batch)
        return begun

    def _without_workflow(self, name: str, *, parked: bool) -> list[dict[str, Any]]:
        """The unfinished batches that no workflow works on."""
        return [
            plan
            for plan in progress.unfinished(Context(self._services, name), parked=parked)
            if plan["latest"] == 0
            or not _is_active(progress.workflow_id(plan["batch"], plan["latest"], followed=plan["followed"]))
        ]

    def is_busy(self, name: str) -> bool:
        """Whether a run, a delivery or a following of the connection is under way."""
        # On SQLite DBOS cannot look for attributes itself; few workflows are active at a time.
        active = DBOS.list_workflows(status=sorted(_ACTIVE), load_input=False, load_output=False)
        return any(one.attributes == _of(name) for one in active)

    def schedule(self) -> None:
        """Bring the schedules in line with what the connections' settings say."""
        keep_schedules(self._services, self._scheduled_workflow, self._housekeeping_workflow)

    def _run(self, name: str, run_id: str, trigger: str) -> Outcome:
        outcome = self._patient(
            "begin", name, partial(progress.begin, Context(self._services, name), run_id, trigger)
        )
        if outcome["outcome"] == "done" and trigger != "webhook":
            outcome = self._poll(name, run_id, outcome["cursor"])
        if outcome["outcome"] == "done":
            outcome = self._until_none(
                "hints", name, partial(records.take_hints, Context(self._services, name), run_id)
            )
        if outcome["outcome"] == "done":
            outcome = self._until_none(
                "again", name, partial(records.take_again, Context(self._services, name), run_id)
            )
        if outcome["outcome"] == "done":
            outcome = self._book(name, run_id)
        if outcome["outcome"] == "done":
            outcome = self._freeze(name)
        self._patient("end", name, partial(progress.end, Context(self._services, name), run_id, outcome))
        self.resume(name, parked=trigger != "webhook")
        return outcome

    def _poll(self, name: str, run_id: str, cursor: str | None) -> Outcome:
        position: str | None = None
        while True:
            work = partial(records.take_page, Context(self._services, name), run_id, cursor, position)
            page = self._patient("take", name, partial(progress.as_outcome, work))
            if page["outcome"] != "done" or page["position"] is None:
                return page
            position = page["position"]

    def _until_none(self, step: str, name: str, work: Callable[[], int]) -> Outcome:
        while True:
            taken = self._patient(step, name, partial(progress.as_outcome, work))
            if taken["outcome"] != "done" or taken["taken"] == 0:
                return taken

    def _book(self, name: str, run_id: str) -> Outcome:
        after = ""
        while True:
            work = partial(book.book_set, Context(self._services, name), run_id, after)
            booked = self._patient("book", name, partial(progress.as_outcome, work))
            if booked["outcome"] != "done" or booked["after"] is None:
                return booked
            after = booked["after"]

    def _freeze(self, name: str) -> Outcome:
        while True:
            work = partial(kinds.freeze_next, Context(self._services, name))
            frozen = self._patient("freeze", name, partial(progress.as_outcome, work))
            if frozen["outcome"] != "done" or frozen["batch"] is None:
                return frozen

    def _deliver(self, name: str, batch: str, attempt: int) -> Outcome:
        self._step(
            "begin",
            partial(progress.note_attempt, Context(self._services, name), batch, "deliveries", attempt),
        )
        while True:
            work = partial(delivery.file_set, Context(self._services, name), batch)
            filing = self._patient("file", name, partial(progress.as_outcome, work))
            if filing["outcome"] != "done":
                return filing
            if filing["dissolved"]:
                frozen = self._freeze(name)
                self.resume(name)
                return frozen
            if not filing["more"]:
                break
        sent = self._patient(
            "submit",
            name,
            partial(progress.as_outcome, partial(delivery.submit, Context(self._services, name), batch)),
        )
        if sent["outcome"] == "done" and sent["job_id"] is None:
            # A refused file has dissolved the batch: its other bookings go with another one.
            frozen = self._freeze(name)
            self.resume(name)
            return frozen
        if sent["outcome"] == "done":
            follows = (
                self._step("follows", partial(progress.follows, Context(self._services, name), batch)) + 1
            )
            workflow_id = progress.workflow_id(batch, follows, followed=True)
            wait = sent["retry_after"]
            _enqueue("jobs", workflow_id, self._follow_workflow, name, batch, follows, wait)
        return sent

    async def _follow(self, name: str, batch: str, attempt: int, retry_after: float) -> Outcome:
        async def recorded(step: str, work: Callable[[], Any]) -> Any:
            async def in_thread() -> Any:
                return await asyncio.to_thread(work)

            return await DBOS.run_step_async(_options(step), in_thread)

        await recorded(
            "begin",
            partial(progress.note_attempt, Context(self._services, name), batch, "follows", attempt),
        )
        wait, tries = (
            await recorded(
                "first_wait", partial(jobs.first_wait, Context(self._services, name), retry_after)
            ),
            0,
        )
        look = partial(
            progress.as_outcome, partial(jobs.look, Context(self._services, name), batch, retry_after)
        )
        while True:
            await DBOS.sleep_async(wait)
            outcome: Outcome = await recorded(
                "look", partial(outcome_of, Context(self._services, name), look)
            )
            if outcome["outcome"] == "later" and tries < len(_PATIENCE):
                wait, tries = max(_PATIENCE[tries], outcome["after"] or 0.0), tries + 1
            elif outcome["outcome"] == "done" and outcome["state"] == "wait":
                wait = outcome["wait"]
            else:
                break
        if outcome["outcome"] == "done" and outcome["state"] == "again":
            deliveries = (
                await recorded(
                    "deliveries", partial(progress.deliveries, Context(self._services, name), batch)
                )
                + 1
            )
            workflow_id = progress.workflow_id(batch, deliveries, followed=False)
            with _enqueueing("deliveries", workflow_id, name):
                await DBOS.enqueue_workflow_async(
                    "deliveries", self._deliver_workflow, name, batch, deliveries
                )
        return outcome

    def _patient(self, step: str, name: str, work: Callable[[], Outcome | None]) -> Outcome:
        """A recorded step; where it is told to come back later it does, within limits."""
        recorded = partial(outcome_of, Context(self._services, name), work)
        for pause in _PATIENCE:
            with self._services.stopping.at_work():
                outcome: Outcome = self._step(step, recorded)
            if outcome["outcome"] != "later":
                return outcome
            self._pause(max(pause, outcome["after"] or 0.0))
        with self._services.stopping.at_work():
            last: Outcome = self._step(step, recorded)
        return last

    def _pause(self, seconds: float) -> None:
        """Sleep durably; where the process ends meanwhile, the rest of the sleep follows elsewhere.

        DBOS's own sleep would keep the process from ending until it is over.
        """
        until: float = self._step("pause", lambda: time.time() + seconds)
        self._services.stopping.sleep(until - time.time())

    @staticmethod
    def _step(step: str, work: Callable[[], Any]) -> Any:
        def recorded() -> Any:
            return work()

        return DBOS.run_step(_options(step), recorded)


def _options(step: str) -> StepOptions:
    """A step is tried again while our own database is out of reach; what is outside has its outcomes."""
    return {
        "name": step,
        "retries_allowed": True,
        "should_retry": lambda error: isinstance(error, RetryLater),
        "interval_seconds": 1.0,
        "backoff_rate": 2.0,
        "max_attempts": 10,
    }


def _is_active(workflow_id: str) -> bool:
    status = DBOS.get_workflow_status(workflow_id)
    return status is not None and status.status in _ACTIVE


def _of(name: str) -> dict[str, str]:
    """What marks the workflows of a connection."""
    return {"connection": name}


@contextmanager
def _enqueueing(queue: str, workflow_id: str, name: str) -> Iterator[None]:
    partition = name if "partition_concurrency" in QUEUES[queue] else None
    with (
        SetWorkflowID(workflow_id),
        SetWorkflowAttributes(_of(name)),
        SetEnqueueOptions(queue_partition_key=partition),
    ):
        yield


def _enqueue(queue: str, workflow_id: str, workflow: Any, name: str, *arguments: Any) -> None:
    with _enqueueing(queue, workflow_id, name):
        DBOS.enqueue_workflow(queue, workflow, name, *arguments)
