"""What the clauses of a MERGE say, split into what the engine computes and what delta-rs compares.

Whatever names no column of the target is computed by the engine for each row of the source, or once where a
clause sees no source: the words of SQL keep the meaning that they have everywhere else. What is left picks
and compares values of one family of types, which both understand alike; anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from mlconnector.standins.databricks.sql_errors import SqlError, syntax
from mlconnector.standins.databricks.unity import Column

TARGET, SOURCE, CONSTANT = "target", "source", "constant"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_TRUTHS = (exp.And, exp.Or, exp.Not)
_PICKS = (exp.Coalesce, exp.Case, exp.If, exp.Paren)
_KNOWN = (*_COMPARISONS, *_TRUTHS, *_PICKS, exp.Is, exp.In, exp.Between)
_NOT_OF_ONE_ROW = (exp.Query, exp.AggFunc, exp.Window, exp.UDTF)
_NUMBERS = {"tinyint", "smallint", "int", "bigint", "float", "double", "decimal"}
_TIMES = {"date", "timestamp", "timestamp_ntz"}
_SAID = "said"
_SIMPLE = {"number", "string", "boolean"} | _TIMES


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression for the engine; `kind` is the type of the column that it is stored in, if it is."""

    node: exp.Expr
    kind: str | None


@dataclass
class Terms:
    """Reads expressions of a MERGE; collects what is to be computed by the name it gets.

    `target` and `source` are the names that the statement has for them. The columns of the source are asked
    for where it leaves open whose a column is.
    """

    target: str
    source: str
    columns: Sequence[Column]
    ask: Callable[[], Sequence[str]]
    computed: dict[str, Computed] = field(default_factory=dict)

    @cached_property
    def source_names(self) -> Sequence[str]:
        """The names of the columns of the source."""
        return self.ask()

    def column(self, node: exp.Expr) -> Column:
        """The column of the target that is assigned; raises SqlError."""
        if not isinstance(node, exp.Column) or self._side(node, {TARGET}) != TARGET:
            raise unknown_part(node)
        return next(each for each in self.columns if each.name.lower() == node.name.lower())

    def of_source(self, column: Column) -> exp.Expr:
        """The column of the source with the name of one of the target, as `*` means it; raises SqlError."""
        name = next((each for each in self.source_names if each.lower() == column.name.lower()), None)
        if name is None:
            raise _unresolved(column.name)
        return exp.column(name, table=self.source or None, quoted=True)

    def read(self, node: exp.Expr, sees: set[str], kind: str | None = None) -> exp.Expr:
        """An expression of columns of the target and of computed values; raises SqlError.

        `sees` are the sides that the clause knows. A value that is computed whole is of the type `kind`.
        """
        if any(isinstance(each, _NOT_OF_ONE_ROW) for each in node.walk()):
            raise unknown_part(node)
        return self._read(node, sees, kind)

    def _read(self, node: exp.Expr, sees: set[str], kind: str | None = None) -> exp.Expr:
        if TARGET not in {self._side(each, sees) for each in node.find_all(exp.Column)}:
            return node if isinstance(node, exp.Null) else self._compute(node, sees, kind)
        if isinstance(node, exp.Column):
            return _standing_for(node, self.column(node).name, TARGET)
        if not isinstance(node, _KNOWN):
            raise unknown_part(node)
        found = node.copy()
        parts = [found.this] if isinstance(found, exp.Is) else list(found.iter_expressions())
        for part in parts:
            part.replace(self._read_part(part, sees))
        return found

    def _read_part(self, part: exp.Expr, sees: set[str]) -> exp.Expr:
        if not isinstance(part, exp.If):
            return self._read(part, sees)
        branch = part.copy()
        for each in list(branch.iter_expressions()):
            each.replace(self._read(each, sees))
        return branch

    def _compute(self, node: exp.Expr, sees: set[str], kind: str | None) -> exp.Expr:
        side = SOURCE if SOURCE in sees else CONSTANT
        name = f"{side[0]}{len(self.computed)}"
        self.computed[name] = Computed(node.copy(), kind)
        return _standing_for(node, name, side)

    def _side(self, node: exp.Column, sees: set[str]) -> str:
        """The side that a column is of; raises SqlError where it is of none, or may be of both."""
        name, table = node.name.lower(), node.table.lower()
        names = {TARGET: self.target.lower(), SOURCE: self.source.lower()}
        sides = [side for side in sorted(sees) if table in {"", names[side]}]
        # What is said to be of the source is looked for by the engine.
        found = [side for side in sides if (table and side == SOURCE) or self._has(side, name)]
        if len(found) == 2:
            raise SqlError("AMBIGUOUS_REFERENCE", f"Reference `{node.name}` is ambiguous.", "42704")
        if not found:
            raise _unresolved(node.sql("databricks"))
        return found[0]

    def _has(self, side: str, name: str) -> bool:
        names = [each.name for each in self.columns] if side == TARGET else self.source_names
        return any(each.lower() == name for each in names)


