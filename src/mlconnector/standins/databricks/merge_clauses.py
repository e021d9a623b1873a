"""The clauses of a MERGE as delta-rs takes them: in their order, each with its condition and assignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from mlconnector.standins.databricks.merge_terms import SOURCE, TARGET, Terms, unknown_part
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.unity import Column

Kind = Literal["matched", "not_matched", "not_matched_by_source"]
Action = Literal["update", "delete", "insert"]
_SEES: Mapping[Kind, set[str]] = {
    "matched": {TARGET, SOURCE},
    "not_matched": {SOURCE},
    "not_matched_by_source": {TARGET},
}
_ACTIONS: Mapping[Kind, set[Action]] = {
    "matched": {"update", "delete"},
    "not_matched": {"insert"},
    "not_matched_by_source": {"update", "delete"},
}
_OMITS = {
    "matched": "NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION",
    "not_matched": "NON_LAST_NOT_MATCHED_BY_TARGET_CLAUSE_OMIT_CONDITION",
    "not_matched_by_source": "NON_LAST_NOT_MATCHED_BY_SOURCE_CLAUSE_OMIT_CONDITION",
}
_PARTS = {"this", "using", "on", "using_cond", "whens"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A WHEN: its condition, and what each column is set to, as `Terms` read them."""

    kind: Kind
    action: Action
    condition: exp.Expr | None = None
    values: Sequence[tuple[Column, exp.Expr]] = ()


def check_parts(tree: exp.Merge) -> None:
    """Raise SqlError where a MERGE has more than its target, its source, ON and clauses, such as WITH."""
    for name, part in tree.args.items():
        if part and name not in _PARTS:
            raise unknown_part(part if isinstance(part, exp.Expr) else tree)


def clauses(tree: exp.Merge, terms: Terms) -> list[Clause]:
    """The clauses of a MERGE; raises SqlError for what is wrong or not understood."""
    found = [_clause(each, terms) for each in tree.args["whens"].expressions]
    for place, each in enumerate(found):
        if each.condition is None and any(later.kind == each.kind for later in found[place + 1 :]):
            text = "Only the last clause of its kind can omit the condition."
            raise SqlError(_OMITS[each.kind], text, "42613")
    return found


def _clause(when: exp.Expr, terms: Terms) -> Clause:
    kind: Kind = "not_matched_by_source" if when.args.get("source") else "not_matched"
    if when.args.get("matched"):
        kind = "matched"
    then, condition = when.args["then"], when.args.get("condition")
    action = _action(then)
    if action is None or action not in _ACTIONS[kind]:
        raise unknown_part(when)
    read = terms.read(condition, _SEES[kind]) if condition else None
    if action == "delete":
        return Clause(kind, action, read)
    values: list[tuple[Column, exp.Expr]] = []
    for column, value in _assignments(then, terms, kind):
        if any(column is each for each, _ in values):
            raise _twice(column, action)
        values.append((column, terms.read(value, _SEES[kind], column.type_text)))
    return Clause(kind, action, read, values)


def _action(then: exp.Expr) -> Action | None:
    if isinstance(then, exp.Update):
        return "update"
    if isinstance(then, exp.Insert):
        return "insert"
    return "delete" if isinstance(then, exp.Var) and then.name.upper() == "DELETE" else None


def _assignments(then: exp.Expr, terms: Terms, kind: Kind) -> Iterator[tuple[Column, exp.Expr]]:
    """Columns with the values that they are given."""
    if any(part for name, part in then.args.items() if name not in {"this", "expression", "expressions"}):
        raise unknown_part(then)
    given = [then.this] if isinstance(then, exp.Insert) else then.expressions
    if any(isinstance(each, exp.Star) for each in given):
        if kind == "not_matched_by_source":
            raise unknown_part(then)
        yield from ((each, terms.of_source(each)) for each in terms.columns)
    elif isinstance(then, exp.Insert):
        names, values = _listed(then.this), _listed(then.expression)
        if len(names) != len(values):
            text = f"{len(names)} columns of an INSERT are given {len(values)} values."
            raise SqlError("INSERT_COLUMN_ARITY_MISMATCH", text, "21S01")
        yield from ((terms.column(name), value) for name, value in zip(names, values, strict=True))
    else:
        for each in given:
            if not isinstance(each, exp.EQ):
                raise unknown_part(each)
            yield terms.column(each.this), each.expression


def _listed(node: exp.Expr | None) -> Sequence[exp.Expr]:
    if isinstance(node, exp.Tuple):
        return list(node.expressions)
    return [node.unnest()] if node is not None else []


def _twice(column: Column, action: Action) -> SqlError:
    if action == "insert":
        text = f"Duplicate column names in INSERT clause: `{column.name}`."
        return SqlError("DELTA_DUPLICATE_COLUMNS_ON_INSERT", text, "42701")
    return SqlError(
        "DELTA_CONFLICT_SET_COLUMN", f"There is a conflict from these SET columns: `{column.name}`.", "42701"
    )
