"""What we rely on of DBOS 3.4, promised or not; a new version has to pass this first."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS
from sqlalchemy.pool import Pool

from mlconnector.flow.context.context import Context
from mlconnector.flow.engine import engine, progress, recovery
from mlconnector.flow.engine.engine import progress_engine
from mlconnector.flow.engine.liveness import Liveness
from mlconnector.flow.engine.queues import enqueue
from mlconnector.flow.engine.workflows import Workflows
from mlconnector.flow.intake import records
from mlconnector.flow.intake.records import Taken
from tests.databases import without_waiting
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig, second_connection

SECONDS = 30.0


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def status(workflow: str) -> tuple[str, str | None]:
    found = DBOS.get_workflow_status(workflow)
    assert found is not None
    return found.status, found.executor_id


@contextmanager
def working_as(rig: Rig, owner: str) -> Iterator[Workflows]:
    """Work in the name of a process, without our own watch over other processes."""
    rig.services.owner = owner
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Liveness, "watch", lambda _: [])
        with rig.app.working() as started:
            yield started


@pytest.fixture
def orphan(make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> tuple[Rig, str]:
    """A run whose process ended in the middle of a step, and its workflow."""
    rig, begun, ended = make_any_rig(1), threading.Event(), threading.Event()
    usual = records.take_page

    def stuck(*arguments: Any) -> Taken:
        if rig.services.owner == "first-process":
            begun.set()
            ended.wait(SECONDS)
            raise SystemExit
        return usual(*arguments)

    monkeypatch.setattr(records, "take_page", stuck)
    monkeypatch.setattr(engine, "_LAST_STEPS_SECONDS", 0.0)
    with working_as(rig, "first-process") as started:
        run = started.start_run(rig.name, "test")
        assert begun.wait(SECONDS)
    rig.services.owner = "second-process"
    ended.set()
    return rig, run


def test_nobody_else_recovers_the_work_of_a_process_that_is_gone(orphan: tuple[Rig, str]) -> None:
    rig, run = orphan
    with working_as(rig, "second-process") as started:
        finished = started.start_run("another", "test")
        until(lambda: status(finished)[0] not in {"ENQUEUED", "PENDING"})
        assert status(run) == ("PENDING", "first-process")


def test_the_work_of_a_process_that_is_gone_is_handed_over_once(orphan: tuple[Rig, str]) -> None:
    rig, run = orphan
    with working_as(rig, "second-process") as started:
        for _ in range(3):
            recovery.hand_over(["first-process"])
        until(lambda: not started.is_busy(rig.name))
        assert status(run) == ("SUCCESS", "second-process")
    assert rig.states() == {"settled": 1}
    assert rig.events(rig.name).count("run_began") == 1, "what was recorded is not done again"


def test_what_could_not_be_handed_over_is_still_in_the_hands_of_who_is_gone(
    orphan: tuple[Rig, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, run = orphan
    with working_as(rig, "second-process") as started:
        with monkeypatch.context() as patched:
            patched.setattr("dbos._recovery._recover_workflow", _failing)
            recovery.hand_over(["first-process"])
        assert recovery.carriers() == {"first-process"}
        recovery.hand_over(["first-process"])
        assert "first-process" not in recovery.carriers()
        until(lambda: not started.is_busy(rig.name))
        assert status(run) == ("SUCCESS", "second-process")


def _failing(*_: object) -> None:
    raise ZeroDivisionError("in the engine")


def test_one_module_calls_what_is_not_promised() -> None:
    private = re.compile(r"\bDBOS\._|\bdbos\._|\bdbos\b.* import _|\bfrom dbos import .*\b_")
    folder = Path(engine.__file__).parents[2]
    found = {path.name for path in folder.rglob("*.py") if private.search(path.read_text("utf-8"))}
    assert found == {"recovery.py"}


def test_handing_over_leaves_the_work_of_living_processes_alone(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, begun, go_on = make_rig(1), threading.Event(), threading.Event()
    usual, calls = progress.begin, []

    def slow(*arguments: Any) -> Any:
        calls.append(arguments)
        begun.set()
        go_on.wait(SECONDS)
        return usual(*arguments)

    monkeypatch.setattr(progress, "begin", slow)
    with working_as(rig, "living-process") as started:
        run = started.start_run(rig.name, "test")
        assert begun.wait(SECONDS)
        recovery.hand_over(["somebody-else"])
        assert status(run) == ("PENDING", "living-process")
        go_on.set()
        until(lambda: not started.is_busy(rig.name))
    assert len(calls) == 1


def test_work_of_the_pinned_version_is_recovered_and_work_of_another_version_is_stranded(
    orphan: tuple[Rig, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, run = orphan
    with monkeypatch.context() as patched:
        patched.setattr(engine, "VERSION", "2")
        with working_as(rig, "second-process"):
            recovery.hand_over(["first-process"])
            assert status(run)[0] == "PENDING"
            assert recovery.carriers() == {"first-process"}
    with working_as(rig, "second-process") as started:
        recovery.hand_over(["first-process"])
        until(lambda: not started.is_busy(rig.name))
        assert status(run)[0] == "SUCCESS"


def test_the_version_does_not_follow_the_source_code(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with rig.app.working():
        assert DBOS.application_version == engine.VERSION == "1"


def test_one_connection_has_one_run_at_a_time_and_connections_do_not_wait_for_each_other(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    other = second_connection(rig)
    lock, active, most, seen = threading.Lock(), {rig.name: 0, other.name: 0}, dict[str, int](), set[str]()
    together = threading.Event()

    def page(context: Context, *_: Any) -> Taken:
        name = context.name
        with lock:
            active[name] += 1
            most[name] = max(most.get(name, 0), active[name])
            seen.add(name)
            if len(seen) == 2:
                together.set()
        assert together.wait(SECONDS), "the runs of two connections waited for each other"
        time.sleep(0.05)
        with lock:
            active[name] -= 1
        return Taken(None, 0)

    monkeypatch.setattr(records, "take_page", page)
    with rig.app.working() as started:
        for _ in range(3):
            started.start_run(rig.name, "test")
        started.start_run(other.name, "test")
        until(lambda: not started.is_busy(rig.name) and not started.is_busy(other.name))
    assert most == {rig.name: 1, other.name: 1}


def test_a_workflow_that_is_enqueued_twice_under_one_id_runs_once(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, calls = make_rig(1), list[object]()

    def begin(*arguments: object) -> progress.Begun:
        calls.append(arguments)
        return progress.Begun(None)

    monkeypatch.setattr(progress, "begin", begin)
    monkeypatch.setattr(progress, "end", lambda *_: None)
    monkeypatch.setattr(records, "take_page", lambda *_: Taken(None, 0))
    with rig.app.working() as started:
        for _ in range(3):
            enqueue("runs", "run:twice", started._run_workflow, rig.name, "twice", "test")
        until(lambda: not started.is_busy(rig.name))
    assert len(calls) == 1


@pytest.mark.parametrize("version", [(3, 40, 1), sqlite3.sqlite_version_info])
def test_sqlite_tells_dbos_the_time_whatever_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    """DBOS asks for fractions of seconds, which SQLite before 3.42 answers with nothing."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    opened = progress_engine(str(tmp_path / "progress.sqlite"))
    with opened.connect() as connection:
        exact, whole = connection.execute(sa.text("SELECT unixepoch('subsec'), unixepoch()")).one()
    opened.dispose()
    assert abs(exact - time.time()) < 5
    assert isinstance(exact, float)
    assert isinstance(whole, int)


def test_progress_on_sqlite_survives_a_power_cut_and_lets_readers_in(tmp_path: Path) -> None:
    opened = progress_engine(str(tmp_path / "progress.sqlite"))
    sa.event.remove(Pool, "checkout", without_waiting)
    try:
        found = settings_of(opened)
    finally:
        sa.event.listen(Pool, "checkout", without_waiting)
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 60_000, "foreign_keys": 1}


def settings_of(opened: sa.Engine) -> dict[str, Any]:
    with opened.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    opened.dispose()
    return found
