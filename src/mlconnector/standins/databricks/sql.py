"""Runs statements: parsed, bound, checked, put into the words of the engine, and carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from mlconnector.standins.databricks import results
from mlconnector.standins.databricks.commands import Commands
from mlconnector.standins.databricks.definitions import Definitions
from mlconnector.standins.databricks.merging import merge
from mlconnector.standins.databricks.parameters import Parameter, bind
from mlconnector.standins.databricks.placing import Placing, Session, parsed
from mlconnector.standins.databricks.results import Result
from mlconnector.standins.databricks.sql_errors import SqlError, syntax
from mlconnector.standins.databricks.tables import Tables
from mlconnector.standins.databricks.unity import Column, Table

_WRITES = (exp.Insert, exp.Merge, exp.Update, exp.Delete)
_DEFINES = (exp.Create, exp.Drop, exp.Alter, exp.Comment)


@dataclass
class Sql:
    """The SQL of a workspace; `failing` holds errors for the next writes, such as conflicts of writers."""

    placing: Placing
    tables: Tables
    definitions: Definitions
    commands: Commands
    changed: Callable[[], None]
    failing: list[SqlError] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def run_all(self, text: str, values: Mapping[str, Parameter], session: Session) -> Result:
        """Carry out the statements of a file one after the other; what the last one gives."""
        last = Result()
        for tree in parsed(text):
            last = self._run(tree, values, session)
        return last

    def run(self, text: str, values: Mapping[str, Parameter], session: Session) -> Result:
        """Carry out a single statement; raises SqlError."""
        self.texts.append(text)
        trees = parsed(text)
        if len(trees) != 1:
            raise syntax("extra input after the end of the statement" if trees else "end of input")
        return self._run(trees[0], values, session)

    def _run(self, tree: exp.Expr, values: Mapping[str, Parameter], session: Session) -> Result:
        bound = bind(tree, values)
        if isinstance(bound, exp.Use):
            self._use(bound, session)
            return Result()
        if isinstance(bound, exp.Query):
            placed = self.placing.placed(bound, session)
            return results.of_arrow(self.placing.engine().run(placed.sql("databricks")))
        with self.placing.engine().writing:
            if isinstance(bound, _WRITES):
                return self._write(bound, session)
            result = self._define(bound, session)
        self.changed()
        return result

    def _define(self, tree: exp.Expr, session: Session) -> Result:
        if isinstance(tree, exp.Create):
            self.definitions.create(tree, session)
        elif isinstance(tree, exp.Drop):
            self.definitions.drop(tree, session)
        elif isinstance(tree, exp.Alter):
            self.definitions.alter(tree, session)
        elif isinstance(tree, exp.Comment):
            self.definitions.comment(tree, session)
        elif isinstance(tree, exp.Describe):
            return self._describe(tree, session)
        else:
            return self.commands.run(tree.sql("databricks"), session)
        return Result()

    def _write(self, tree: exp.Expr, session: Session) -> Result:
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        table = self.placing.unity.table(session.full(*(part.name for part in target.parts)))
        placed = self.placing.placed(tree, session)
        before = self.tables.version(table)
        if self.failing:
            raise self.failing.pop(0)
        self._carry_out(placed, table)
        counts = self.tables.metrics(table, before)
        shown = {"num_affected_rows": sum(counts.values())}
        if isinstance(tree, exp.Merge):
            shown |= counts
        elif isinstance(tree, exp.Insert):
            shown["num_inserted_rows"] = counts["num_inserted_rows"]
        return results.of_counts(shown)

    def _carry_out(self, placed: exp.Expr, table: Table) -> None:
        if isinstance(placed, exp.Merge):
            merge(placed, table.columns, self.tables.folder(table), self.placing.engine)
            return
        if isinstance(placed, exp.Insert):
            _fill_columns(placed, table)
        self.placing.engine().change(placed.sql("databricks"))

    def _use(self, tree: exp.Use, session: Session) -> None:
        names = [part.name for part in tree.this.parts]
        if tree.args.get("kind") is not None and tree.args["kind"].name.upper() == "CATALOG":
            session.catalog, session.schema = self.placing.unity.catalog(names[0]).name, "default"
            return
        catalog, schema = names if len(names) == 2 else (session.catalog, names[0])
        self.placing.unity.schema(catalog, schema)
        session.catalog, session.schema = catalog, schema

    def _describe(self, tree: exp.Describe, session: Session) -> Result:
        name = session.full(*(part.name for part in tree.this.parts))
        table = self.placing.unity.table(name)
        self.placing.grants.check(session.principal, "SELECT", *name)
        if str(tree.args.get("style") or "").upper() == "HISTORY":
            commits = self.tables.delta(table).history()
            rows = [[str(each.get("version")), str(each.get("operation"))] for each in commits]
            return results.of_strings(["version", "operation"], rows)
        rows_ = [[each.name, each.type_text, each.comment] for each in table.columns]
        return results.of_strings(["col_name", "data_type", "comment"], rows_)


def _fill_columns(insert: exp.Insert, table: Table) -> None:
    """Name every column, with NULL for those that the statement leaves out: the engine wants them all."""
    if not isinstance(insert.this, exp.Schema):
        return
    given = [each.name.lower() for each in insert.this.expressions]
    if len(given) == len(table.columns):
        return
    names = [exp.to_identifier(each, quoted=True) for each in given]
    alias = exp.TableAlias(this=exp.to_identifier("given"), columns=names)
    source = insert.expression
    if isinstance(source, exp.Values):
        source.set("alias", alias)
    else:
        source = exp.Subquery(this=source, alias=alias)
    filled = [_cell(each, given) for each in table.columns]
    insert.set("expression", exp.select(*filled).from_(source))
    insert.set("this", insert.this.this)


def _cell(column: Column, given: Sequence[str]) -> exp.Expr:
    name = column.name.lower()
    value = exp.column(name, quoted=True) if name in given else exp.cast(exp.Null(), column.type_text)
    return exp.alias_(value, column.name, quoted=True)
