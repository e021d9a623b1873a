"""Stand-in of a Databricks workspace: login, SQL on real Delta tables, jobs, files, Unity Catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlconnector.standins.base import Options
from mlconnector.standins.databricks import requirements
from mlconnector.standins.databricks.identities import (
    CATALOG,
    CLIENT_ID,
    CLIENT_SECRET,
    WAREHOUSE_ID,
    WORKSPACE_ID,
)

if TYPE_CHECKING:
    from mlconnector.standins.databricks.standin import DatabricksStandIn

__all__ = ["CATALOG", "CLIENT_ID", "CLIENT_SECRET", "WAREHOUSE_ID", "WORKSPACE_ID", "create"]


def create(options: Options) -> DatabricksStandIn:
    """Build the stand-in; raises MissingEngine where the packages that carry out SQL are not installed."""
    requirements.check()
    from mlconnector.standins.databricks.standin import DatabricksStandIn  # noqa: PLC0415

    return DatabricksStandIn(options)
