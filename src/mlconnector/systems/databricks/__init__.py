"""Databricks as a warehouse: Delta tables in a folder that any reader opens, or in a workspace."""

from __future__ import annotations

from importlib.resources import files

from mlconnector.model.problems import Problem
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.warehouse import Row, Warehouse, WarehouseContext, WarehouseSystem

SYSTEM = "databricks"
TITLE = "Databricks"


def describe_warehouse() -> WarehouseSystem:
    """Databricks as the product knows it before any table is there."""
    return WarehouseSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=Settings,
        open=_open,
        in_folder=lambda folder: Settings(folder=folder),
        place=lambda settings, data_dir: settings.place(data_dir),
        imports=lambda settings: settings.imports,
        entities=lambda settings: settings.entities,
        refusal=_refusal,
        secrets=lambda settings: () if settings.host is None else ("client_secret",),
        refused="databricks_credentials_refused",
        example=lambda: files(__package__).joinpath("example.toml").read_text("utf-8"),
    )


def _refusal(table: str, row: Row) -> Problem | None:
    from mlconnector.systems.databricks.rows import refusal  # noqa: PLC0415

    return refusal(table, row)


# Only who loads something needs the libraries that write Delta tables, or speak with a workspace.


def _open(context: WarehouseContext) -> Warehouse:
    if context.settings.host is not None:
        from mlconnector.systems.databricks.workspace import open_workspace  # noqa: PLC0415

        return open_workspace(context)
    from mlconnector.systems.databricks.embedded import EmbeddedWarehouse  # noqa: PLC0415

    return EmbeddedWarehouse(context.settings.tables_in(context.data_dir))
