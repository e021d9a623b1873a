"""The `$filter` of a query: comparisons, `and`, `or`, `not`, text functions, and the function `In`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mlconnector.standins.dynamics.answers import bad_query

Get = Callable[[str], Any]
"""Gives the value of a path, e.g. `statecode` or `customerid_account/name`, of the row that is looked at."""
Kind = Callable[[str], str]
"""Gives the column type of a path; raises Refusal for an unknown one."""

_TOKEN = re.compile(
    r"\s*(?:(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<mark>[(),\[\]=])"
    r"|(?P<word>[A-Za-z_][\w.]*(?:/[A-Za-z_]\w*)*))"
)
_TEXT_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}
_OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_IN = "Microsoft.Dynamics.CRM.In"
_TYPES = {
    "guid": frozenset({"guid"}),
    "text": frozenset({"text", "memo", "entityname", "body", "any"}),
    "number": frozenset({"money", "decimal", "integer", "bigint", "picklist", "state", "status", "any"}),
    "time": frozenset({"datetime", "date", "localdate", "fixeddate", "fixedtime"}),
    "boolean": frozenset({"boolean", "any"}),
}
_EDM = {"guid": "Edm.Guid", "text": "Edm.String", "number": "Edm.Int32", "time": "Edm.DateTimeOffset"}


@dataclass(frozen=True)
class Filter:
    """A condition; `only` is the path and the values when it is nothing but `path eq a or path eq b …`."""

    holds: Callable[[Get], bool]
    only: tuple[str, frozenset[Any]] | None = None


def parse_filter(text: str, kind: Kind) -> Filter:
    """The condition behind a `$filter`; raises Refusal when it cannot be understood."""
    parser = _Parser(_tokens(text), kind)
    made = parser.disjunction()
    if parser.peek()[0] != "end":
        raise bad_query(f"Syntax error at position {parser.place} in '{text}'.")
    return made


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise bad_query(f"Syntax error at position {place} in '{text}'.")
        found.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], kind: Kind) -> None:
        self.tokens = tokens
        self.kind = kind
        self.place = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.place += 1
        return token

    def takes(self, value: str) -> bool:
        if self.peek()[1] != value:
            return False
        self.place += 1
        return True

    def expect(self, value: str) -> None:
        if not self.takes(value):
            raise bad_query(f"'{value}' expected at position {self.place}.")

    def disjunction(self) -> Filter:
        made = self.conjunction()
        while self.takes("or"):
            made = _either(made, self.conjunction())
        return made

    def conjunction(self) -> Filter:
        made = self.negation()
        while self.takes("and"):
            made = _both(made, self.negation())
        return made

    def negation(self) -> Filter:
        if self.takes("not"):
            inner = self.negation()
            return Filter(lambda get: not inner.holds(get))
        if self.takes("("):
            made = self.disjunction()
            self.expect(")")
            return made
        return self.comparison()

    def comparison(self) -> Filter:
        group, word = self.take()
        if group != "word":
            raise bad_query(f"Property name expected at position {self.place}.")
        if word in _TEXT_FUNCTIONS:
            return self.text_function(word)
        if word == _IN:
            return self.in_function()
        kind, operator = self.kind(word), self.take()[1]
        if operator not in _OPERATORS:
            raise bad_query(f"The operator '{operator}' is not supported at position {self.place}.")
        value = self.value(word, kind)
        if operator in ("eq", "ne"):
            equal = _equal(word, value)
            if operator == "ne":
                return Filter(lambda get: not equal(get))
            return Filter(equal, (word, frozenset({value})))
        if value is None:
            raise bad_query(f"The operator '{operator}' cannot be used with null.")
        return Filter(_ordered(word, operator, value))

    def text_function(self, name: str) -> Filter:
        self.expect("(")
        path = self.take()[1]
        if self.kind(path) not in _TYPES["text"]:
            raise bad_query(f"The function '{name}' cannot be applied to {path}.")
        self.expect(",")
        part = _unquoted(self.take()[1]).casefold()
        self.expect(")")
        function = _TEXT_FUNCTIONS[name]
        return Filter(lambda get: function(str(get(path) or "").casefold(), part))

    def in_function(self) -> Filter:
        self.expect("(")
        self.expect("PropertyName")
        self.expect("=")
        path = _unquoted(self.take()[1])
        kind = self.kind(path)
        for mark in (",", "PropertyValues", "=", "["):
            self.expect(mark)
        values = [_converted(kind, _unquoted(self.take()[1]))]
        while self.takes(","):
            values.append(_converted(kind, _unquoted(self.take()[1])))
        self.expect("]")
        self.expect(")")
        chosen = frozenset(values)
        return Filter(lambda get: _folded(get(path)) in chosen, (path, chosen))

    def value(self, path: str, kind: str) -> Any:
        group, text = self.take()
        if text == "null":
            return None
        if text in ("true", "false"):
            group = "boolean"
        if group not in _TYPES or kind not in _TYPES[group]:
            raise bad_query(
                "A binary operator with incompatible types was detected. Found operand types "
                f"'{kind}' (of {path}) and '{_EDM.get(group, group)}'."
            )
        return _converted(kind if kind != "any" else group, _unquoted(text))


def _either(one: Filter, other: Filter) -> Filter:
    if one.only is not None and other.only is not None and one.only[0] == other.only[0]:
        path, values = one.only[0], one.only[1] | other.only[1]
        return Filter(lambda get: _folded(get(path)) in values, (path, values))
    return Filter(lambda get: one.holds(get) or other.holds(get))


def _both(one: Filter, other: Filter) -> Filter:
    # What narrows one side narrows both; which one is not important.
    return Filter(lambda get: one.holds(get) and other.holds(get), one.only or other.only)


def _equal(path: str, value: Any) -> Callable[[Get], bool]:
    return lambda get: _folded(get(path)) == value


def _ordered(path: str, operator: str, value: Any) -> Callable[[Get], bool]:
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "gt": lambda left, right: left > right,
        "ge": lambda left, right: left >= right,
        "lt": lambda left, right: left < right,
        "le": lambda left, right: left <= right,
    }

    def holds(get: Get) -> bool:
        present = _folded(get(path))
        return present is not None and compare[operator](present, value)

    return holds


def _folded(value: Any) -> Any:
    """A row's value as it is compared: texts without regard to case."""
    return value.casefold() if isinstance(value, str) else value


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _converted(kind: str, text: str) -> Any:
    if kind == "boolean":
        return text.casefold() == "true"
    if kind in ("money", "decimal", "number") or kind in _TYPES["number"]:
        return Decimal(text)
    if kind in _TYPES["time"] - {"date"} and len(text) > len("2026-07-01"):
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except ValueError as problem:
            raise bad_query(f"'{text}' is not a time.") from problem
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ").casefold()
    return text.casefold()
