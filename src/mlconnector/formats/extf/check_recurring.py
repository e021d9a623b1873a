"""Rules across the columns of one recurring booking (category 65)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.check_bookings import full_day, numbers, says_something
from mlconnector.formats.extf.client import ClientAccounts
from mlconnector.formats.extf.columns import Column, Recurring
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import AUTOMATIC_OFF, known_key

_FOREIGN = (Recurring.EXCHANGE_RATE, Recurring.BASE_AMOUNT, Recurring.BASE_CURRENCY)
_PAIRS = (
    *((pair, "EXTF-B-214") for pair in Recurring.FURTHER_INFORMATION),
    ((Recurring.PARTNER_BANK, Recurring.MANDATE), "EXTF-B-215"),
)
_DAY_OF_MONTH_COLUMNS = (
    Recurring.WEEKDAY,
    Recurring.MONTH,
    Recurring.DAY_OF_MONTH,
    Recurring.WEEKDAY_OF_MONTH,
)
_NUMBER_IS_EXTENDED = "2"
_NO_END = "1"
_LONGEST_NUMBER_TO_EXTEND = 34
_NUMBER = Recurring.DOCUMENT_FIELD_1.place


class RecurringCheck:
    """Checks the recurring bookings of one file; made anew for each file."""

    def __init__(self, client: ClientAccounts) -> None:
        self._client = client

    def together(self, filled: frozenset[Column]) -> Iterator[Fault]:
        """Faults that follow from which columns are filled, whatever they say."""
        present = [column for column in _FOREIGN if column in filled]
        if present and len(present) < len(_FOREIGN):
            missing = [column for column in _FOREIGN if column not in filled]
            yield "EXTF-B-205", missing[0], numbers(missing)
        for (first, second), rule in _PAIRS:
            if (first in filled) != (second in filled):
                yield rule, second if first in filled else first, ""

    def faults(self, filled: frozenset[Column], cells: Sequence[str]) -> Iterator[Fault]:
        """Faults of one line."""
        account, contra = (
            value_of(cells[column.place]) for column in (Recurring.ACCOUNT, Recurring.CONTRA_ACCOUNT)
        )
        if account and account == contra:
            yield "EXTF-B-208", Recurring.CONTRA_ACCOUNT, ""
        key = value_of(cells[Recurring.TAX_KEY.place])
        if key and known_key(key) is None:
            yield "EXTF-B-243", Recurring.TAX_KEY, ""
        yield from self._automatic(account, contra, key)
        is_extended = value_of(cells[Recurring.NUMBERING.place]) == _NUMBER_IS_EXTENDED
        if is_extended and len(value_of(cells[_NUMBER])) > _LONGEST_NUMBER_TO_EXTEND:
            yield "EXTF-W-101", Recurring.DOCUMENT_FIELD_1, f"≤ {_LONGEST_NUMBER_TO_EXTEND}"
        for column in (Recurring.CURRENCY, Recurring.BASE_CURRENCY):
            if column in filled and value_of(cells[column.place]) != "EUR":
                yield "EXTF-W-102", column, "EUR"
        yield from _series(filled, cells)

    def _automatic(self, account: str, contra: str, key: str) -> Iterator[Fault]:
        known = known_key(key)
        if not key or (known is not None and (known.key == AUTOMATIC_OFF or known.is_correction)):
            return
        for number in (account, contra):
            one = self._client.known(number)
            if one is not None and one.tax_case is not None:
                yield "EXTF-B-301", Recurring.TAX_KEY, f"{one.name}: {AUTOMATIC_OFF}"


def _series(filled: frozenset[Column], cells: Sequence[str]) -> Iterator[Fault]:
    begin, last, following, end = (
        full_day(value_of(cells[each.place]))
        for each in (Recurring.BEGIN, Recurring.LAST, Recurring.NEXT, Recurring.END)
    )
    if begin is not None and end is not None and end < begin:
        yield "EXTF-W-103", Recurring.END, f"≥ {begin:%d%m%Y}"
    if following is not None and last is not None and following <= last:
        yield "EXTF-W-104", Recurring.NEXT, f"> {last:%d%m%Y}"
    if following is not None and begin is not None and following < begin:
        yield "EXTF-W-105", Recurring.NEXT, f"≥ {begin:%d%m%Y}"
    kind = value_of(cells[Recurring.END_KIND.place])
    if kind == _NO_END and Recurring.END in filled:
        yield "EXTF-W-106", Recurring.END, ""
    elif kind and kind != _NO_END and Recurring.END not in filled:
        yield "EXTF-W-106", Recurring.END, "TTMMJJJJ"
    days = [column for column in _DAY_OF_MONTH_COLUMNS if says_something(cells[column.place])]
    interval = value_of(cells[Recurring.INTERVAL.place])
    if interval == "TAG" and days:
        yield "EXTF-W-107", days[0], ""
    elif interval == "MON" and not days:
        yield "EXTF-W-108", Recurring.DAY_OF_MONTH, "1-31"
