from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.datev import create
from mlconnector.standins.serving import serve
from tests.systems.datev.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    standin = create(Options(received=tmp_path / "received"))
    with serve(standin.app) as url:
        rig = Rig(standin, url)
        yield rig
        rig.wiring.close()
