"""How a process ends: between two steps, and without waiting for what only sleeps."""

from __future__ import annotations

import threading
import time

import pytest

from mlconnector.flow.context.stopping import Stopped, Stopping
from mlconnector.flow.engine import workflows
from mlconnector.standins.faults import Fault
from mlconnector.store import runs
from tests.flow.conftest import MakeRig

SECONDS = 60.0


def test_a_stop_waits_for_the_steps_that_are_being_done() -> None:
    stopping, begun, go_on, done = Stopping(), threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with stopping.at_work():
            begun.set()
            go_on.wait(SECONDS)
            done.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(SECONDS)
    stopping.stop(0.0)
    assert not done.is_set()
    go_on.set()
    stopping.stop(SECONDS)
    assert done.is_set()
    worker.join(SECONDS)


def test_no_step_begins_after_a_stop_until_work_begins_again() -> None:
    stopping = Stopping()
    stopping.stop(0.0)
    with pytest.raises(Stopped), stopping.at_work():
        pytest.fail("a step began")
    with pytest.raises(Stopped):
        stopping.sleep(SECONDS)
    stopping.begin()
    with stopping.at_work():
        stopping.sleep(0.0)


def test_a_workflow_does_not_take_the_end_of_the_process_for_an_outcome() -> None:
    assert not issubclass(Stopped, Exception)


def test_a_run_that_waits_for_its_source_does_not_keep_the_process_and_goes_on_later(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, asleep, woken = make_any_rig(1), threading.Event(), threading.Event()
    usual = Stopping.sleep

    def sleep(self: Stopping, seconds: float) -> None:
        asleep.set()
        try:
            usual(self, seconds)
        except Stopped:
            woken.set()
            raise

    monkeypatch.setattr(Stopping, "sleep", sleep)
    monkeypatch.setattr(workflows, "_PATIENCE", (1.0,) * 5)
    rig.outside.pipedrive.faults.add(Fault("status", status=503, times=1000))
    with rig.app.working() as started:
        started.start_run(rig.name, "test")
        assert asleep.wait(SECONDS)
        monkeypatch.setattr(Stopping, "sleep", sleep)
    assert woken.is_set()
    rig.outside.pipedrive.faults.clear()
    with rig.app.working() as started:
        end = time.monotonic() + SECONDS
        while started.is_busy(rig.name):
            assert time.monotonic() < end
            time.sleep(0.02)
    assert rig.states() == {"settled": 1}
    with rig.app.database.read() as db:
        assert [run.outcome for run in runs.latest(db, rig.name, 5)] == ["done"]
