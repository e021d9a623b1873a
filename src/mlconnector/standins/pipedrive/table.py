"""Records by id, with the orders a list can be read in, and keyset pages over them.

A cursor carries the sort key of the first record of the next page, so that records that are added or
changed between two pages cost neither a loss nor a double of those that stayed.
"""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

Record = TypeVar("Record", bound=msgspec.Struct)
Key = tuple[Any, Any]
Direction = Literal["asc", "desc"]


class Cursor(msgspec.Struct, frozen=True, rename="camel"):
    """Where a page begins: the key of its first record, and the order it belongs to."""

    field: str
    field_value: int | str
    sort_direction: Direction
    id: int | str

    def __str__(self) -> str:
        """The opaque text that a client sends back."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def read_cursor(text: str) -> Cursor:
    """The cursor behind its text; ValueError when we never gave it out."""
    padded = text.encode() + b"=" * (-len(text) % 4)
    try:
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=Cursor)
    except msgspec.DecodeError as problem:
        raise ValueError(text) from problem


class Order(NamedTuple):
    """How a list is sorted, and how much of it is read."""

    field: str = "id"
    direction: Direction = "asc"
    limit: int = 100
    cursor: Cursor | None = None


class Table(Generic[Record]):
    """Records of one kind, found by id and read in the order of any of their fields."""

    def __init__(self, records: Iterable[Record], identity: str = "id") -> None:
        self._identity = identity
        self._records = {getattr(record, identity): record for record in records}
        self._orders: dict[str, list[Key]] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def get(self, identity: int | str) -> Record | None:
        """The record with this id."""
        return self._records.get(identity)

    def put(self, record: Record) -> None:
        """Add a record, or take note that it was changed."""
        self._records[getattr(record, self._identity)] = record
        self._orders.clear()

    def remove(self, identity: int | str) -> None:
        """Forget the record with this id."""
        del self._records[identity]
        self._orders.clear()

    def page(
        self,
        order: Order,
        keep: Callable[[Record], bool],
        ids: Iterable[int] | None = None,
        since: str | None = None,
    ) -> tuple[list[Record], str | None]:
        """The records from the cursor on that `keep` takes, and the cursor of the next page.

        With `ids` only those are looked at. `since` may be given to skip everything older when the list
        is sorted by `update_time`; `keep` must take care of it otherwise.
        """
        keys = self._keys(order.field) if ids is None else self._keys_of(order.field, ids)
        found: list[Record] = []
        for key in self._from_cursor(keys, order, since):
            record = self._records.get(key[1])
            if record is None or not keep(record):
                continue
            if len(found) == order.limit:
                return found, str(Cursor(order.field, key[0], order.direction, key[1]))
            found.append(record)
        return found, None

    def _keys(self, field: str) -> list[Key]:
        if field not in self._orders:
            self._orders[field] = sorted(self._key(field, record) for record in list(self._records.values()))
        return self._orders[field]

    def _keys_of(self, field: str, ids: Iterable[int]) -> list[Key]:
        present = (self._records.get(identity) for identity in dict.fromkeys(ids))
        return sorted(self._key(field, record) for record in present if record is not None)

    def _key(self, field: str, record: Record) -> Key:
        return getattr(record, field), getattr(record, self._identity)

    def _from_cursor(self, keys: list[Key], order: Order, since: str | None) -> Iterator[Key]:
        start: Key | None = (order.cursor.field_value, order.cursor.id) if order.cursor else None
        if order.direction == "desc":
            end = len(keys) if start is None else bisect_right(keys, start)
            return (keys[place] for place in range(end - 1, -1, -1))
        begin = 0 if start is None else bisect_left(keys, start)
        if since is not None and order.field == "update_time":
            begin = max(begin, bisect_left(keys, (since,)))
        return (keys[place] for place in range(begin, len(keys)))
