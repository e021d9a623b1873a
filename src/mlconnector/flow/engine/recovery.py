"""Recovery: whose hands unfinished work is in, and how it comes into others.

The one module that calls what DBOS does not promise; `tests/flow/engine/test_contract.py` holds what it does.
"""

from __future__ import annotations

from collections.abc import Collection

from dbos import DBOS

from mlconnector.store.database import translated


def carriers() -> set[str]:
    """The executors that unfinished workflows are in the hands of, living or not.

    Raises RetryLater when the database is out of reach.
    """
    with translated():
        carried = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {one.executor_id for one in carried if one.executor_id}


def hand_over(executors: Collection[str]) -> None:
    """Put the workflows of executors that are gone back into their queues, for whoever takes them next.

    Errors about single workflows are only logged, and work of another version is left alone: `carriers` says
    what is still theirs.
    """
    # The public `resume_workflow` would reset attempt counters; this call keeps them.
    with translated():
        DBOS._recover_pending_workflows(sorted(executors))  # noqa: SLF001 - see above
