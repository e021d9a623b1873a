"""Statements as the engine takes them: names looked up in Unity Catalog, views put in, files found.

The engine compares names letter by letter and cannot keep a dash in a view, so it sees names of its own;
what a principal may not do is refused here, before the engine hears of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp

from mlconnector.standins.databricks.engine import Engine
from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.identities import HIVE, METASTORE_ID
from mlconnector.standins.databricks.information import information
from mlconnector.standins.databricks.parameters import text_of
from mlconnector.standins.databricks.sql_errors import needs_unity_catalog, syntax
from mlconnector.standins.databricks.unity import Name, Table, Unity
from mlconnector.standins.databricks.volumes import Volumes, no_such_path

# The parser says aloud what it leaves to `commands`.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_FORMATS = {"json", "csv", "parquet", "text"}


@dataclass
class Session:
    """Who runs statements, and where names without a catalog or schema are looked for."""

    principal: str
    catalog: str
    schema: str = "default"

    def full(self, *parts: str) -> Name:
        """The full name of a table or volume, in lower case."""
        names = [part.lower() for part in parts]
        whole = [self.catalog.lower(), self.schema.lower()][: 3 - len(names)] + names
        return whole[0], whole[1], whole[2]


@dataclass
class Placing:
    """Puts the names of the engine in the place of those that a statement names."""

    unity: Unity
    grants: Grants
    volumes: Volumes
    engine: Callable[[], Engine]
    own_schema: Callable[[], str]

    def engine_name(self, table: Table) -> str:
        """The name that the engine knows a table by."""
        return f"{self.own_schema()}.t{table.number}"

    def placed(self, tree: exp.Expr, session: Session, checks: bool = True) -> exp.Expr:
        """The statement for the engine; raises SqlError for what is not there or not permitted."""
        for node in list(tree.find_all(exp.Table)):
            self._place(tree, node, session, checks)
        for column in tree.find_all(exp.Column):
            column.set("db", None)
            column.set("catalog", None)
        return tree.transform(lambda node: self._context(node, session))

    def view(self, table: Table) -> exp.Expr:
        """The query of a view for the engine, with the rights of who made it."""
        tree = parsed(table.text or "")[0]
        return self.placed(tree, Session("", table.catalog, table.schema), checks=False)

    def _place(self, tree: exp.Expr, node: exp.Table, session: Session, checks: bool) -> None:
        if isinstance(node.this, exp.Anonymous):
            self._read_files(node, session, checks)
            return
        parts = [part.name for part in node.parts]
        if len(parts) == 1 and parts[0].lower() in _common_names(tree):
            return
        if len(parts) == 2 and parts[0].lower() in _FORMATS and parts[1].startswith("/"):
            self._found_file(parts[1], session, checks)
            node.this.set("this", str(self.volumes.place(parts[1])[1]))
            return
        name = session.full(*parts)
        if name[1] == "information_schema":
            self._put(node, information(self.unity.catalog(name[0]), name[2]), name[2])
            return
        found = self.unity.table(name)
        if checks:
            written = node is _target(tree)
            self.grants.check(session.principal, "MODIFY" if written else "SELECT", *name)
        if found.is_view:
            self._put(node, self.view(found), parts[-1])
            return
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(parts[-1], quoted=True))
        database, _, own = self.engine_name(found).partition(".")
        node.set("this", exp.to_identifier(own))
        node.set("db", exp.to_identifier(database))
        node.set("catalog", None)
        if not isinstance(node.find_ancestor(exp.Insert), exp.Insert) or node is not _target(tree):
            node.set("alias", alias)

    def _put(self, node: exp.Table, query: exp.Expr, name: str) -> None:
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
        node.replace(exp.Subquery(this=query, alias=alias))

    def _read_files(self, node: exp.Table, session: Session, checks: bool) -> None:
        call = node.this
        if call.name.lower() != "read_files":
            return
        options = {each.this.name.lower(): each.expression for each in call.expressions if _is_option(each)}
        path = text_of(next((each for each in call.expressions if not _is_option(each)), None))
        if text_of(options.get("format") or exp.Literal.string("json")).lower() != "json":
            raise syntax("this workspace reads files of JSON alone")
        place = self._found_file(path, session, checks)
        if "schema" not in options:
            source = exp.Table(this=exp.to_identifier(str(place), quoted=True), db=exp.to_identifier("json"))
        else:
            view = f"f{self.unity.next_number()}_{self.own_schema()}"
            self.engine().read_json(place, text_of(options["schema"]), view)
            source = exp.Table(this=exp.to_identifier(view))
        source.set("alias", node.args.get("alias"))
        node.replace(source)

    def _found_file(self, path: str, session: Session, checks: bool) -> Path:
        name, place = self.volumes.place(path)
        if checks:
            self.grants.check(session.principal, "READ_VOLUME", *name, kind="Volume")
        if not place.exists():
            raise no_such_path(path)
        return place

    def _context(self, node: exp.Expr, session: Session) -> exp.Expr:
        if isinstance(node, exp.CurrentCatalog):
            return exp.Literal.string(session.catalog)
        if isinstance(node, exp.CurrentSchema):
            return exp.Literal.string(session.schema)
        if isinstance(node, exp.CurrentUser | exp.SessionUser):
            return exp.Literal.string(session.principal)
        if isinstance(node, exp.Anonymous) and node.name.lower() == "current_metastore":
            if not self.unity.has_metastore:
                raise needs_unity_catalog("CURRENT_METASTORE")
            return exp.Literal.string(f"aws:eu-central-1:{METASTORE_ID}")
        return node


def parsed(text: str) -> list[exp.Expr]:
    """The statements of a text; raises SqlError where it is no SQL."""
    try:
        # A comment between two statements is parsed as a statement of nothing.
        trees = sqlglot.parse(text, read="databricks")
        found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    except sqlglot.errors.SqlglotError as wrong:
        raise syntax(str(wrong).splitlines()[0]) from None
    return found


def default_catalog(unity: Unity, catalog: str) -> str:
    """The catalog of names without one."""
    return catalog if unity.has_metastore else HIVE


def _target(tree: exp.Expr) -> exp.Expr | None:
    """The table that a statement writes to."""
    if not isinstance(tree, exp.Insert | exp.Merge | exp.Update | exp.Delete):
        return None
    target = tree.this
    return target.this if isinstance(target, exp.Schema) else target


def _common_names(tree: exp.Expr) -> set[str]:
    return {common.alias.lower() for common in tree.find_all(exp.CTE)}


def _is_option(node: exp.Expr) -> bool:
    return isinstance(node, exp.Kwarg | exp.PropertyEQ)
