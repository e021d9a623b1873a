"""The settings of a connection as fields of a form; what there is to set follows from the models.

A field knows its place in the connection's text, e.g. `("source", "documents", "missing")`, and what may be
put there. Tables of rows are no fields: they stay in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.flow.context.settings import Schedule
from mlconnector.mapping.books import Books
from mlconnector.mapping.rules import Mapping as MappingTables
from mlconnector.mapping.tables import MasterData
from mlconnector.systems.registry import sink_systems, source_system
from mlconnector.toml_lines import Path

Kind = Literal[
    "text",
    "number",
    "date",
    "choice",
    "yes_no",
    "lines",
    "choices",
    "ranking",
    "pairs",
    "records",
    "switch",
    "rows",
]
"""How a setting is filled in.

`lines` is a list with one entry a line, `choices` are any of several, `ranking` are several in an order.
`pairs` are lines with a name and a value, `records` lines with a name and several values. `switch` is a table
that is there or not, and `rows` is what has no field.
"""

SOURCE = "source"
_TABLES: Mapping[str, type[BaseModel]] = {
    "books": Books,
    "mapping": MappingTables,
    "documents": DocumentRules,
    "master_data": MasterData,
    "schedule": Schedule,
}
_SCALARS = (str, bool, int, Decimal, float, date)


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting by its place; `of` is the type of its value, or of each of its values.

    `columns` are the values that each of several records has, with their types.
    `is_needed` says that nothing stands in for it. `default` holds where it is not given.
    """

    place: Path
    kind: Kind
    of: type = str
    choices: tuple[str | int, ...] = ()
    default: Any = None
    is_needed: bool = False
    columns: tuple[tuple[str, type], ...] = ()

    @property
    def name(self) -> str:
        """The place as complaints write it."""
        return ".".join(self.place)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a connection with this source and sink.

    `optional` are tables that are gone once their last setting is; those with a switch of their own stay.
    """

    source: str
    sink: str
    fields: tuple[SettingField, ...]
    optional: frozenset[Path]
    switches: frozenset[Path]


def schema_of(tables: Mapping[str, Any]) -> Schema | None:
    """The fields for the tables of a text; None where these do not say which source and sink it has."""
    source = tables.get(SOURCE)
    name = source.get("system") if isinstance(source, dict) else None
    sinks = [one for one in sink_systems() if isinstance(tables.get(one), dict)]
    if not isinstance(name, str) or source_system(name) is None or len(sinks) != 1:
        return None
    return schema(name, sinks[0])


@cache
def schema(source: str, sink: str) -> Schema:
    """The fields of a connection of this source to this sink. Raises KeyError for a name of no system."""
    known = source_system(source)
    if known is None:
        raise KeyError(source)
    models = {SOURCE: known.settings_model, sink: sink_systems()[sink].settings_model, **_TABLES}
    optional: set[Path] = set()
    fields = [one for table, model in models.items() for one in _walk(model, (table,), optional)]
    fields.append(SettingField(("channels",), "rows"))
    switches = frozenset(one.place for one in fields if one.kind == "switch")
    return Schema(source, sink, tuple(fields), frozenset(optional) - switches, switches)


def _walk(
    model: type[BaseModel], place: Path, optional: set[Path], *, may_lack: bool = False
) -> Iterator[SettingField]:
    for name, field in model.model_fields.items():
        at = (*place, field.alias or name)
        annotation, is_optional = _plain(field.annotation)
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            yield from _fields(at, annotation, field, is_needed=field.is_required() and not may_lack)
            continue
        if is_optional:
            optional.add(at)
            if _stands_empty(annotation):
                yield SettingField(at, "switch", bool, default=False)
        yield from _walk(annotation, at, optional, may_lack=may_lack or is_optional)


def _fields(at: Path, annotation: Any, field: FieldInfo, *, is_needed: bool) -> Iterator[SettingField]:
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is dict:
        names, inner = _choices(_plain(args[0])[0]), _plain(args[1])[0]
        if inner not in _SCALARS:
            columns = _columns(inner)
            yield SettingField(at, "records" if columns else "rows", columns=columns)
        elif names:
            for name in names:
                yield SettingField((*at, str(name)), "text", inner)
        else:
            yield SettingField(at, "pairs", inner, default=default)
        return
    if origin in {tuple, frozenset, list, set}:
        inner = _plain(args[0])[0]
        choices = _choices(inner)
        kind: Kind = ("ranking" if origin is tuple else "choices") if choices else "lines"
        if not choices and inner not in _SCALARS:
            kind = "rows"
        of = type(choices[0]) if choices else inner
        yield SettingField(at, kind, of if kind != "rows" else str, choices, default, is_needed)
        return
    choices = _choices(annotation)
    if choices:
        yield SettingField(at, "choice", type(choices[0]), choices, default, is_needed)
    else:
        yield SettingField(at, _kind(annotation), annotation, (), default, is_needed)


def _columns(model: Any) -> tuple[tuple[str, type], ...]:
    """The values of a table that has nothing but texts and numbers; none for any other."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return ()
    found = tuple((name, _plain(field.annotation)[0]) for name, field in model.model_fields.items())
    return found if all(of in {str, int, Decimal} for _, of in found) else ()


def _kind(annotation: Any) -> Kind:
    if annotation is bool:
        return "yes_no"
    if annotation is date:
        return "date"
    return "number" if annotation in {int, float, Decimal} else "text" if annotation is str else "rows"


def _plain(annotation: Any) -> tuple[Any, bool]:
    """A type without what checks it, and whether None will do as well."""
    may_be_none = False
    while True:
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = args[0]
            continue
        others = [one for one in args if one is not type(None)]
        if origin not in {Union, UnionType} or len(others) == len(args):
            return annotation, may_be_none
        may_be_none = True
        annotation = others[0] if len(others) == 1 else Union[tuple(others)]  # noqa: UP007 - made of parts


def _choices(annotation: Any) -> tuple[str | int, ...]:
    """The values of a choice; none for a type that is no choice."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return ()


def _stands_empty(model: type[BaseModel]) -> bool:
    """Whether a table says something although nothing is in it."""
    try:
        model.model_validate({})
    except ValidationError:
        return False
    return True
