"""SQLite files are for their owner only, from the moment they are made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from mlconnector.flow.engine.engine import progress_engine
from mlconnector.store.database import open_database


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """A process whose new files everybody may read and write."""
    usual = os.umask(0)
    yield
    os.umask(usual)


def rights(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def write_into(engine: sa.Engine) -> None:
    with engine.begin() as db:
        db.exec_driver_sql("CREATE TABLE IF NOT EXISTS things (name TEXT)")
        db.exec_driver_sql("INSERT INTO things VALUES ('x')")


@pytest.mark.parametrize("kind", ["database", "progress"])
def test_the_files_of_sqlite_are_private(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite"
    engine = open_database(f"sqlite:///{path}").engine if kind == "database" else progress_engine(str(path))
    with engine.connect() as reading:
        write_into(engine)
        reading.exec_driver_sql("SELECT 1")
        assert rights(tmp_path) == dict.fromkeys(["data.sqlite", "data.sqlite-wal", "data.sqlite-shm"], 0o600)
    engine.dispose()


def test_files_that_others_could_read_become_private(tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite"
    for name in ("data.sqlite", "data.sqlite-wal", "data.sqlite-shm"):
        (tmp_path / name).touch(mode=0o666)
    database = open_database(f"sqlite:///{path}")
    assert set(rights(tmp_path).values()) == {0o600}
    database.close()
