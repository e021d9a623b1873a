"""The demo shows those systems whose stand-ins say how a user would connect them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconnector.commands import demonstration
from mlconnector.commands.demonstration import demo_sink, demo_sources
from mlconnector.standins.base import names
from mlconnector.systems.registry import sink_systems, source_names


def test_every_source_that_can_be_connected_is_shown() -> None:
    assert demo_sources() == list(source_names())


def test_a_stand_in_that_is_no_source_is_not_shown_as_one() -> None:
    assert "databricks" in names()
    assert "databricks" not in demo_sources()
    assert set(demo_sources()).isdisjoint(sink_systems())


def test_a_system_without_a_text_for_the_demo_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = max(source_names())
    for name in (shown, *sink_systems()):
        (tmp_path / name).mkdir()
        (tmp_path / name / "demo.toml").touch()
    monkeypatch.setattr(demonstration, "files", lambda _package: tmp_path)
    assert demo_sources() == [shown]
    assert demo_sink() in sink_systems()
