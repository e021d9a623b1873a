from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.pool import Pool

from mlconnector.commands import output
from mlconnector.store import audit
from mlconnector.store.database import Database, open_database
from mlconnector.store.seals import MasterKeys, generate_master_key
from mlconnector.store.trail_seal import TrailSeal
from tests.authority import own_authority
from tests.clock import Clock
from tests.databases import Postgres, copied_sqlite, migrated_sqlite, running_postgres, without_waiting

_LONGEST_ID = 60

# How fast the machine is says nothing of what is tested.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# Whoever asks a stand-in and names no timeout waits for it as long as a busy machine may take.
for _part in ("connect", "read", "write", "pool"):
    setattr(inspect.signature(httpx.Client).parameters["timeout"].default, _part, 120.0)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A file or a token is no name for a test: what is made anew each time would differ between workers."""
    return argname if isinstance(val, str | bytes) and len(val) > _LONGEST_ID else None


@pytest.fixture(autouse=True, scope="session")
def width_of_the_day() -> None:
    """Output is as wide as COLUMNS says in a test, whatever it was when the module was read."""
    for console in (output.console, output.complaints):
        setattr(console, "_width", None)  # noqa: B010 - rich has no way to say so


@pytest.fixture(autouse=True, scope="session")
def english_where_nobody_says_otherwise() -> Iterator[None]:
    """The language is that of the settings, and not that of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


@pytest.fixture(autouse=True, scope="session")
def few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One authority is trusted instead of a hundred, whose certificates each client would read anew."""
    path = tmp_path_factory.mktemp("authorities") / "one.pem"
    path.write_bytes(own_authority())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(autouse=True, scope="session")
def nothing_survives_a_power_cut() -> Iterator[None]:
    """No file of SQLite waits for the disk, as none of PostgreSQL does; processes of their own do wait."""
    event.listen(Pool, "checkout", without_waiting)
    yield
    event.remove(Pool, "checkout", without_waiting)


@pytest.fixture
def clock() -> Clock:
    """A clock that tests move by hand."""
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database; a test that uses it, or a fixture below, runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    if backend == "sqlite":
        yield copied_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
        return
    with request.getfixturevalue("postgres").fresh("migrated") as url:
        yield url


@pytest.fixture
def empty_database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without any tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with request.getfixturevalue("postgres").fresh("template0") as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database whose audit trail has begun."""
    opened = open_database(database_url, TrailSeal(MasterKeys.parse(generate_master_key())))
    audit.begin(opened, datetime(2026, 3, 2, tzinfo=UTC))
    yield opened
    opened.close()


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    """A database without any tables."""
    opened = open_database(empty_database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test process; tests fail, and are not skipped, when it does not start."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return migrated_sqlite(tmp_path_factory.mktemp("sqlite"))
