"""Rules across the columns of one recurring booking (category 65)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.check_bookings import full_day, says_something
from mlconnector.formats.extf.client import ClientAccounts
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import known_key

_FOREIGN = (5, 6, 7)
_EXTRA = range(34, 74, 2)
_BEGIN, _LAST, _NEXT, _END = 12, 78, 79, 80
_INTERVAL, _END_KIND = 81, 87
_DAY_OF_MONTH_COLUMNS = (83, 84, 85, 86)
_NO_END = "1"
_LONGEST_NUMBER_TO_EXTEND = 34


class RecurringCheck:
    """Checks the recurring bookings of one file; made anew for each file."""

    def __init__(self, client: ClientAccounts) -> None:
        self._client = client

    def together(self, filled: frozenset[int]) -> Iterator[Fault]:
        """Faults that follow from which columns (from 1) are filled, whatever they say."""
        present = [column for column in _FOREIGN if column in filled]
        if present and len(present) < len(_FOREIGN):
            missing = [column for column in _FOREIGN if column not in filled]
            yield "EXTF-B-205", missing[0], ", ".join(str(column) for column in missing)
        for kind in _EXTRA:
            if (kind in filled) != (kind + 1 in filled):
                yield "EXTF-B-214", kind + 1 if kind in filled else kind, ""
        if (23 in filled) != (92 in filled):
            yield "EXTF-B-215", 92 if 23 in filled else 23, ""

    def faults(self, filled: frozenset[int], cells: Sequence[str]) -> Iterator[Fault]:
        """Faults of one line."""
        account, contra = value_of(cells[12]), value_of(cells[8])
        if account and account == contra:
            yield "EXTF-B-208", 9, ""
        key = value_of(cells[7])
        if key and known_key(key) is None:
            yield "EXTF-B-243", 8, ""
        yield from self._automatic(account, contra, key)
        if value_of(cells[0]) == "2" and len(value_of(cells[9])) > _LONGEST_NUMBER_TO_EXTEND:
            yield "EXTF-W-101", 10, f"≤ {_LONGEST_NUMBER_TO_EXTEND}"
        for column in (2, 7):
            if column in filled and value_of(cells[column - 1]) != "EUR":
                yield "EXTF-W-102", column, "EUR"
        yield from _series(filled, cells)

    def _automatic(self, account: str, contra: str, key: str) -> Iterator[Fault]:
        known = known_key(key)
        if not key or (known is not None and (known.key == "40" or known.is_correction)):
            return
        for number in (account, contra):
            one = self._client.known(number)
            if one is not None and one.tax_case is not None:
                yield "EXTF-B-301", 8, f"{one.name}: 40"


def _series(filled: frozenset[int], cells: Sequence[str]) -> Iterator[Fault]:
    begin, last, following, end = (
        full_day(value_of(cells[each - 1])) for each in (_BEGIN, _LAST, _NEXT, _END)
    )
    if begin is not None and end is not None and end < begin:
        yield "EXTF-W-103", _END, f"≥ {value_of(cells[_BEGIN - 1])}"
    if following is not None and last is not None and following <= last:
        yield "EXTF-W-104", _NEXT, f"> {value_of(cells[_LAST - 1])}"
    if following is not None and begin is not None and following < begin:
        yield "EXTF-W-105", _NEXT, f"≥ {value_of(cells[_BEGIN - 1])}"
    kind = value_of(cells[_END_KIND - 1])
    if kind == _NO_END and _END in filled:
        yield "EXTF-W-106", _END, ""
    elif kind and kind != _NO_END and _END not in filled:
        yield "EXTF-W-106", _END, "TTMMJJJJ"
    days = [column for column in _DAY_OF_MONTH_COLUMNS if says_something(cells[column - 1])]
    interval = value_of(cells[_INTERVAL - 1])
    if interval == "TAG" and days:
        yield "EXTF-W-107", days[0], ""
    elif interval == "MON" and not days:
        yield "EXTF-W-108", 85, "1-31"
