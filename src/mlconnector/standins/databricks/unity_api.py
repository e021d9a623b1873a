"""Unity Catalog over REST: the metastore, catalogs, schemas, tables and volumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlconnector.standins.databricks.answers import Refusal, Row, denied, invalid, refusal
from mlconnector.standins.databricks.endpoint import Api, Asked
from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.identities import CATALOG, METASTORE_ID, WORKSPACE_ID
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.unity import Catalog, Schema, Table, Unity

NO_METASTORE = "No metastore assigned for the current workspace."
_BASE = "/api/2.1/unity-catalog"
_CODES = {
    "NO_SUCH_CATALOG_EXCEPTION": "CATALOG_DOES_NOT_EXIST",
    "SCHEMA_NOT_FOUND": "SCHEMA_DOES_NOT_EXIST",
    "TABLE_OR_VIEW_NOT_FOUND": "TABLE_DOES_NOT_EXIST",
    "VOLUME_DOES_NOT_EXIST": "VOLUME_DOES_NOT_EXIST",
}


@dataclass
class UnityApi:
    """The endpoints of Unity Catalog."""

    unity: Unity
    grants: Grants
    folder: Callable[[Table], Path]

    def routes(self) -> list[Api]:
        """The endpoints, none of which is there for a workspace without a metastore."""
        rows: list[tuple[str, Callable[[Asked], Any]]] = [
            ("metastore_summary", self._summary),
            ("current-metastore-assignment", self._assignment),
            ("catalogs", self._catalogs),
            ("catalogs/{name}", self._catalog),
            ("schemas", self._schemas),
            ("schemas/{name}", self._schema),
            ("tables", self._tables),
            ("tables/{name}", self._table),
            ("volumes", self._volumes),
            ("volumes/{name}", self._volume),
        ]
        return [Api("GET", f"{_BASE}/{path}", self._guarded(handler)) for path, handler in rows]

    def _guarded(self, handler: Callable[[Asked], Any]) -> Callable[[Asked], Any]:
        def guarded(asked: Asked) -> Any:
            if not self.unity.has_metastore:
                raise refusal(404, "METASTORE_DOES_NOT_EXIST", NO_METASTORE)
            try:
                return handler(asked)
            except SqlError as wrong:
                raise _refused(wrong) from None

        return guarded

    def _summary(self, _: Asked) -> Row:
        return {
            "metastore_id": METASTORE_ID,
            "name": "metastore_aws_eu_central_1",
            "cloud": "aws",
            "region": "eu-central-1",
        }

    def _assignment(self, _: Asked) -> Row:
        return {
            "metastore_id": METASTORE_ID,
            "workspace_id": int(WORKSPACE_ID),
            "default_catalog_name": CATALOG,
        }

    def _catalogs(self, asked: Asked) -> Row:
        seen = [each for each in self.unity.catalogs.values() if self._sees(asked, "USE_CATALOG", each.name)]
        return {"catalogs": [_catalog(each) for each in seen]}

    def _catalog(self, asked: Asked) -> Row:
        found = self.unity.catalog(asked.path["name"])
        self.grants.check(asked.principal, "USE_CATALOG", found.name)
        return _catalog(found)

    def _schemas(self, asked: Asked) -> Row:
        catalog = self.unity.catalog(asked.query.get("catalog_name", ""))
        self.grants.check(asked.principal, "USE_CATALOG", catalog.name)
        names = [
            each for each in catalog.schemas if self._sees(asked, "USE_SCHEMA", f"{catalog.name}.{each}")
        ]
        return {"schemas": [_schema(catalog.name, catalog.schemas[each]) for each in names]}

    def _schema(self, asked: Asked) -> Row:
        catalog, name = _parts(asked, 2)
        found = self.unity.schema(catalog, name)
        self.grants.check(asked.principal, "USE_SCHEMA", catalog, name)
        return _schema(catalog.lower(), found)

    def _tables(self, asked: Asked) -> Row:
        found = self._asked_schema(asked)
        return {"tables": [self._shown(each) for each in found.tables.values()]}

    def _table(self, asked: Asked) -> Row:
        catalog, schema, name = _parts(asked, 3)
        found = self.unity.table((catalog, schema, name))
        self.grants.check(asked.principal, "SELECT", catalog, schema, name)
        return self._shown(found)

    def _volumes(self, asked: Asked) -> Row:
        catalog, schema = asked.query.get("catalog_name", ""), asked.query.get("schema_name", "")
        return {
            "volumes": [_volume(catalog, schema, each) for each in sorted(self._asked_schema(asked).volumes)]
        }

    def _volume(self, asked: Asked) -> Row:
        catalog, schema, name = _parts(asked, 3)
        self.unity.check_volume((catalog, schema, name))
        self.grants.check(asked.principal, "READ_VOLUME", catalog, schema, name, kind="Volume")
        return _volume(catalog.lower(), schema.lower(), name.lower())

    def _asked_schema(self, asked: Asked) -> Schema:
        names = asked.query.get("catalog_name", ""), asked.query.get("schema_name", "")
        found = self.unity.schema(*names)
        self.grants.check(asked.principal, "USE_SCHEMA", *names)
        return found

    def _sees(self, asked: Asked, privilege: str, named: str) -> bool:
        return self.grants.has(asked.principal, privilege, named)

    def _shown(self, table: Table) -> Row:
        names = {"catalog_name": table.catalog, "schema_name": table.schema, "name": table.name}
        shown: Row = names | {
            "full_name": f"{table.catalog}.{table.schema}.{table.name}",
            "table_type": "VIEW" if table.is_view else "MANAGED",
            "columns": [
                {
                    "name": each.name,
                    "type_text": each.type_text,
                    "type_name": _type_name(each.type_text),
                    "position": place,
                    "nullable": each.nullable,
                    "comment": each.comment,
                }
                for place, each in enumerate(table.columns)
            ],
            "comment": table.comment,
            "properties": table.properties,
            "table_constraints": table.constraints,
            "metastore_id": METASTORE_ID,
            "created_at": table.created_at,
        }
        if table.is_view:
            return shown | {"view_definition": table.text}
        return shown | {"data_source_format": "DELTA", "storage_location": f"file://{self.folder(table)}"}


def _refused(wrong: SqlError) -> Refusal:
    text = str(wrong).partition("] ")[2].partition(" SQLSTATE")[0]
    if wrong.sql_state == "42501":
        return denied(text)
    return refusal(404, _CODES.get(wrong.name, "NOT_FOUND"), text)


def _parts(asked: Asked, count: int) -> list[str]:
    parts = asked.path["name"].split(".")
    if len(parts) != count:
        raise invalid(f"'{asked.path['name']}' is not a name of {count} parts.")
    return parts


def _catalog(found: Catalog) -> Row:
    kind = "MANAGED_CATALOG"
    return {"name": found.name, "comment": found.comment, "catalog_type": kind, "metastore_id": METASTORE_ID}


def _schema(catalog: str, found: Schema) -> Row:
    full = f"{catalog}.{found.name}"
    return {"name": found.name, "catalog_name": catalog, "full_name": full, "comment": found.comment}


def _volume(catalog: str, schema: str, name: str) -> Row:
    return {
        "catalog_name": catalog,
        "schema_name": schema,
        "name": name,
        "full_name": f"{catalog}.{schema}.{name}",
        "volume_type": "MANAGED",
    }


def _type_name(text: str) -> str:
    name = text.partition("(")[0].partition("<")[0].upper()
    return {"BIGINT": "LONG", "SMALLINT": "SHORT", "TINYINT": "BYTE"}.get(name, name)
