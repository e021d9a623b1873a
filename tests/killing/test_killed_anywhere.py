"""The real process, killed with SIGKILL at every named point of the way and started again.

Whatever the point, every bookable deal arrives in DATEV exactly once: judged from the stand-in's side.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from mlconnector.commands.output import Exit
from mlconnector.flow.points import POINTS
from tests.databases import Postgres
from tests.flow.rig import DOMESTIC, MIXED_RATES, NAME, Rig, rig

RECORDS = 14
DEADLINE_SECONDS = 90.0
CENT = Decimal("0.01")
# Killed between two documents' notes as well: the point is reached once for each set of documents.
CASES = [*(point for point in POINTS if point != "refresh_answered"), "documents_sent:2", "job_polled:2"]


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Rig]:
    """A connection that is set up and logged in, on SQLite and on PostgreSQL; the work is done elsewhere."""
    with rig(tmp_path, database_url, RECORDS, delay=0.3) as made:
        yield made


@pytest.mark.parametrize("point", CASES)
def test_every_deal_is_delivered_exactly_once(installation: Rig, point: str) -> None:
    assert run(installation, crash_at=point) == -signal.SIGKILL
    assert run(installation) in {Exit.FINE, Exit.PROBLEMS}
    assert_delivered_exactly_once(installation)


def test_killed_again_and_again(installation: Rig) -> None:
    for point in (
        "intake_stored",
        "entries_stored",
        "batch_frozen",
        "documents_sent",
        "batch_sent",
        "job_polled",
    ):
        assert run(installation, crash_at=point) == -signal.SIGKILL
    assert run(installation) in {Exit.FINE, Exit.PROBLEMS}
    assert_delivered_exactly_once(installation)


def test_a_refresh_that_nobody_noted_needs_a_login_and_loses_nothing(installation: Rig) -> None:
    """The refresh token is good for one use: what its answer brought died with the process."""
    outlive_the_access_token(installation)
    assert run(installation, crash_at="refresh_answered") == -signal.SIGKILL
    assert run(installation) == Exit.LOGIN_NEEDED
    assert installation.connection()[0] == "needs_login"
    installation.services.forget(NAME)
    installation.log_in()
    assert run(installation) in {Exit.FINE, Exit.PROBLEMS}
    assert_delivered_exactly_once(installation)


def test_a_living_worker_takes_over_from_a_killed_one(tmp_path: Path, postgres: Postgres) -> None:
    with postgres.fresh("migrated") as url, rig(tmp_path, url, 3, delay=0.3) as made:
        made.date(DOMESTIC, MIXED_RATES)
        with workers(made, 2, crash_at="batch_sent") as processes:
            made.hint(DOMESTIC)
            made.hint(MIXED_RATES)
            wait_until(lambda: any(process.poll() == -signal.SIGKILL for process in processes))
            wait_until(lambda: made.states().get("settled") == 2)
            assert sum(process.poll() is None for process in processes) == 1
        assert len(made.datev.jobs) == 1
        assert len(made.outside.documents()) == 2


def run(made: Rig, crash_at: str = "") -> int:
    """`ml-connector run` as a process of its own; its exit code, negative for the signal that ended it."""
    finished = subprocess.run(
        [sys.executable, "-m", "mlconnector", "run", NAME, "--json"],
        env=environment(made, crash_at),
        cwd=made.app.settings.data_dir,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    return finished.returncode


def environment(made: Rig, crash_at: str) -> dict[str, str]:
    settings = made.app.settings
    return {
        **os.environ,
        "MLCONNECTOR_DATA_DIR": str(settings.data_dir),
        "MLCONNECTOR_DATABASE_URL": settings.database,
        "MLCONNECTOR_MASTER_KEY_FILE": str(settings.master_key_file),
        "MLCONNECTOR_QUEUE_SECONDS": "0.1",
        "MLCONNECTOR_LOOKUP_SECONDS": "0.5",
        "MLCONNECTOR_HEARTBEAT_SECONDS": "0.5",
        "MLCONNECTOR_SILENT_AFTER_SECONDS": "3",
        "MLCONNECTOR_CRASH_AT": crash_at,
    }


@contextmanager
def workers(made: Rig, count: int, crash_at: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Living workers, until the block ends."""
    with ExitStack() as stack:
        command = [sys.executable, "-m", "mlconnector", "worker"]
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    env=environment(made, crash_at),
                    cwd=made.app.settings.data_dir,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            for _ in range(count)
        ]
        try:
            yield processes
        finally:
            for process in processes:
                process.terminate()


def wait_until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.1)


def outlive_the_access_token(made: Rig) -> None:
    """Let the stored access token end now, so that the next use has to refresh it."""
    tokens = made.services.tokens(NAME, "datev")
    ended = made.services.now() - timedelta(seconds=1)
    tokens.store(msgspec.structs.replace(tokens.current(), expires_at=ended))


def assert_delivered_exactly_once(made: Rig) -> None:
    jobs = made.outside.jobs()
    assert len({job.sha256 for job in jobs}) == len(jobs) == len(made.datev.jobs)
    linked = [row.document for row in made.outside.rows()]
    assert {document.guid for document in made.outside.documents()} == set(linked)
    bookable = [
        deal
        for deal, label in made.pipedrive.labels().items()
        if not label.hold and label.case != "person_only"
    ]
    sums = sorted(made.outside.sums().values())
    assert len(set(linked)) == len(sums) == len(bookable) == made.states()["settled"]
    for ours, theirs in zip(sums, sorted(map(made.outside.gross, bookable)), strict=True):
        assert abs(ours - theirs) <= CENT
    assert made.verdict().ok
