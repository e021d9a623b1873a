"""MERGE INTO carried out by delta-rs: the engine takes twice the time for every column that a table has more.

The engine computes the rows of the source; delta-rs merges them in a copy of the table, put in place then.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from deltalake import DeltaTable
from sqlglot import exp

from mlconnector.standins.databricks import values
from mlconnector.standins.databricks.engine import Engine
from mlconnector.standins.databricks.merge_clauses import Clause, check_parts, clauses
from mlconnector.standins.databricks.merge_terms import (
    CONSTANT,
    SOURCE,
    TARGET,
    Computed,
    Terms,
    check_storable,
    family,
    family_of,
    unknown_part,
)
from mlconnector.standins.databricks.outages import concurrent_append
from mlconnector.standins.databricks.sql_errors import translated
from mlconnector.standins.databricks.unity import Column

_ARROW_TYPES = "ARROW:schema"


def merge(tree: exp.Merge, columns: Sequence[Column], folder: Path, engine: Callable[[], Engine]) -> None:
    """Carry a MERGE out on the table in a folder; its names are those of the engine. Raises SqlError."""
    check_parts(tree)
    run, using = engine().run, tree.args["using"]
    if not isinstance(using, exp.Table | exp.Subquery):
        raise unknown_part(using)
    source = using.sql("databricks")
    names = partial(_names, run, source)
    terms = Terms(tree.this.alias_or_name, using.alias_or_name, columns, names)
    on = terms.read(tree.args["on"], {TARGET, SOURCE})
    found = clauses(tree, terms)
    rows = _computed(run, _of_side(terms, SOURCE), source)
    wanted = _of_side(terms, CONSTANT)
    constants: Any = _computed(run, wanted, "") if wanted else None
    kinds = {f"{TARGET}.{each.name}": each.type_text for each in columns}
    kinds |= {f"{SOURCE}.{each.name}": _kind(each) for each in rows.schema}
    kinds |= {f"{CONSTANT}.{each.name}": _kind(each) for each in (constants.schema if wanted else ())}
    said = _Said(kinds, constants)
    condition, steps = said.condition(on), [said.step(each) for each in found]
    with _aside(folder) as copy:
        _carry_out(copy, rows, condition, steps)


class _Step(NamedTuple):
    """A clause as delta-rs takes it: the name of its call, and what that is given."""

    name: str
    given: tuple[dict[str, str], str | None] | tuple[str | None]


def _names(run: Callable[[str], Any], source: str) -> Sequence[str]:
    return list(run(f"SELECT * FROM {source} LIMIT 0").schema.names)


@dataclass(frozen=True, slots=True)
class _Said:
    """Puts what was read into the words of delta-rs; `kinds` are the types of its columns."""

    kinds: Mapping[str, str]
    constants: Any

    def condition(self, node: exp.Expr) -> str:
        """A condition; raises SqlError where it is none."""
        if family_of(node, self.kinds) not in {"boolean", "void"}:
            raise unknown_part(node)
        return self._text(node)

    def step(self, clause: Clause) -> _Step:
        """A clause; raises SqlError."""
        name = f"when_{clause.kind}_{clause.action}"
        condition = self.condition(clause.condition) if clause.condition else None
        if clause.action == "delete":
            return _Step(name, (condition,))
        values = {_quoted(column): self._value(column, node) for column, node in clause.values}
        return _Step(name, (values, condition))

    def _value(self, column: Column, node: exp.Expr) -> str:
        if family_of(node, self.kinds) not in {family(column.type_text), "void"}:
            raise unknown_part(node)
        return self._text(node)

    def _text(self, node: exp.Expr) -> str:
        text: str = node.transform(self._constant).sql("postgres")
        return text

    def _constant(self, node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.table != CONSTANT:
            return node
        column = self.constants.column(node.name)
        value = column.to_pylist()[0]
        if value is None:
            return exp.Null()
        text = value.isoformat() if hasattr(value, "isoformat") else values.shown(value)
        return exp.func("arrow_cast", exp.Literal.string(text), exp.Literal.string(_arrow_type(column.type)))


def _of_side(terms: Terms, side: str) -> dict[str, Computed]:
    return {name: each for name, each in terms.computed.items() if name.startswith(side[0])}


def _computed(run: Callable[[str], Any], wanted: Mapping[str, Computed], source: str) -> Any:
    """What the engine computes; what is stored is cast once more where its type is not that of its column."""
    plain = run(_query({name: each.node for name, each in wanted.items()}, source))
    cast = {name: each.node for name, each in wanted.items()}
    for field in plain.schema:
        kind = wanted[field.name].kind if field.name in wanted else None
        if kind is None or kind == _kind(field):
            continue
        check_storable(_kind(field), kind, wanted[field.name].node.sql("databricks"))
        cast[field.name] = exp.cast(cast[field.name], kind, dialect="databricks")
    is_cast = any(cast[name] is not each.node for name, each in wanted.items())
    return run(_query(cast, source)) if is_cast else plain


def _query(nodes: Mapping[str, exp.Expr], source: str) -> str:
    said = [f"{node.sql('databricks')} AS {name}" for name, node in nodes.items()]
    return f"SELECT {', '.join(said) or '1 AS nothing'}" + (f" FROM {source}" if source else "")


def _kind(field: Any) -> str:
    return values.sql_type(field.type)[1].lower()


def _arrow_type(kind: Any) -> str:
    """A type of Arrow as delta-rs writes it."""
    name, text = values.sql_type(kind)
    if name == "DECIMAL":
        return f"Decimal128({kind.precision}, {kind.scale})"
    known = {
        "TIMESTAMP": 'Timestamp(Microsecond, Some("UTC"))',
        "TIMESTAMP_NTZ": "Timestamp(Microsecond, None)",
    }
    known |= {
        "DATE": "Date32",
        "BOOLEAN": "Boolean",
        "STRING": "Utf8",
        "DOUBLE": "Float64",
        "FLOAT": "Float32",
    }
    known |= {"TINYINT": "Int8", "SMALLINT": "Int16", "INT": "Int32", "BIGINT": "Int64"}
    if text not in known:
        raise unknown_part(exp.Literal.string(text))
    return known[text]


def _carry_out(folder: Path, rows: Any, on: str, steps: Sequence[_Step]) -> None:
    """Let delta-rs merge, which takes no two rows of the source for one of the target. Raises SqlError."""
    try:
        merger = DeltaTable(str(folder)).merge(rows, on, source_alias=SOURCE, target_alias=TARGET)
        for each in steps:
            getattr(merger, each.name)(*each.given)
        merger.execute()
    except Exception as raised:
        raise translated(raised) from raised


def _quoted(column: Column) -> str:
    text: str = exp.to_identifier(column.name, quoted=True).sql("postgres")
    return text


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A copy of a Delta table, made of links, whose new version becomes one of the table at the end.

    Until then nobody reads it. Raises SqlError where another has written this version in the meantime.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        copy = Path(made)
        (copy / "_delta_log").mkdir()
        there = [
            *folder.glob("*.parquet"),
            *folder.glob("_delta_log/*.json"),
            *folder.glob("_delta_log/*.parquet"),
        ]
        for each in there:
            os.link(each, copy / each.relative_to(folder))
        yield copy
        known = {each.relative_to(folder) for each in there}
        for each in copy.glob("*.parquet"):
            if each.relative_to(copy) not in known:
                _forget_arrow_types(each)
                each.rename(folder / each.name)
        for each in copy.glob("_delta_log/*.json"):
            if each.relative_to(copy) not in known:
                _publish(each, folder / "_delta_log" / each.name)


def _publish(version: Path, place: Path) -> None:
    try:
        os.link(version, place)
    except FileExistsError:
        raise concurrent_append() from None


def _forget_arrow_types(file: Path) -> None:
    """Hide from readers that the strings of a Parquet file were views, which the engine does not read.

    The note of the types of Arrow gets another name of the same length; the types of Parquet itself remain.
    """
    content = file.read_bytes()
    head, note, tail = content.rpartition(_ARROW_TYPES.encode())
    file.write_bytes(head + note.lower() + tail)
