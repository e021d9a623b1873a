"""Which debtors and creditors a page of open items shows, by how many rows each of them takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mlconnector.flow.report.open_items import LEDGERS, in_order
from mlconnector.model.entries import Ledger

Window = Callable[[int], tuple[int, int]]
"""Of how many rows there are it says between which of them, from 0, the wanted ones stand."""
PersonKey = tuple[Ledger, str]
"""The ledger and the account of a debtor or creditor."""


def rows_of(items: int) -> int:
    """How many rows a debtor or creditor takes: the items, and their sum where there are several."""
    return items + (items > 1)


def within(counts: Mapping[PersonKey, int], window: Window) -> tuple[set[PersonKey], tuple[int, int]]:
    """The debtors and creditors with rows in a window, each ledger counted by itself, and the window.

    `counts` says how many items each has.
    """
    places = {ledger: list(_places(counts, ledger)) for ledger in LEDGERS}
    first, last = window(max((end for each in places.values() for _, _, end in each), default=0))
    return {
        person for each in places.values() for person, start, end in each if start < last and end > first
    }, (first, last)


def _places(counts: Mapping[PersonKey, int], ledger: Ledger) -> Iterator[tuple[PersonKey, int, int]]:
    """Where the rows of each begin and end."""
    place = 0
    for person in sorted((one for one in counts if one[0] == ledger), key=in_order):
        start, place = place, place + rows_of(counts[person])
        yield person, start, place
