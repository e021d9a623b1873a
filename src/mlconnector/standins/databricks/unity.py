"""What Unity Catalog knows: catalogs, schemas, tables, views and volumes, all by names in lower case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mlconnector.standins.databricks.answers import Row
from mlconnector.standins.databricks.identities import HIVE
from mlconnector.standins.databricks.sql_errors import (
    exists_already,
    needs_unity_catalog,
    no_such_catalog,
    no_such_schema,
    no_such_table,
    no_such_volume,
)

Name = tuple[str, str, str]


@dataclass
class Column:
    """A column; `type_text` is its type in SQL, in lower case."""

    name: str
    type_text: str
    nullable: bool = True
    comment: str | None = None


@dataclass
class Table:
    """A table or, where it has a `text`, a view; `number` tells where its files lie."""

    name: str
    number: int
    columns: list[Column]
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    constraints: list[Row] = field(default_factory=list)
    text: str | None = None
    created_at: int = 0
    catalog: str = ""
    schema: str = ""

    @property
    def is_view(self) -> bool:
        """Whether this is a view."""
        return self.text is not None


@dataclass
class Schema:
    """A schema with what is in it."""

    name: str
    comment: str | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    volumes: set[str] = field(default_factory=set)


@dataclass
class Catalog:
    """A catalog with its schemas."""

    name: str
    comment: str | None = None
    schemas: dict[str, Schema] = field(default_factory=dict)


@dataclass
class Unity:
    """The metastore; a workspace without one has the catalog of Hive alone."""

    catalogs: dict[str, Catalog] = field(default_factory=dict)
    has_metastore: bool = True
    numbers: int = 0

    def next_number(self) -> int:
        """The number of the next table."""
        self.numbers += 1
        return self.numbers

    def catalog(self, name: str) -> Catalog:
        """A catalog; raises SqlError."""
        if not self.has_metastore and name.lower() != HIVE:
            raise needs_unity_catalog("the three-level name of a table")
        found = self.catalogs.get(name.lower())
        if found is None:
            raise no_such_catalog(name)
        return found

    def schema(self, catalog: str, name: str) -> Schema:
        """A schema; raises SqlError."""
        found = self.catalog(catalog).schemas.get(name.lower())
        if found is None:
            raise no_such_schema(catalog, name)
        return found

    def table(self, name: Name) -> Table:
        """A table or view; raises SqlError."""
        found = self.find(name)
        if found is None:
            raise no_such_table(*name)
        return found

    def find(self, name: Name) -> Table | None:
        """A table or view; None where its schema has none such. Raises SqlError where there is no schema."""
        return self.schema(*name[:2]).tables.get(name[2].lower())

    def check_volume(self, name: Name) -> None:
        """Raise SqlError where there is no such volume."""
        if name[2].lower() not in self.schema(*name[:2]).volumes:
            raise no_such_volume(*name)

    def add_catalog(self, name: str, comment: str | None = None, if_new: bool = True) -> None:
        """Make a catalog."""
        if name.lower() in self.catalogs:
            if not if_new:
                raise exists_already("CATALOG", name)
            return
        self.catalogs[name.lower()] = Catalog(name.lower(), comment)
        self.add_schema(name, "default")

    def add_schema(self, catalog: str, name: str, comment: str | None = None, if_new: bool = True) -> None:
        """Make a schema."""
        schemas = self.catalog(catalog).schemas
        if name.lower() not in schemas:
            schemas[name.lower()] = Schema(name.lower(), comment)
        elif not if_new:
            raise exists_already("SCHEMA", catalog, name)

    def all_tables(self) -> Iterator[Table]:
        """Every table and view."""
        for catalog in self.catalogs.values():
            for schema in catalog.schemas.values():
                yield from schema.tables.values()
