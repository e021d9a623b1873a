"""Queues and steps: how work is handed to the durable engine, and what it does when a step fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowAttributes, SetWorkflowID, StepOptions

from mlconnector.errors import RetryLater

# Following holds no slot of a limited queue while it sleeps; runs and deliveries of one connection follow
# each other, so that its source and its client see one of us at a time.
QUEUES: dict[str, dict[str, Any]] = {
    "runs": {"partition_concurrency": 1},
    "deliveries": {"partition_concurrency": 1},
    "jobs": {},
}
_ACTIVE = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


def step(name: str, work: Callable[[], Any]) -> Any:
    """Do work as a recorded step: it is done once, and after a restart its result is read instead."""

    def recorded() -> Any:
        return work()

    return DBOS.run_step(step_options(name), recorded)


def step_options(name: str) -> StepOptions:
    """A step is tried again while our own database is out of reach; what is outside has its outcomes."""
    return {
        "name": name,
        "retries_allowed": True,
        "should_retry": lambda error: isinstance(error, RetryLater),
        "interval_seconds": 1.0,
        "backoff_rate": 2.0,
        "max_attempts": 10,
    }


def is_active(workflow_id: str) -> bool:
    """Whether a workflow waits or is under way."""
    status = DBOS.get_workflow_status(workflow_id)
    return status is not None and status.status in _ACTIVE


def is_any_active(beginning: str) -> bool:
    """Whether a workflow whose id begins so waits or is under way."""
    return bool(DBOS.list_workflows(status=sorted(_ACTIVE), workflow_id_prefix=beginning, limit=1))


def is_busy(name: str) -> bool:
    """Whether any workflow of a connection waits or is under way."""
    # On SQLite DBOS cannot look for attributes itself; few workflows are active at a time.
    active = DBOS.list_workflows(status=sorted(_ACTIVE), load_input=False, load_output=False)
    return any(one.attributes == _of(name) for one in active)


@contextmanager
def enqueueing(queue: str, workflow_id: str, name: str) -> Iterator[None]:
    """What is enqueued within goes into the queue under this id, for this connection."""
    partition = name if "partition_concurrency" in QUEUES[queue] else None
    with (
        SetWorkflowID(workflow_id),
        SetWorkflowAttributes(_of(name)),
        SetEnqueueOptions(queue_partition_key=partition),
    ):
        yield


def enqueue(queue: str, workflow_id: str, workflow: Any, name: str, *arguments: Any) -> None:
    """Let a workflow of a connection begin when its queue has room; one with this id is not begun again."""
    with enqueueing(queue, workflow_id, name):
        DBOS.enqueue_workflow(queue, workflow, name, *arguments)


def _of(name: str) -> dict[str, str]:
    """What marks the workflows of a connection."""
    return {"connection": name}
