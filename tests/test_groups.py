"""Tests that share a costly beginning run on one worker, one behind the other."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("together")


def test_a_group_is_part_of_what_workers_are_told_by(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, "workerinput"):
        pytest.skip("there is one process alone")
    assert request.node.nodeid.endswith("@together"), "workers would each begin anew"
