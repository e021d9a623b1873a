from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from mlconnector.store import executors
from tests.web import rig as rigs
from tests.web.rig import Rig

PATIENCE = 30.0


@pytest.fixture
def working(rig: Rig) -> Rig:
    services = rig.application.services
    with rig.application.database.write() as db:
        executors.register(db, services.owner, "here", os.getpid(), rig.clock())
    return rig


def readiness(rig: Rig) -> tuple[int, list[str]]:
    answer = rig.browser().get("/readyz")
    return answer.status_code, answer.json()["reasons"]


def test_a_process_that_answers_is_alive_whatever_else_is_wrong(rig: Rig, tmp_path: Path) -> None:
    rig.application.database.close()
    (tmp_path / "test.sqlite").unlink()
    (tmp_path / "test.sqlite").mkdir()
    answer = rig.browser().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_working_installation_is_ready(working: Rig) -> None:
    assert readiness(working) == (200, [])


def test_without_the_database_it_is_not_ready_and_tells_no_details(working: Rig, tmp_path: Path) -> None:
    working.application.database.close()
    (tmp_path / "test.sqlite").unlink()
    (tmp_path / "test.sqlite").mkdir()
    assert readiness(working) == (503, ["the database is out of reach"])


def test_a_database_of_another_version_is_not_ready(working: Rig) -> None:
    with working.application.database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    assert readiness(working) == (503, ["the database does not have the tables of this version"])


def test_an_engine_that_went_silent_is_not_ready(working: Rig) -> None:
    working.clock.advance(PATIENCE)
    assert readiness(working) == (200, [])
    working.clock.advance(1)
    assert readiness(working) == (503, ["the engine shows no sign of life"])


def test_an_engine_that_never_began_is_not_ready(rig: Rig) -> None:
    assert readiness(rig) == (503, ["the engine shows no sign of life"])


def test_a_process_that_leaves_the_work_to_others_needs_no_engine(sqlite_url: str, tmp_path: Path) -> None:
    with rigs.rig(sqlite_url, tmp_path, works_here=False) as idle:
        assert readiness(idle) == (200, [])
