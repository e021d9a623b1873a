"""Killed while tables are loaded, by a signal that cannot be caught: the next load makes up for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.commands.output import Exit
from tests.databases import copied_sqlite
from tests.flow.warehouse.rig import LOAD_POINTS
from tests.killing.product import SECONDS, Product, assert_everything_arrived_once
from tests.killing.product import product as running
from tests.systems.databricks.tables import queried


@pytest.fixture
def product(tmp_path: Path, sqlite_template: Path) -> Iterator[Product]:
    """An installation on SQLite with Delta tables."""
    (tmp_path / "settings.toml").write_text("[databricks]\n")
    with running(tmp_path, copied_sqlite(sqlite_template, tmp_path)) as made:
        yield made


TWICE = (*LOAD_POINTS, *(f"{one}:2" for one in LOAD_POINTS))


@pytest.mark.parametrize("points", [LOAD_POINTS, pytest.param(TWICE, marks=pytest.mark.thorough)])
def test_killed_at_each_point_of_a_load_one_after_the_other(
    product: Product, points: tuple[str, ...]
) -> None:
    config = str(product.folder / "settings.toml")
    assert product.run(config=config, crash_at="load_staged") == -signal.SIGKILL
    for point in points:
        load = product.start("warehouse", "load", config=config, crash_at=point)
        assert load.wait(SECONDS) == -signal.SIGKILL, product.logs()
    assert product.run(config=config) in {Exit.FINE, Exit.PROBLEMS}
    assert product.start("warehouse", "load", config=config).wait(SECONDS) == Exit.FINE, product.logs()
    assert_everything_arrived_once(product)
    rows = product.outside.rows()
    found = queried(
        product.folder / "delta", "SELECT count(*), sum(amount) FROM booking_lines WHERE NOT is_deleted"
    )
    assert found == [(len(rows), sum(row.amount for row in rows))]
