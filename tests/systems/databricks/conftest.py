"""Tables that several files of tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.systems.databricks.books import carry_books


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Delta tables with the books of two entities."""
    made = tmp_path_factory.mktemp("delta")
    carry_books(made)
    return made
