from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killing.product import Product
from tests.killing.product import product as running


@pytest.fixture
def product(tmp_path: Path, database_url: str) -> Iterator[Product]:
    """An installation on SQLite and on PostgreSQL."""
    with running(tmp_path, database_url) as made:
        yield made
