"""Two workers on one database: when one dies or falls silent, the other goes on with its work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mlconnector.standins.faults import Fault
from mlconnector.store.database import open_database
from tests.databases import Postgres
from tests.flow.rig import NAME
from tests.killing.product import Product, assert_everything_arrived_once, bookable, until
from tests.killing.product import product as running

# So that death is noticed soon; who has much to do is silent for longer, and has the product's own patience.
LIVELY = {"heartbeat_seconds": "0.2", "silent_after_seconds": "1.5"}
# Whose process number is the last but one part of the executor's name.
IN_HAND = "SELECT executor_id FROM dbos.workflow_status WHERE status = 'PENDING' AND name = :name"


@pytest.fixture
def product(tmp_path: Path, postgres: Postgres) -> Iterator[Product]:
    """An installation on PostgreSQL."""
    with postgres.fresh("migrated") as url, running(tmp_path, url) as made:
        yield made


def begin_with_two_workers(product: Product, **settings: str) -> None:
    """Start two workers that look after everything; hints about all deals give them a run to do."""
    with product.rig() as rig:
        for deal in rig.pipedrive.labels():
            rig.hint(deal)
    for _ in range(2):
        product.start("worker", **settings)


def worker_with(product: Product, workflow: str) -> int:
    """The number of the process that has a workflow in hand."""
    database = open_database(product.url)
    try:
        with database.read() as db:
            executor = db.execute(text(IN_HAND), {"name": workflow}).scalars().first()
    finally:
        database.close()
    assert executor is not None
    return int(executor.split("-")[-2])


def is_settled(product: Product) -> bool:
    return product.states().get("settled") == len(bookable(product.outside.pipedrive.labels()))


def test_a_living_worker_takes_over_from_one_that_was_killed(product: Product) -> None:
    held = product.outside.datev.faults.add(Fault("hold", "POST", "/extf-files/import"))
    begin_with_two_workers(product, **LIVELY)
    until(held.happened.is_set, product)
    dead = worker_with(product, "deliver")
    next(one for one in product.processes if one.pid == dead).kill()
    until(lambda: is_settled(product), product)
    assert sum(one.poll() is None for one in product.processes) == 1
    assert_everything_arrived_once(product)


def test_a_worker_that_slept_and_was_taken_for_dead_does_nothing_twice(product: Product) -> None:
    held = product.outside.pipedrive.faults.add(
        Fault("slow", "GET", "/api/v2/organizations", seconds=2.0, times=1)
    )
    begin_with_two_workers(product, **LIVELY)
    until(lambda: held.times <= 0, product)
    sleeper = next(one for one in product.processes if one.pid == worker_with(product, "run"))
    sleeper.send_signal(signal.SIGSTOP)
    until(lambda: is_settled(product), product)
    sleeper.send_signal(signal.SIGCONT)
    until(lambda: _shows_signs_of_life(product, sleeper.pid), product)
    assert all(one.poll() is None for one in product.processes), product.logs()
    assert_everything_arrived_once(product)


def _shows_signs_of_life(product: Product, process: int) -> bool:
    with product.rig() as rig, rig.app.database.read() as db:
        query = "SELECT count(*) FROM executors WHERE process = :process"
        return bool(db.execute(text(query), {"process": process}).scalar_one())


def test_both_workers_share_the_work_of_one_connection_without_doubling_it(product: Product) -> None:
    begin_with_two_workers(product)
    until(lambda: is_settled(product), product)
    with product.rig() as rig:
        assert rig.connection() == ("ready", "")
        assert rig.name == NAME
    assert_everything_arrived_once(product)
