"""Statements that define: CREATE, DROP, ALTER and COMMENT, on Unity Catalog and on the tables behind it.

What the engine has no word for (clustering, constraints, properties, comments) is kept as metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from mlconnector.standins.databricks import values
from mlconnector.standins.databricks.answers import Row
from mlconnector.standins.databricks.placing import Placing, Session
from mlconnector.standins.databricks.sql_errors import SqlError, no_such_schema, syntax
from mlconnector.standins.databricks.tables import Tables, column
from mlconnector.standins.databricks.unity import Column, Name, Table, Unity


@dataclass
class Definitions:
    """Carries out what defines schemas, tables and views."""

    unity: Unity
    tables: Tables
    placing: Placing

    def create(self, tree: exp.Create, session: Session) -> None:
        """CREATE SCHEMA, TABLE or VIEW; raises SqlError."""
        kind = str(tree.args["kind"]).upper()
        if kind == "SCHEMA":
            self._create_schema(tree, session)
            return
        if kind not in {"TABLE", "VIEW"}:
            raise syntax(f"CREATE {kind} is not known here")
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        name = session.full(*(part.name for part in target.parts))
        self.unity.schema(*name[:2])
        self.placing.grants.check(session.principal, f"CREATE_{'TABLE'}", *name[:2])
        if tree.args.get("exists") and self.unity.find(name) is not None:
            return
        if kind == "VIEW":
            self._create_view(tree, name, session)
        else:
            self._create_table(tree, name, session)

    def drop(self, tree: exp.Drop, session: Session) -> None:
        """DROP TABLE, VIEW or SCHEMA; raises SqlError."""
        kind = str(tree.args["kind"]).upper()
        for target in tree.args.get("tables") or [tree.this]:
            parts = [part.name for part in target.parts]
            if kind == "SCHEMA":
                self._drop_schema(tree, parts, session)
                continue
            name = session.full(*parts)
            found = self.unity.find(name) if tree.args.get("exists") else self.unity.table(name)
            if found is not None:
                self.placing.grants.check(session.principal, "MANAGE", *name)
                self.tables.drop(found)

    def alter(self, tree: exp.Alter, session: Session) -> None:
        """ALTER TABLE ADD COLUMNS, ADD CONSTRAINT and SET TBLPROPERTIES; raises SqlError for others."""
        name = session.full(*(part.name for part in tree.this.parts))
        table = self.unity.table(name)
        self.placing.grants.check(session.principal, "MODIFY", *name)
        for action in tree.args["actions"]:
            self._alter(table, action)

    def comment(self, tree: exp.Comment, session: Session) -> None:
        """COMMENT ON TABLE, COLUMN or SCHEMA; raises SqlError."""
        kind, text = str(tree.args["kind"]).upper(), tree.expression.name
        parts = [part.name for part in tree.this.parts]
        if kind in {"SCHEMA", "DATABASE"}:
            self.unity.schema(*_schema_name(tree.this, session)).comment = text
        elif kind == "COLUMN":
            table = self.unity.table(session.full(*parts[:-1]))
            _named(table, parts[-1]).comment = text
        else:
            self.unity.table(session.full(*parts)).comment = text

    def _create_schema(self, tree: exp.Create, session: Session) -> None:
        catalog, name = _schema_name(tree.this, session)
        self.unity.catalog(catalog)
        self.placing.grants.check(session.principal, "CREATE_SCHEMA", catalog)
        self.unity.add_schema(catalog, name, _comment(tree), bool(tree.args.get("exists")))

    def _create_view(self, tree: exp.Create, name: Name, session: Session) -> None:
        """A view is kept as its text, in which names are looked up from its own place at every use."""
        self.placing.placed(tree.expression.copy(), session)
        text = _with_full_names(tree.expression, session).sql("databricks")
        made = self.tables.add(name, [], bool(tree.args.get("replace")))
        made.text, made.comment = text, _comment(tree)
        query = f"SELECT * FROM ({self.placing.view(made).sql('databricks')}) LIMIT 0"
        made.columns = _columns(self.placing.engine().run(query))
        if isinstance(tree.this, exp.Schema):
            for given, kept in zip(tree.this.expressions, made.columns, strict=True):
                made.text = text if given.name == kept.name else _renamed(made, tree.this)
                kept.name = given.name
        self.tables.keep(made)

    def _create_table(self, tree: exp.Create, name: Name, session: Session) -> None:
        made = self.tables.add(name, [], bool(tree.args.get("replace")))
        made.comment = _comment(tree)
        made.properties = dict(_properties(tree.args.get("properties")))
        own, folder = self.placing.engine_name(made), self.tables.folder(made)
        if tree.expression is not None:
            query = self.placing.placed(tree.expression, session).sql("databricks")
            rows = f"SELECT * FROM ({query}) LIMIT 0"
            made.columns = _columns(self.placing.engine().run(rows))
        else:
            definitions = list(tree.this.find_all(exp.ColumnDef)) if isinstance(tree.this, exp.Schema) else []
            made.columns = [column(each) for each in definitions if each.parent is tree.this]
            made.constraints = list(_constraints(tree.this))
        columns = ", ".join(_definition(each) for each in made.columns)
        if not columns:
            raise SqlError("DELTA_EMPTY_DATA", "A table needs columns here.", "428GU")
        self.placing.engine().change(f"CREATE TABLE {own} ({columns}) USING DELTA LOCATION '{folder}'")
        if tree.expression is not None:
            self.placing.engine().change(f"INSERT INTO {own} {query}")
        self.tables.keep(made)

    def _drop_schema(self, tree: exp.Drop, parts: list[str], session: Session) -> None:
        catalog, name = (session.catalog, parts[0]) if len(parts) == 1 else (parts[0], parts[1])
        schemas = self.unity.catalog(catalog).schemas
        found = schemas.get(name.lower())
        if found is None:
            if tree.args.get("exists"):
                return
            raise no_such_schema(catalog, name)
        if (found.tables or found.volumes) and not tree.args.get("cascade"):
            raise SqlError("SCHEMA_NOT_EMPTY", f"Cannot drop a schema `{name}` that has objects.", "2BP01")
        for table in list(found.tables.values()):
            self.tables.drop(table)
        del schemas[name.lower()]

    def _alter(self, table: Table, action: exp.Expr) -> None:
        if isinstance(action, exp.AddConstraint):
            table.constraints += _constraints(action)
            return
        if isinstance(action, exp.AlterSet):
            for properties in action.expressions:
                table.properties.update(_properties(properties))
            return
        added = action.expressions if isinstance(action, exp.Schema) else [action]
        if not all(isinstance(each, exp.ColumnDef) for each in added):
            raise syntax("this change of a table is not known here")
        there = {each.name.lower() for each in table.columns}
        wanted = [each for each in added if not (each.args.get("exists") and each.name.lower() in there)]
        if wanted:
            self.tables.widen(table, [column(each) for each in wanted])


def _schema_name(node: exp.Expr, session: Session) -> tuple[str, str]:
    parts = [part.name for part in node.parts if part is not None]
    return (parts[0], parts[1]) if len(parts) == 2 else (session.catalog, parts[0])


def _named(table: Table, name: str) -> Column:
    for each in table.columns:
        if each.name.lower() == name.lower():
            return each
    text = f"A column with name `{name}` cannot be resolved."
    raise SqlError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", text, "42703")


def _definition(each: Column) -> str:
    return f"`{each.name}` {each.type_text}{'' if each.nullable else ' NOT NULL'}"


def _columns(answer: object) -> list[Column]:
    schema = answer.schema  # type: ignore[attr-defined]
    return [Column(each.name, values.sql_type(each.type)[1].lower()) for each in schema]


def _comment(tree: exp.Create) -> str | None:
    properties = tree.args.get("properties")
    found = properties.find(exp.SchemaCommentProperty) if properties else None
    return found.this.name if found else None


def _properties(properties: exp.Expr | None) -> Iterator[tuple[str, str]]:
    for each in properties.expressions if properties else []:
        if type(each) is exp.Property:
            yield each.name, each.args["value"].name


def _constraints(node: exp.Expr) -> Iterator[Row]:
    """Constraints as `tables.get` shows them; those of keys are kept and not enforced, as in the original."""
    for each in node.expressions:
        if not isinstance(each, exp.Constraint):
            continue
        for rule in each.expressions:
            if isinstance(rule, exp.PrimaryKey):
                columns = [part.name for part in rule.expressions]
                yield {"primary_key_constraint": {"name": each.name, "child_columns": columns}}
            else:
                yield {"named_table_constraint": {"name": each.name, "text": rule.sql("databricks")}}


def _with_full_names(query: exp.Expr, session: Session) -> exp.Expr:
    """The query of a view, which keeps its meaning wherever it is used."""
    common = {each.alias.lower() for each in query.find_all(exp.CTE)}
    whole = query.copy()
    for node in whole.find_all(exp.Table):
        if isinstance(node.this, exp.Identifier) and not (node.name.lower() in common and not node.db):
            names = session.full(*(part.name for part in node.parts))
            alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name, quoted=True))
            for key, part in zip(("catalog", "db", "this"), names, strict=True):
                node.set(key, exp.to_identifier(part, quoted=True))
            node.set("alias", alias)
    return whole


def _renamed(made: Table, given: exp.Schema) -> str:
    names = ", ".join(f"`{each.name}`" for each in given.expressions)
    return f"SELECT * FROM ({made.text}) AS named({names})"
