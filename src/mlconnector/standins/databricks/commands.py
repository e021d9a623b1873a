"""Commands that the parser of SQL leaves as they are: catalogs, volumes, grants, SHOW and OPTIMIZE."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.identities import ADMINISTRATOR
from mlconnector.standins.databricks.placing import Session
from mlconnector.standins.databricks.results import Result, of_strings
from mlconnector.standins.databricks.sql_errors import exists_already, insufficient, no_such_volume, syntax
from mlconnector.standins.databricks.tables import Tables
from mlconnector.standins.databricks.unity import Unity
from mlconnector.standins.databricks.volumes import Volumes

_PART = r"(?:`[^`]+`|\w+)"
_NAME = rf"(?P<name>{_PART}(?:\.{_PART}){{0,2}})"
_GRANT = (
    rf"(?P<verb>GRANT|REVOKE) (?P<what>[\w, ]+) ON (?P<kind>CATALOG|SCHEMA|TABLE|VIEW|VOLUME) {_NAME}"
    rf" (?:TO|FROM) `?(?P<who>[^`]+)`?"
)
_REST = r"(?:\s+(?:COMMENT|MANAGED LOCATION)\b.*)?"


@dataclass
class Commands:
    """Carries out commands by their words."""

    unity: Unity
    grants: Grants
    tables: Tables
    volumes: Volumes

    def run(self, text: str, session: Session) -> Result:
        """Carry out a command; raises SqlError for one that is not known."""
        words = " ".join(text.split()).rstrip("; ")
        for pattern, handler in self._known():
            found = re.fullmatch(pattern, words, re.IGNORECASE)
            if found:
                return handler(found, session) or Result()
        raise syntax(f"at or near '{words.partition(' ')[0]}'")

    def _known(self) -> list[tuple[str, Callable[[re.Match[str], Session], Result | None]]]:
        return [
            (rf"CREATE CATALOG (?P<new>IF NOT EXISTS )?{_NAME}{_REST}", self._create_catalog),
            (rf"CREATE VOLUME (?P<new>IF NOT EXISTS )?{_NAME}{_REST}", self._create_volume),
            (rf"DROP VOLUME (?P<there>IF EXISTS )?{_NAME}", self._drop_volume),
            (_GRANT, self._grant),
            (r"SHOW CATALOGS", self._show_catalogs),
            (rf"SHOW (?:SCHEMAS|DATABASES)(?: (?:IN|FROM) {_NAME})?", self._show_schemas),
            (rf"SHOW (?P<kind>TABLES|VIEWS|VOLUMES)(?: (?:IN|FROM) {_NAME})?", self._show_tables),
            (rf"OPTIMIZE {_NAME}(?: .*)?", self._optimize),
            (rf"(?:VACUUM|ANALYZE TABLE|REFRESH TABLE|FSCK REPAIR TABLE) {_NAME}(?: .*)?", self._only_look),
            (r"SET .*", lambda _found, _session: None),
        ]  # fmt: skip

    def _create_catalog(self, found: re.Match[str], session: Session) -> None:
        self.grants.check(session.principal, "CREATE_CATALOG", "metastore", kind="Metastore")
        self.unity.add_catalog(_parts(found)[0], if_new=bool(found["new"]))

    def _create_volume(self, found: re.Match[str], session: Session) -> None:
        name = session.full(*_parts(found))
        schema = self.unity.schema(*name[:2])
        self.grants.check(session.principal, "CREATE_VOLUME", *name[:2])
        if name[2] in schema.volumes and not found["new"]:
            raise exists_already("VOLUME", *name)
        schema.volumes.add(name[2])
        self.volumes.made(name)

    def _drop_volume(self, found: re.Match[str], session: Session) -> None:
        name = session.full(*_parts(found))
        volumes = self.unity.schema(*name[:2]).volumes
        if name[2] not in volumes and not found["there"]:
            raise no_such_volume(*name)
        self.grants.check(session.principal, "MANAGE", *name, kind="Volume")
        volumes.discard(name[2])

    def _grant(self, found: re.Match[str], session: Session) -> None:
        named = ".".join(_parts(found))
        if session.principal != ADMINISTRATOR:
            raise insufficient("MANAGE", found["kind"].capitalize(), named)
        change = self.grants.grant if found["verb"].upper() == "GRANT" else self.grants.withhold
        for privilege in found["what"].split(","):
            change(found["who"], privilege, named)

    def _show_catalogs(self, _found: re.Match[str], _session: Session) -> Result:
        return of_strings(["catalog"], [[name] for name in self.unity.catalogs])

    def _show_schemas(self, found: re.Match[str], session: Session) -> Result:
        catalog = _parts(found)[0] if found["name"] else session.catalog
        return of_strings(["databaseName"], [[name] for name in self.unity.catalog(catalog).schemas])

    def _show_tables(self, found: re.Match[str], session: Session) -> Result:
        parts = _parts(found) if found["name"] else [session.schema]
        catalog, name = parts if len(parts) == 2 else (session.catalog, parts[0])
        schema, kind = self.unity.schema(catalog, name), found["kind"].upper()
        if kind == "VOLUMES":
            return of_strings(
                ["database", "volume_name"], [[schema.name, each] for each in sorted(schema.volumes)]
            )
        rows = [
            [schema.name, each.name, "false"]
            for each in schema.tables.values()
            if each.is_view or kind == "TABLES"
        ]
        return of_strings(["database", "viewName" if kind == "VIEWS" else "tableName", "isTemporary"], rows)

    def _optimize(self, found: re.Match[str], session: Session) -> Result:
        name = session.full(*_parts(found))
        table = self.unity.table(name)
        self.grants.check(session.principal, "MODIFY", *name)
        metrics = self.tables.delta(table).optimize.compact()
        self.tables.attach(table)
        return of_strings(["path", "metrics"], [[str(self.tables.folder(table)), str(metrics)]])

    def _only_look(self, found: re.Match[str], session: Session) -> None:
        self.unity.table(session.full(*_parts(found)))


def _parts(found: re.Match[str]) -> list[str]:
    return [part.strip("`") for part in re.findall(_PART, found["name"])]
