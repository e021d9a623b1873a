from __future__ import annotations

import pytest

from mlconnector.store import connections
from mlconnector.store.database import Database
from tests.clock import Clock

NAMES = ("north", "south")


@pytest.fixture
def connected(database: Database, clock: Clock) -> Database:
    """A database with the connections `north` and `south`."""
    with database.write() as transaction:
        for name in NAMES:
            connections.create(transaction, name, "pipedrive", "29098-55003", f"region = {name!r}", clock())
    return database
