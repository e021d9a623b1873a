from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.datev import DatevStandIn, create
from tests.standins.datev.support import browser, logged_in


@pytest.fixture
def standin(tmp_path: Path) -> DatevStandIn:
    return create(Options(received=tmp_path / "received", delay=5))


@pytest.fixture
def web(standin: DatevStandIn) -> Iterator[httpx.Client]:
    with browser(standin) as client:
        yield client


@pytest.fixture
def api(standin: DatevStandIn) -> Iterator[httpx.Client]:
    with logged_in(standin) as client:
        yield client
