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
    queries = [_row(names, row) for row in rows(catalog)]
    if not queries:
        return _row(names, (None,) * len(names)).where("FALSE")
    whole: exp.Expr = exp.union(*queries, distinct=False) if len(queries) > 1 else queries[0]
    return whole


def _row(names: tuple[str, ...], cells: tuple[_Cell, ...]) -> exp.Select:
    made = [
        exp.alias_(exp.cast(exp.convert(cell), "INT" if name == "ordinal_position" else "STRING"), name)
        for name, cell in zip(names, cells, strict=True)
    ]
    return exp.select(*made)


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
