"""An account that is only looked at, and one for each test that changes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.systems.procore.rig import ProcoreRig, procore_rig


@pytest.fixture(scope="module")
def shared() -> Iterator[ProcoreRig]:
    """An account that shows every case; its tests change nothing."""
    with procore_rig() as rig:
        yield rig
        for source in rig.opened:
            source.close()


@pytest.fixture
def rig() -> Iterator[ProcoreRig]:
    with procore_rig() as rig:
        yield rig
        for source in rig.opened:
            source.close()
