"""The query of a request, from `$select` to `$count`, and its preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlconnector.standins.dynamics.answers import bad_query

LARGEST_PAGE = 5_000
_KNOWN = frozenset(
    {"$select", "$filter", "$expand", "$orderby", "$top", "$count", "$skiptoken", "$deltatoken", "$apply"}
)


@dataclass(frozen=True)
class Preferences:
    """What the header `Prefer` asks for."""

    page: int | None = None
    annotations: tuple[str, ...] = ()
    track_changes: bool = False
    representation: bool = False

    def wants(self, annotation: str) -> bool:
        """Whether values come with this annotation."""
        return any(
            each == "*" or each == annotation or (each.endswith(".*") and annotation.startswith(each[:-1]))
            for each in self.annotations
        )

    @property
    def page_size(self) -> int:
        """The number of rows of a page."""
        return min(self.page or LARGEST_PAGE, LARGEST_PAGE)


@dataclass(frozen=True)
class Query:
    """The parts of a query, not yet held against a table."""

    select: tuple[str, ...] = ()
    filter: str = ""
    expand: tuple[Expansion, ...] = ()
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    count: bool = False
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expansion:
    """A navigation property to follow, with the query for what it leads to."""

    name: str
    query: Query


def parse_preferences(header: str) -> Preferences:
    """The preferences of a `Prefer` header; what is not known is ignored (RFC 7240)."""
    page, annotations, track, representation = None, "", False, False
    for preference in _split(header, ","):
        name, _, value = preference.strip().partition("=")
        match name.strip().casefold():
            case "odata.maxpagesize":
                page = _number("odata.maxpagesize", value)
            case "odata.include-annotations":
                annotations = value.strip().strip('"')
            case "odata.track-changes":
                track = True
            case "return":
                representation = value.strip() == "representation"
    wanted = tuple(each.strip() for each in annotations.split(",") if each.strip())
    return Preferences(page, wanted, track, representation)


def parse_query(parameters: Mapping[str, str]) -> Query:
    """The query behind the parameters of an address; raises Refusal."""
    for name in parameters:
        if name.startswith("$") and name not in _KNOWN:
            raise bad_query(f"The query parameter {name} is not supported.")
    top = parameters.get("$top")
    return Query(
        select=tuple(name.strip() for name in parameters.get("$select", "").split(",") if name.strip()),
        filter=parameters.get("$filter", ""),
        expand=tuple(_expansion(each) for each in _split(parameters.get("$expand", ""), ",") if each.strip()),
        orderby=tuple(_order(each) for each in parameters.get("$orderby", "").split(",") if each.strip()),
        top=None if top is None else _number("$top", top),
        count=parameters.get("$count", "").casefold() == "true",
        raw=parameters,
    )


def _expansion(text: str) -> Expansion:
    name, parenthesis, rest = text.strip().partition("(")
    if not parenthesis:
        return Expansion(name, Query())
    if not rest.endswith(")"):
        raise bad_query(f"Found an unbalanced bracket expression in '{text}'.")
    parameters = {}
    for option in _split(rest[:-1], ";"):
        key, _, value = option.partition("=")
        parameters[key.strip()] = value
    return Expansion(name.strip(), parse_query(parameters))


def _order(text: str) -> tuple[str, bool]:
    path, _, direction = text.strip().partition(" ")
    if direction.strip() not in ("", "asc", "desc"):
        raise bad_query(f"Syntax error in the order '{text}'.")
    return path, direction.strip() == "desc"


def _split(text: str, mark: str) -> list[str]:
    """`text` cut at `mark`, except within brackets and quotes."""
    parts, depth, quoted = [""], 0, ""
    for letter in text:
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "'\"":
            quoted = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == mark and depth == 0:
            parts.append("")
            continue
        parts[-1] += letter
    return parts


def _number(name: str, text: str) -> int:
    if not text.strip().isdigit() or int(text) == 0:
        raise bad_query(f"Invalid value '{text}' for {name} option found.")
    return int(text)
