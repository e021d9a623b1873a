"""Killed on the way of booking suggestions by a signal that cannot be caught: each is processed once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from mlconnector.commands.output import Exit
from mlconnector.store import audit
from tests.databases import copied_sqlite
from tests.flow.suggestions_rig import (
    OPEN,
    PROCESSED,
    TRANSFER_POINTS,
    counted,
    processed,
    suggestions,
    sums,
)
from tests.killing.product import RECORDS, Product, bookable
from tests.killing.product import product as running

OF_TRANSFERS = (*TRANSFER_POINTS, "documents_sent", "batch_sent", "receipt_noted")


@pytest.fixture
def product(tmp_path: Path, sqlite_template: Path) -> Iterator[Product]:
    """An installation on SQLite for a client that gets booking suggestions."""
    with running(tmp_path, copied_sqlite(sqlite_template, tmp_path), text=suggestions) as made:
        yield made


def assert_everything_was_processed_once(product: Product) -> None:
    """DATEV has every bookable deal once, from one processed transfer a month, and the trail is whole."""
    outside = product.outside
    deals = bookable(outside.pipedrive.labels())
    rows, found = processed(outside), sums(outside)
    assert len(found) == len(deals), (found, product.logs())
    assert set(counted(rows).values()) == {1}
    for deal in deals:
        number = f"RE-2026-{deal:05d}"
        assert abs(found.get(number, outside.gross(deal)) - outside.gross(deal)) <= Decimal("0.02"), number
    used = [job for job in outside.datev.dxso_jobs if job.status != OPEN]
    assert {job.status for job in used} == {PROCESSED}
    assert len({job.accounting_month for job in used}) == len(used)
    assert all(not job.files for job in outside.datev.dxso_jobs)
    assert len(outside.documents()) == len(deals)
    with product.rig() as rig:
        assert rig.states() == {"settled": len(deals), "needs_human": RECORDS - len(deals)}
        assert audit.verify(rig.app.database).ok


@pytest.mark.thorough
@pytest.mark.parametrize("point", [*OF_TRANSFERS, "documents_sent:2"])
def test_killed_at_a_point_of_a_transfer(product: Product, point: str) -> None:
    assert product.run(crash_at=point) == -signal.SIGKILL
    assert product.run() in {Exit.FINE, Exit.PROBLEMS}
    assert_everything_was_processed_once(product)


def test_killed_again_and_again(product: Product) -> None:
    for point in ("transfer_opened", "documents_sent", "batch_sent"):
        assert product.run(crash_at=point) == -signal.SIGKILL
    assert product.run() in {Exit.FINE, Exit.PROBLEMS}
    assert_everything_was_processed_once(product)
