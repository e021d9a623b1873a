"""The views of `information_schema`, made of what Unity Catalog knows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from mlconnector.standins.databricks.sql_errors import no_such_table
from mlconnector.standins.databricks.unity import Catalog

_TABLES = ("table_catalog", "table_schema", "table_name", "table_type", "comment")
_COLUMNS = (
    "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "is_nullable",
    "full_data_type", "comment",
)  # fmt: skip
_SCHEMATA = ("catalog_name", "schema_name", "comment")
_Cell = str | int | None


def information(catalog: Catalog, view: str) -> exp.Expr:
    """The rows of one view of a catalog as a query; raises SqlError for a view that is not kept."""
    made = {
        "tables": (_TABLES, _tables),
        "columns": (_COLUMNS, _columns),
        "schemata": (_SCHEMATA, _schemata),
    }.get(view)
    if made is None:
        raise no_such_table(catalog.name, "information_schema", view)
    names, rows = made
    cells = list(rows(catalog)) or [(None,) * len(names)]
    # One list of values: the engine plans a union of hundreds of rows for seconds.
    given = exp.values(cells, alias="given", columns=[f"c{place}" for place in range(len(names))])
    columns = [
        exp.alias_(exp.cast(exp.column(f"c{place}"), _type(name)), name) for place, name in enumerate(names)
    ]
    query = exp.select(*columns).from_(given)
    return query if any(cells[0]) else query.where("FALSE")


def _type(name: str) -> str:
    return "INT" if name == "ordinal_position" else "STRING"


def _tables(catalog: Catalog) -> Iterator[tuple[_Cell, ...]]:
    for schema in catalog.schemas.values():
        for table in schema.tables.values():
            kind = "VIEW" if table.is_view else "MANAGED"
            yield catalog.name, schema.name, table.name, kind, table.comment


def _columns(catalog: Catalog) -> Iterator[tuple[_Cell, ...]]:
    for schema in catalog.schemas.values():
        for table in schema.tables.values():
            for place, column in enumerate(table.columns):
                nullable = "YES" if column.nullable else "NO"
                names = (catalog.name, schema.name, table.name, column.name)
                yield *names, place, nullable, column.type_text, column.comment


def _schemata(catalog: Catalog) -> Iterator[tuple[_Cell, ...]]:
    for schema in catalog.schemas.values():
        yield catalog.name, schema.name, schema.comment
