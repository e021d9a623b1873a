from __future__ import annotations

from mlconnector.store import runs
from mlconnector.store.database import Database
from tests.clock import Clock


def test_a_run_adds_up_what_it_counts_and_keeps_its_first_note(connected: Database, clock: Clock) -> None:
    began = clock()
    with connected.write() as db:
        runs.begin(db, "r1", "north", "schedule", began)
        runs.count(db, "r1", {"read": 2, "new": 1})
        runs.begin(db, "r1", "north", "command", clock.advance(60))
        runs.count(db, "r1", {"read": 3})
        runs.end(db, "r1", "done", clock())
        (row,) = runs.latest(db, "north")
    assert (row.trigger, row.started_at, row.finished_at) == ("schedule", began, clock())
    assert (row.counts, row.outcome) == ({"read": 5, "new": 1}, "done")


def test_the_latest_runs_of_a_connection_come_first(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        for run, name in (("r1", "north"), ("r2", "north"), ("r3", "south")):
            runs.begin(db, run, name, "schedule", clock.advance(1))
        assert [row.id for row in runs.latest(db, "north", 5)] == ["r2", "r1"]
        assert [row.id for row in runs.latest(db, "north")] == ["r2"]
