"""Query parameters, checked as strictly as the official description allows.

A parameter that the endpoint does not have is refused as well: the original may overlook it, but a
misspelt filter would list everything, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.datastructures import QueryParams

from mlconnector.standins.pipedrive.answers import invalid, refusal
from mlconnector.standins.pipedrive.table import Direction, Order, read_cursor
from mlconnector.standins.pipedrive.times import parse_instant

Parsed = TypeVar("Parsed")

MAXIMUM_IDS = 100
MAXIMUM_LIMIT = 500


class Query:
    """The parameters of one request; each is asked for by its kind, `finish` refuses those left over."""

    def __init__(self, given: QueryParams) -> None:
        self._given = given
        self._asked: set[str] = set()

    def text(self, name: str) -> str | None:
        """A parameter as it was written."""
        self._asked.add(name)
        return self._given.get(name)

    def integer(self, name: str, low: int = 1, high: int | None = None) -> int | None:
        """A whole number in its bounds."""
        text = self.text(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit():
            raise invalid(name, "Expected integer, received string.")
        if int(text) < low:
            raise invalid(name, f"This value should be {low} or more.")
        if high is not None and int(text) > high:
            raise invalid(name, f"This value should be {high} or less.")
        return int(text)

    def ids(self, name: str, *, required: bool = False) -> list[int] | None:
        """Up to a hundred ids, separated by commas or as a repeated parameter."""
        self._asked.add(name)
        values = self._given.getlist(name)
        if not values:
            if required:
                raise invalid(name, "This field is missing.")
            return None
        texts = [text.strip() for value in values for text in value.split(",")]
        if not all(text.isascii() and text.isdigit() for text in texts):
            raise invalid(name, "Expected a comma separated list of integers.")
        if len(texts) > MAXIMUM_IDS:
            raise invalid(name, f"This collection should contain {MAXIMUM_IDS} elements or less.")
        return [int(text) for text in texts]

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of the allowed words."""
        text = self.text(name)
        if text is not None and text not in allowed:
            raise invalid(name, f"The value you selected is not a valid choice ({', '.join(allowed)}).")
        return text or default

    def choices(self, name: str, allowed: frozenset[str]) -> list[str]:
        """Any of the allowed words, separated by commas."""
        text = self.text(name)
        words = text.split(",") if text else []
        if not allowed.issuperset(words):
            raise invalid(
                name, f"The value you selected is not a valid choice ({', '.join(sorted(allowed))})."
            )
        return words

    def words(self, name: str, maximum: int) -> list[str] | None:
        """Any words, separated by commas, up to a number of them."""
        text = self.text(name)
        if text is None:
            return None
        if text.count(",") >= maximum:
            raise invalid(name, f"This collection should contain {maximum} elements or less.")
        return text.split(",")

    def instant(self, name: str) -> str | None:
        """A time in RFC 3339 with whole seconds, as UTC."""
        return self._parsed(name, parse_instant, "This value is not a valid datetime.")

    def flag(self, name: str) -> bool:
        """A truth value; false when it is not given."""
        return self.choice(name, ("true", "false", "1", "0"), "false") in ("true", "1")

    def order(self, sort_fields: tuple[str, ...]) -> Order:
        """How a cursor-paginated list is to be read."""
        limit = self.integer("limit", high=MAXIMUM_LIMIT) or 100
        field = self.choice("sort_by", sort_fields, "id") if len(sort_fields) > 1 else sort_fields[0]
        direction: Direction = "asc"
        if len(sort_fields) > 1 and self.choice("sort_direction", ("asc", "desc"), "asc") == "desc":
            direction = "desc"
        cursor = self._parsed("cursor", read_cursor, "This value is not valid.")
        if cursor is not None and (cursor.field, cursor.sort_direction) != (field, direction):
            raise invalid("cursor", "This value is not valid.")
        return Order(field, direction, limit, cursor)

    def filter_id(self) -> None:
        """Refuse every saved filter: this account has none."""
        if self.integer("filter_id") is not None:
            raise refusal(404, "Filter not found", "Object was not found.")

    def finish(self) -> None:
        """Refuse a parameter that nobody asked for."""
        for name in self._given:
            if name not in self._asked:
                raise invalid(name, "This field was not expected.")

    def _parsed(self, name: str, parse: Callable[[str], Parsed], complaint: str) -> Parsed | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as problem:
            raise invalid(name, complaint) from problem


def path_id(text: str) -> int:
    """The id in a path; raises Refusal (400) when it is not a number."""
    if not text.isascii() or not text.isdigit():
        raise invalid("id", "Expected integer, received string.")
    return int(text)
