"""What the tests of this folder look at: the books of two entities, and a fresh workspace over loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.databricks import CLIENT_ID, CLIENT_SECRET, WAREHOUSE_ID, create
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.serving import serve
from mlconnector.systems.databricks import describe_warehouse
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.workspace import WorkspaceWarehouse
from mlconnector.systems.warehouse import Reached, WarehouseContext
from tests.standins.conftest import Switch
from tests.systems.databricks.books import books
from tests.systems.databricks.tables import NOON, carry

CATALOG, SCHEMA = "fin-prod", "ml_connector"
Opened = Callable[..., WorkspaceWarehouse]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Delta tables with the books of two entities."""
    made = tmp_path_factory.mktemp("delta")
    carry(made, *books())
    return made


@pytest.fixture(scope="session")
def switch() -> Switch:
    return Switch()


@pytest.fixture(scope="session")
def url(switch: Switch) -> Iterator[str]:
    with serve(switch) as address:
        yield address


@pytest.fixture
def workspace(switch: Switch) -> Iterator[DatabricksStandIn]:
    """A workspace with the catalog, and nothing in it."""
    made = create(Options())
    switch.app = made.app
    made.sql(f"CREATE CATALOG `{CATALOG}`")
    yield made
    made.stop()


def nothing(_reached: Reached) -> None:
    """Go on with the load."""


def settings_of(url: str, **more: Any) -> Settings:
    """The settings of a workspace, as its file has them."""
    named = {"host": url, "catalog": CATALOG, "warehouse_id": WAREHOUSE_ID, "client_id": CLIENT_ID}
    return Settings.model_validate({**named, **more})


@pytest.fixture
def opened(url: str, workspace: DatabricksStandIn, tmp_path: Path) -> Opened:
    """Opens the warehouse, as a process of its own would; no pause of it takes time."""

    def opened(
        secret: str = CLIENT_SECRET,
        doze: Callable[[float], None] = _briefly,
        is_over: Callable[[], bool] = bool,
        **more: Any,
    ) -> Any:
        secrets, settings = {"client_secret": secret}, settings_of(url, **more)
        return describe_warehouse().open(
            WarehouseContext(settings, tmp_path, lambda: NOON, secrets, doze, is_over)
        )

    return opened


def _briefly(_seconds: float) -> None:
    threading.Event().wait(0.01)
