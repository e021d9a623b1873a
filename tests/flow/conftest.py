from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import Postgres, copied_sqlite
from tests.flow.cin7_rig import MakeRig as MakeCin7Rig
from tests.flow.cin7_rig import cin7_rigs
from tests.flow.dynamics_rig import dynamics_rigs
from tests.flow.procore_rig import MakeRig as MakeProcoreRig
from tests.flow.procore_rig import procore_rigs
from tests.flow.rig import Rig, rig

MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig on SQLite with so many deals."""
    with ExitStack() as stack:
        yield lambda records, **options: stack.enter_context(
            rig(tmp_path, copied_sqlite(sqlite_template, tmp_path), records, **options)
        )


@pytest.fixture
def make_any_rig(tmp_path: Path, database_url: str) -> Iterator[MakeRig]:
    """Makes a rig with so many deals; a test that uses it runs on SQLite and on PostgreSQL."""
    with ExitStack() as stack:
        yield lambda records, **options: stack.enter_context(rig(tmp_path, database_url, records, **options))


@pytest.fixture
def make_postgres_rig(tmp_path: Path, postgres: Postgres) -> Iterator[MakeRig]:
    """Makes a rig on PostgreSQL, where transactions run side by side."""
    with postgres.fresh("migrated") as url, ExitStack() as stack:
        yield lambda records, **options: stack.enter_context(rig(tmp_path, url, records, **options))


@pytest.fixture
def make_dynamics_rig(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig with Dynamics as its source, on SQLite."""
    with dynamics_rigs(tmp_path, sqlite_template) as made:
        yield made


@pytest.fixture
def make_cin7_rig(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeCin7Rig]:
    """Makes a rig with Cin7 as its source, on SQLite."""
    with cin7_rigs(tmp_path, sqlite_template) as made:
        yield made


@pytest.fixture
def make_procore_rig(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeProcoreRig]:
    """Makes a rig with Procore as its source, on SQLite."""
    with procore_rigs(tmp_path, sqlite_template) as made:
        yield made
