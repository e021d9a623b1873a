"""Killed at any point of the way by a signal that cannot be caught, and started again: all arrives once.

The process dies at the named points of `flow.points`, while it waits for a job, and at the second time of a
point. One thing cannot be made up for: when it dies after DATEV has answered a refresh and before the new
tokens are committed, the old refresh token is used up and somebody has to log in again. Nothing else is
lost then.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import product as product_of
from pathlib import Path
from typing import Any

import pytest

from mlconnector.commands.output import Exit
from mlconnector.flow.context.kill_points import POINTS
from mlconnector.flow.report import overview
from tests.databases import Postgres
from tests.flow.suggestions_rig import TRANSFER_POINTS
from tests.flow.warehouse.rig import LOAD_POINTS
from tests.killing.product import Product, assert_everything_arrived_once, until
from tests.killing.product import product as running

WORKED_THROUGH = {Exit.FINE, Exit.PROBLEMS}


# Real processes die here, within a run that others try step by step; these show that the two agree.
SAMPLE = {("sqlite", "entries_stored"), ("postgresql", "batch_sent"), ("sqlite", "receipt_noted")}
ON_SQLITE = ["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)]
ON_POSTGRESQL = [pytest.param("sqlite", marks=pytest.mark.thorough), "postgresql"]


def _points() -> Iterator[Any]:
    for one in product_of(("sqlite", "postgresql"), (*POINTS, "documents_sent:2", "job_polled:2")):
        if one[1] not in {"refresh_answered", *TRANSFER_POINTS, *LOAD_POINTS}:
            yield pytest.param(*one, marks=[] if one in SAMPLE else pytest.mark.thorough)


@pytest.mark.parametrize(("backend", "point"), list(_points()))
def test_killed_at_a_point_of_the_way(product: Product, point: str) -> None:
    assert product.run(crash_at=point) == -signal.SIGKILL
    assert product.run() in WORKED_THROUGH
    assert_everything_arrived_once(product)


@pytest.mark.parametrize("backend", ON_SQLITE)
def test_a_killed_run_is_not_under_way_any_more(product: Product) -> None:
    assert product.run(crash_at="intake_stored") == -signal.SIGKILL
    assert latest_run(product) == "interrupted"
    assert product.run() in WORKED_THROUGH
    assert latest_run(product) == "ended"


def latest_run(product: Product) -> str:
    with product.rig() as rig:
        return str(overview.connection(rig.context)["latest_run"]["state"])


@pytest.mark.parametrize("backend", ON_POSTGRESQL)
def test_killed_while_a_job_is_waited_for(product: Product) -> None:
    product.outside.datev._extf.delay = 1.5
    product.outside.datev._extf.retry_after = 2
    working = product.start("run", "demo-pipedrive", "--json")
    until(lambda: len(product.outside.datev.jobs) == 4, product)
    working.kill()
    assert working.wait() == -signal.SIGKILL
    assert product.run() in WORKED_THROUGH
    assert_everything_arrived_once(product)


@pytest.mark.parametrize("backend", ON_SQLITE)
def test_killed_between_a_refresh_and_its_note(product: Product) -> None:
    product.outside.datev.expire_access_tokens()
    assert product.run(crash_at="refresh_answered") == -signal.SIGKILL
    assert product.run() == Exit.LOGIN_NEEDED
    with product.rig() as rig:
        rig.log_in()
    assert product.run() in WORKED_THROUGH
    assert_everything_arrived_once(product)


def test_killed_again_and_again(tmp_path: Path, postgres: Postgres) -> None:
    with postgres.fresh("migrated") as url, running(tmp_path, url) as product:
        for point in ("documents_sent:2", "batch_sent"):
            assert product.run(crash_at=point) == -signal.SIGKILL
        assert product.run() in WORKED_THROUGH
        assert_everything_arrived_once(product)
