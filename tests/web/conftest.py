from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.standins.pipedrive import PipedriveStandIn
from tests.databases import copied_sqlite
from tests.web import rig as rigs
from tests.web.rig import Rig


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh, migrated SQLite file."""
    return copied_sqlite(sqlite_template, tmp_path)


@pytest.fixture
def rig(sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    """An installation without connections."""
    with rigs.rig(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def account() -> PipedriveStandIn:
    """A Pipedrive account that sends webhooks; tests do not change it."""
    return rigs.standin()
