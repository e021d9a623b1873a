"""Places: addresses of pages that keep what was searched for, and the pages of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

HOME = "/console/"
ROWS = 50
"""Rows of a page."""
_MOST_PAGES = 1_000_000
_MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Place:
    """An address within the console, with its parameters in their order."""

    path: str
    query: tuple[tuple[str, str], ...] = ()

    def asked(self, name: str) -> str:
        """A parameter without spaces around it; empty where it was not given."""
        return next((value.strip() for key, value in self.query if key == name), "")

    def with_(self, **changes: object) -> str:
        """The address with other parameters; None takes one away, and so does the first page."""
        wanted = {name: str(value) for name, value in changes.items() if value not in (None, "")}
        kept = [(name, value) for name, value in self.query if name not in changes and value]
        pairs = [*kept, *((name, value) for name, value in wanted.items() if (name, value) != ("page", "1"))]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def address(self) -> str:
        """The address as it is."""
        return self.with_()


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page stands in a list of `total` rows."""

    place: Place
    page: int
    total: int
    size: int = ROWS

    @property
    def pages(self) -> int:
        """How many pages there are; one where there is nothing."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row of the page, from 1; 0 where there is none."""
        return min((self.page - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the last row of the page."""
        return min(self.page * self.size, self.total)

    def to(self, page: int) -> str:
        """The address of another page, which keeps all that was searched for."""
        return self.place.with_(page=page)


def place_of(path: str, query: str) -> Place:
    """The place of a request."""
    pairs = parse_qsl(query, max_num_fields=_MOST_FIELDS) if query.count("&") < _MOST_FIELDS else []
    return Place(path, tuple(pairs))


def page_of(place: Place) -> int:
    """The page that was asked for; the first where that is no number."""
    asked = place.asked("page")
    return max(1, min(int(asked), _MOST_PAGES)) if asked.isdecimal() and len(asked) < 8 else 1


def paging(place: Place, total: int, size: int = ROWS) -> Paging:
    """The page of a list that was asked for; beyond the end, the last one."""
    whole = Paging(place, 1, total, size)
    return Paging(place, min(page_of(place), whole.pages), total, size)


def within(address: str, otherwise: str = HOME) -> str:
    """An address that came from outside where it leads into the console; else another."""
    parts = urlsplit(address) if address.isprintable() else urlsplit("")
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith(HOME)
    return address if is_ours and "\\" not in address and "/.." not in address else otherwise
