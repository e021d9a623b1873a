"""The durable workflows in earnest: runs, deliveries and followings, as `run` and `worker` use them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dbos import DBOS

from mlconnector.commands.working import work_through
from mlconnector.errors import RetryLater
from mlconnector.flow.deliver import jobs
from mlconnector.flow.engine import progress, workflows
from mlconnector.flow.engine.workflows import Workflows
from mlconnector.flow.report import overview
from mlconnector.standins.faults import Fault
from mlconnector.store import runs
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, Rig, counted

JOB = "GET /accounting-extf-files/clients/{client-id}/extf-files/jobs/{job-id}"
SECONDS = 30.0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "_PATIENCE", (0.05,) * 5)
    monkeypatch.setattr("mlconnector.commands.working._GLANCE_SECONDS", 0.05)


def work(rig: Rig, started: Workflows) -> None:
    """What `ml-connector run` does."""
    work_through(rig.app, started, [rig.name], None)


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_run_carries_everything_to_its_end_and_a_second_one_sends_nothing(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(12)
    at_login = rig.datev.statistics.gets
    with rig.app.working() as started:
        work(rig, started)
        assert rig.states() == {"needs_human": 4, "settled": 8}
        sent = rig.datev.statistics.puts + rig.datev.statistics.posts
        assert rig.datev.statistics.gets - at_login == 4 + len(rig.outside.jobs())
        work(rig, started)
    assert rig.datev.statistics.puts + rig.datev.statistics.posts == sent
    assert set(counted(rig.outside.rows()).values()) == {1}
    with rig.app.database.read() as db:
        latest, first = runs.latest(db, rig.name, 2)
    assert (first.outcome, first.counts["new"], first.counts["booked"]) == ("done", 12, 8)
    assert (latest.outcome, latest.counts["new"], latest.counts.get("booked", 0)) == ("done", 0, 0)
    assert rig.verdict().ok


def test_a_run_is_under_way_until_its_jobs_are_followed(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, submitted, go_on = make_rig(1), threading.Event(), threading.Event()
    usual = progress.follows

    def slow(*arguments: Any) -> int:
        submitted.set()
        go_on.wait(SECONDS)
        return usual(*arguments)

    monkeypatch.setattr(progress, "follows", slow)
    with rig.app.working() as started:
        started.start_run(rig.name, "test")
        assert submitted.wait(SECONDS)
        assert [row.state for row in rig.batches()] == ["submitted"]
        assert started.is_busy(rig.name)
        go_on.set()
        until(lambda: not started.is_busy(rig.name))
    assert rig.states() == {"settled": 1}


def test_a_refused_document_holds_up_only_its_own_voucher_within_one_run(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    rig.refuse_next_document()
    with rig.app.working() as started:
        work(rig, started)
    assert rig.states() == {"needs_human": 1, "settled": 1}
    assert len(rig.outside.jobs()) == 1


def test_datevs_own_error_is_overcome_within_one_run(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    with rig.app.working() as started:
        work(rig, started)
    assert (rig.states(), len(rig.outside.jobs())) == ({"settled": 1}, 1)


def test_what_datev_cannot_serve_for_a_while_is_waited_for(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    for method, path in (("GET", "/accounting-clients/"), ("PUT", "/documents/"), ("POST", "/import")):
        rig.datev.faults.add(Fault("status", method, path, status=503, retry_after="0", times=4))
    with rig.app.working() as started:
        work(rig, started)
    assert rig.states() == {"settled": 1}
    assert rig.connection() == ("ready", "")


def test_a_parked_job_is_asked_after_by_runs_and_by_nobody_else(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1, delay=30_000)
    monkeypatch.setattr(jobs, "first_wait", lambda *_: 0.0)
    monkeypatch.setattr(jobs, "_wait_before", lambda _, attempt, __: 0.0 if attempt <= 3 else None)
    with rig.app.working() as started:
        work(rig, started)
        asked = rig.datev.statistics.by_path[JOB]
        assert (asked, rig.batches()[0].parked) == (3, True)
        assert started.resume(rig.name) == []
        work(rig, started)
        assert rig.datev.statistics.by_path[JOB] == asked + 1
        rig.outside.clock.advance(30_000)
        work(rig, started)
    assert rig.states() == {"settled": 1}


def test_a_login_lets_a_paused_delivery_go_on(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.prepare()
    for session in rig.datev.sessions:
        rig.datev.tokens.end(session)
    with rig.app.working() as started:
        started.resume(rig.name)
        until(lambda: rig.connection()[0] == "needs_login" and not started.is_busy(rig.name))
        assert started.resume(rig.name) == []
        rig.log_in()
        assert len(started.resume(rig.name)) == 1
        until(lambda: not started.is_busy(rig.name))
    assert rig.states() == {"settled": 1}


def test_a_hint_starts_a_run_that_reads_only_what_it_names(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    with rig.app.working() as started:
        rig.hint(DOMESTIC)
        started.nudge(rig.name)
        started.nudge(rig.name)
        until(lambda: not started.is_busy(rig.name))
    assert rig.states() == {"settled": 1}


def test_what_is_in_flight_at_a_stop_goes_on_at_the_next_start(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(2)
    begun = threading.Event()
    usual = progress.note_attempt

    def note(*arguments: Any) -> None:
        usual(*arguments)
        begun.set()

    monkeypatch.setattr(progress, "note_attempt", note)
    with rig.app.working() as started:
        started.start_run(rig.name, "test")
        assert begun.wait(SECONDS)
    with rig.app.working() as started:
        until(lambda: not started.is_busy(rig.name))
    assert rig.states() == {"settled": 2}
    assert set(counted(rig.outside.rows()).values()) == {1}


def test_a_step_that_cannot_reach_our_own_database_is_tried_again(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    failures = _failing_first(monkeypatch, progress, "note_attempt", 2)
    with rig.app.working() as started:
        work(rig, started)
    assert next(failures, None) is None
    assert rig.states() == {"settled": 1}


def _failing_first(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int) -> Iterator[int]:
    left = iter(range(times))
    usual = getattr(owner, name)

    def called(*arguments: Any, **named: Any) -> Any:
        if next(left, None) is not None:
            raise RetryLater("the database does not work at the moment")
        return usual(*arguments, **named)

    monkeypatch.setattr(owner, name, called)
    return left


def test_what_changes_while_its_batch_is_on_its_way_is_booked_without_a_further_event(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, submitted, go_on = make_any_rig(1), threading.Event(), threading.Event()
    usual = progress.follows

    def slow(*arguments: Any) -> int:
        submitted.set()
        go_on.wait(SECONDS)
        return usual(*arguments)

    monkeypatch.setattr(progress, "follows", slow)
    with rig.app.working() as started:
        started.start_run(rig.name, "test")
        assert submitted.wait(SECONDS)
        rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
        rig.hint(DOMESTIC)
        started.nudge(rig.name)
        until(lambda: rig.voucher(DOMESTIC).revision != rig.entries(DOMESTIC)[0].revision)
        assert rig.states() == {"sent": 1}
        go_on.set()
        until(lambda: not started.is_busy(rig.name))
    assert rig.outside.sums() == {"RE-2026-00001": rig.outside.gross(DOMESTIC)}
    assert rig.states() == {"settled": 1}


def test_a_run_does_not_end_before_what_came_meanwhile_is_booked(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    usual, told = jobs.look, iter(range(1))

    def look(*arguments: Any) -> jobs.Step:
        if next(told, None) is not None:
            rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
            rig.hint(DOMESTIC)
        return usual(*arguments)

    monkeypatch.setattr(jobs, "look", look)
    with rig.app.working() as started:
        work(rig, started)
    assert rig.outside.sums() == {"RE-2026-00001": rig.outside.gross(DOMESTIC)}
    assert rig.states() == {"settled": 1}


def test_what_is_left_over_when_a_batch_is_taken_apart_is_decided_by_a_run(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    rig.prepare()
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.hint(DOMESTIC)
    rig.read_hints(rig.begin("webhook"))
    rig.refuse_next_document()
    with rig.app.working() as started:
        started.resume(rig.name)
        until(lambda: not started.is_busy(rig.name))
    assert "received" not in rig.states()
    assert rig.outside.sums().get("RE-2026-00001") == rig.outside.gross(DOMESTIC)


def test_what_a_worker_cannot_reach_is_shown_with_its_next_try(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    monkeypatch.setattr(workflows, "_PATIENCE", (30.0, 60.0))
    rig.pipedrive.faults.add(Fault("status", status=503, times=1000))

    def out_of_reach() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = overview.connection(rig.context)["out_of_reach"]
        return found

    with rig.app.working() as started:
        started.start_run(rig.name, "schedule")
        until(lambda: any(one["next_at"] for one in out_of_reach()))
        (outage,) = out_of_reach()
        assert (outage["system"], outage["address"]) == ("pipedrive", rig.outside.urls["pipedrive"])
        assert (outage["until"] - outage["next_at"]).total_seconds() == 60.0
    assert out_of_reach()[0]["next_at"] is None, "nobody works any more"
    rig.pipedrive.faults.clear()
    with rig.app.working() as started:
        until(lambda: not started.is_busy(rig.name))
    assert out_of_reach() == [], "who goes on tries at once, and not after the rest of the pause"
    assert rig.states() == {"settled": 1}


def test_while_a_source_is_out_of_reach_one_run_waits_however_often_the_schedule_comes_round(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    monkeypatch.setattr(workflows, "_PATIENCE", (300.0,))
    rig.pipedrive.faults.add(Fault("status", status=503, times=1000))
    with rig.app.working() as started:
        started.start_run(rig.name, "test")
        until(lambda: bool(overview.connection(rig.context)["out_of_reach"]))
        for moment in ("06:00", "06:15", "06:30"):
            DBOS.start_workflow(started._scheduled_workflow, moment, rig.name).get_result()
        waiting = DBOS.list_workflows(name="run", status="ENQUEUED")
        assert [one.workflow_id for one in waiting] == [f"run:{rig.name}:06:00"]


def test_schedules_follow_the_settings(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.connect(rig.text.replace('cron = ""', 'cron = "*/5 * * * *"'))
    with rig.app.working() as started:
        started.schedule()
        assert {one["schedule_name"]: one["schedule"] for one in DBOS.list_schedules()}[
            f"poll:{rig.name}"
        ] == "*/5 * * * *"
        rig.connect(rig.text.replace('cron = "*/5 * * * *"', 'cron = ""'))
        started.schedule()
        assert f"poll:{rig.name}" not in {one["schedule_name"] for one in DBOS.list_schedules()}
