"""Whether a run is under way: only while a process is alive that works on it."""

from __future__ import annotations

import os
import subprocess
import sys

from mlconnector.flow.context.processes import machine
from mlconnector.flow.report import overview
from mlconnector.store import executors
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig


def register(rig: Rig, host: str, process: int) -> None:
    with rig.app.database.write() as db:
        executors.register(db, "worker", host, process, rig.services.now())


def state(rig: Rig) -> str:
    return str(overview.connection(rig.context)["latest_run"]["state"])


def test_a_run_is_under_way_while_its_process_shows_signs_of_life(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "another-host", 1)
    rig.begin()
    assert state(rig) == "under_way"
    rig.outside.clock.advance(rig.app.settings.silent_after_seconds + 1)
    assert state(rig) == "interrupted"


def test_a_run_whose_process_of_this_machine_was_killed_is_interrupted_at_once(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    register(rig, machine(), os.getpid())
    rig.begin()
    assert state(rig) == "under_way"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    register(rig, machine(), ended.pid)
    assert state(rig) == "interrupted"


def test_a_run_whose_process_was_stopped_in_good_order_is_interrupted_too(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    register(rig, machine(), os.getpid())
    rig.begin()
    with rig.app.database.write() as db:
        executors.resign(db, "worker")
    assert state(rig) == "interrupted"
