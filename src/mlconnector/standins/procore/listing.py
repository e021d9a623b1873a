"""Lists: the filters that an endpoint has, its pages, and the headers that lead through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mlconnector.standins.procore.answers import refusal
from mlconnector.standins.procore.query import Query
from mlconnector.standins.procore.records import Row

RANGES = ("created_at", "updated_at")


@dataclass(frozen=True)
class Listing:
    """What a list can do: sizes of its pages, filters by range, by ids or texts, and by one status.

    `equal` gives for each filter the field that is compared; `statuses` are the values that are allowed.
    """

    usual: int = 100
    most: int = 2000
    ranges: tuple[str, ...] = RANGES
    equal: dict[str, str] = field(default_factory=lambda: {"id": "id"})
    statuses: tuple[str, ...] = ()
    paged: bool = True

    def filtered(self, rows: Sequence[Row], query: Query) -> list[Row]:
        """The rows that all given filters let through; raises Refusal for filters that make no sense."""
        kept = list(rows)
        for name in self.ranges:
            given = query.range(f"filters[{name}]")
            if given:
                kept = [row for row in kept if row[name] and given[0] <= _stamp(row[name]) <= given[1]]
        for name, column in self.equal.items():
            wanted = query.several(f"filters[{name}]")
            if wanted:
                kept = [row for row in kept if str(row.get(column)) in wanted]
        statuses = query.several("filters[status]") if self.statuses else []
        if any(status not in self.statuses for status in statuses):
            raise refusal(400, f"filters[status] must be one of {', '.join(self.statuses)}")
        return [row for row in kept if not statuses or row["status"] in statuses]


@dataclass(frozen=True)
class Page:
    """The part of a list that is answered, and the headers about the rest."""

    rows: list[Row]
    headers: dict[str, str]
    is_wrapped: bool = False

    def shown(self, show: Callable[[Row], Any]) -> Page:
        """The page with its rows as an endpoint shows them."""
        return Page([show(row) for row in self.rows], self.headers)

    def wrapped(self) -> Page:
        """The page as version 2 writes it: below the name `data`."""
        return Page(self.rows, self.headers, is_wrapped=True)

    def body(self) -> Any:
        """What is answered."""
        return {"data": self.rows} if self.is_wrapped else self.rows


def page(rows: Sequence[Row], listing: Listing, query: Query, address: str, cap: int | None) -> Page:
    """A page of a list; `cap` makes pages smaller than was asked for."""
    if not listing.paged:
        return Page(list(rows), {})
    number, size = query.whole("page") or 1, query.whole("per_page") or listing.usual
    size = min(size, listing.most, cap or listing.most)
    last = max(-(-len(rows) // size), 1)

    def link(target: int, rel: str) -> str:
        pairs = [*query.without("page", "per_page"), ("page", str(target)), ("per_page", str(size))]
        return f'<{address}?{urlencode(pairs)}>; rel="{rel}"'

    links = [link(1, "first")] if number > 1 else []
    links += [link(number - 1, "prev")] if number > 2 else []
    links += [link(last, "last"), link(number + 1, "next")] if number < last else []
    headers = {"Total": str(len(rows)), "Per-Page": str(size)}
    if links:
        headers["Link"] = ", ".join(links)
    return Page(list(rows[(number - 1) * size : number * size]), headers)


def _stamp(value: str) -> str:
    return value if len(value) > 10 else f"{value}T00:00:00Z"
