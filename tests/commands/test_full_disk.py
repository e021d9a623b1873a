"""A full disk is said as such, at every moment, and nothing is left half done."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.errors import RetryLater
from mlconnector.flow.engine import engine as engines
from mlconnector.flow.engine.workflows import Workflows
from mlconnector.store import database as databases

KEY = Path("ml-connector-data/master.key")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def give(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many pages the database, and the engine's notes, may have; as on a disk with so little room."""
    pages = {"database": 1_000_000, "progress": 1_000_000}

    def limit(which: str, make: Any) -> Any:
        def made(*arguments: Any) -> sa.Engine:
            engine: sa.Engine = make(*arguments)

            def prepare(connection: sqlite3.Connection, _record: object) -> None:
                connection.execute(f"PRAGMA max_page_count = {pages[which]}")

            sa.event.listen(engine, "connect", prepare)
            return engine

        return made

    monkeypatch.setattr(databases, "make_engine", limit("database", databases.make_engine))
    monkeypatch.setattr(engines, "progress_engine", limit("progress", engines.progress_engine))
    return pages


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "There is no room left on the disk: "), ("de", "Auf dem Datenträger ist kein Platz mehr: ")],
)
def test_init_on_a_full_disk_says_so_and_leaves_no_half_key(
    language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", language)

    def full(path: Path, text: str, **_: Any) -> None:
        path.open("w").close()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        answer = give("init")
    assert answer.exit_code == 1
    assert said in " ".join(answer.stderr.split())
    assert not KEY.exists()
    assert give("init").exit_code == 0
    assert KEY.read_text().startswith("key-")


def test_a_start_without_room_for_the_tables_is_said_and_can_be_repeated(limited: dict[str, int]) -> None:
    give("init")
    limited["database"] = 20
    answer = give("status")
    assert answer.exit_code == 1
    assert "is there room on the disk?" in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.output
    limited["database"] = 1_000_000
    assert give("status").exit_code == 0


def test_an_engine_without_room_for_its_notes_is_said(limited: dict[str, int]) -> None:
    give("init")
    limited["progress"] = 20
    answer = give("worker")
    assert answer.exit_code == 1
    assert "is there room on the disk?" in " ".join(answer.stderr.split())


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ("start_run", ("north", "command")),
        ("nudge", ("north",)),
        ("start_load", ()),
        ("is_loading", ()),
        ("resume", ("north",)),
        ("is_busy", ("north",)),
        ("schedule", ()),
    ],
)
def test_whatever_is_asked_of_the_engine_on_a_full_disk_is_for_later(
    asked: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    for name in ("list_workflows", "run_step"):
        monkeypatch.setattr(DBOS, name, full)
    for name in ("enqueue", "keep_schedules"):
        monkeypatch.setattr(f"mlconnector.flow.engine.workflows.{name}", full)
    workflows = object.__new__(Workflows)
    for private in (
        "services",
        "run_workflow",
        "scheduled_workflow",
        "housekeeping_workflow",
        "load_workflow",
        "load_asked_workflow",
        "notify_workflow",
    ):
        setattr(workflows, f"_{private}", None)
    with pytest.raises(RetryLater, match="room on the disk"):
        getattr(workflows, asked)(*arguments)