def unknown_part(node: exp.Expr) -> SqlError:
    """A part of a MERGE that would be carried out otherwise than the original does, or not at all."""
    said = node.transform(lambda each: exp.Var(this=each.meta[_SAID]) if _SAID in each.meta else each)
    return syntax(f"this part of a MERGE is not known here: {said.sql('databricks')}")


def family(kind: str) -> str:
    """The family of a type in SQL, in lower case: types of one compare and assign alike everywhere."""
    found = re.match(r"[a-z_]+", kind)
    base = found[0] if found else kind
    if base in _NUMBERS:
        return "number"
    return "string" if base in {"varchar", "char"} else base


def check_storable(have: str, want: str, name: str) -> None:
    """Raise SqlError where a type is not stored in a column of another, which the original casts."""
    one, other = family(have), family(want)
    texts = "string" in {one, other} and {one, other} <= _SIMPLE
    if one in {other, "void"} or texts or {one, other} <= _TIMES:
        return
    text = f'Cannot write incompatible data for `{name}`: cannot safely cast "{have}" to "{want}".'
    raise SqlError("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", text, "KD000")


def family_of(node: exp.Expr, kinds: Mapping[str, str]) -> str:
    """The family of types of what was read, `kinds` by names of columns; raises SqlError for a mixture."""
    if isinstance(node, exp.Column):
        return family(kinds[f"{node.table}.{node.name}"])
    if isinstance(node, exp.Null):
        return "void"
    if isinstance(node, exp.Is):
        family_of(node.this, kinds)
        return "boolean"
    if isinstance(node, exp.If | exp.Case):
        return _family_of_branches(node, kinds)
    parts = [family_of(each, kinds) for each in node.iter_expressions()]
    if isinstance(node, _TRUTHS) and set(parts) - {"boolean", "void"}:
        raise unknown_part(node)
    one = _one_of(parts, node)
    return one if isinstance(node, _PICKS) else "boolean"


def _family_of_branches(node: exp.If | exp.Case, kinds: Mapping[str, str]) -> str:
    """CASE, whose conditions are compared with its subject where it has one, and are truths elsewhere."""
    ifs = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    subject = family_of(node.this, kinds) if isinstance(node, exp.Case) and node.this else "boolean"
    for each in ifs:
        _one_of([subject, family_of(each.this, kinds)], each)
    default = node.args.get("default") if isinstance(node, exp.Case) else node.args.get("false")
    results = [each.args["true"] for each in ifs] + ([default] if default else [])
    return _one_of([family_of(each, kinds) for each in results], node)


def _one_of(families: Sequence[str], node: exp.Expr) -> str:
    found = set(families) - {"void"}
    if len(found) > 1:
        raise unknown_part(node)
    return found.pop() if found else "void"


def _standing_for(node: exp.Expr, name: str, side: str) -> exp.Expr:
    """A column of a side, which knows what the statement says in its place."""
    made = exp.column(name, table=side, quoted=True)
    made.meta[_SAID] = node.sql("databricks")
    return made


def _unresolved(name: str) -> SqlError:
    text = f"A column with name {name} cannot be resolved."
    return SqlError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", text, "42703")
