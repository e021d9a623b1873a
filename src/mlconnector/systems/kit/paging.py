"""Reading in sets: ids by the chunk, lists with all their pages, several questions at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.systems.kit.pacing import TooMany

Asked = TypeVar("Asked")
Id = TypeVar("Id", int, str)
Key = TypeVar("Key", bound=Hashable)
Next = TypeVar("Next", bound=Hashable)
Record = TypeVar("Record")
Result = TypeVar("Result")


# So many that fail may be bad themselves; where more do and none goes well, the system is out of order.
_FEW = 3


def chunks(ids: Iterable[Id], size: int) -> Iterator[list[Id]]:
    """Ids in sets of at most `size`, each once and in order, so that the same question is asked alike."""
    rest = iter(sorted(set(ids)))
    while some := list(islice(rest, size)):
        yield some


def all_pages(
    read: Callable[[Next | None], tuple[Iterable[Record], Next | None]], what: str
) -> Iterator[Record]:
    """The records of all pages; `read` gives those of one, and where the next is (None: nowhere).

    It is asked for the first page with None. Raises Broken when the pages go round in a circle; `what`
    says whose pages they are, e.g. `shop: the pages of /orders`.
    """
    seen: set[Next] = set()
    place: Next | None = None
    while True:
        records, place = read(place)
        yield from records
        if place is None:
            return
        if place in seen:
            raise Broken(f"{what} go round in a circle")
        seen.add(place)


def at_once(read: Callable[[Asked], Result], asked: Sequence[Asked], threads: int) -> list[Result]:
    """What `read` gives for each, in their order, a few at a time. Raises what it raises."""
    if len(asked) < 2:
        return [read(each) for each in asked]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(read, asked))


def each_apart(
    read: Callable[[Id], Result], asked: Sequence[Id], threads: int
) -> dict[Id, Result | ConnectorError]:
    """What `read` gives for each, a few at a time, or what it raises: one bad record costs itself alone.

    Raises what is no record's fault: that a login, a right or patience is missing, and whatever all of many
    questions meet.
    """

    def told(one: Id) -> Result | ConnectorError:
        try:
            return read(one)
        except (NeedsLogin, NeedsHuman, TooMany):
            raise
        except (Broken, RetryLater) as error:
            return error

    found = dict(zip(asked, at_once(told, asked, threads), strict=True))
    failed = [one for one in found.values() if isinstance(one, ConnectorError)]
    if len(failed) > _FEW and len(failed) == len(found):
        raise failed[0]
    return found


def grouped(records: Iterable[Record], key: Callable[[Record], Key]) -> dict[Key, list[Record]]:
    """Records by what they belong to, in their order."""
    found: dict[Key, list[Record]] = {}
    for record in records:
        found.setdefault(key(record), []).append(record)
    return found


def values(rows: Iterable[dict[str, Any]], column: str) -> set[str]:
    """What a column of rows refers to, where it is filled."""
    return {str(row[column]) for row in rows if row.get(column)}
