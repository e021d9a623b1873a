"""Whether a document that is split over a clearing account adds up: rows that follow one another.

One row books the whole between the person account and a clearing account, the others take it from there to
the accounts that it belongs to. Kept is one document at a time, of at most `MOST_ROWS` rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlconnector.formats.extf.client import PERSONS, ClientAccounts
from mlconnector.formats.extf.columns import Bookings
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.tax_keys import known_key

MOST_ROWS = 1000
_AMOUNT, _SIDE, _KEY = Bookings.AMOUNT.place, Bookings.SIDE.place, Bookings.TAX_KEY.place
_ACCOUNT, _CONTRA = Bookings.ACCOUNT.place, Bookings.CONTRA_ACCOUNT.place
_NUMBER = Bookings.DOCUMENT_FIELD_1.place
_NET_DIVISORS = (100, 119, 107, 116, 105)
_CENTS_PER_ROW = 2
_DIGITS = re.compile(r"[0-9]{1,10},[0-9]{2}")


class SplitFault(NamedTuple):
    """A document that does not add up: line of its last row, and both sums as DATEV writes amounts."""

    line: int
    distributed: str
    whole: str


class _Row(NamedTuple):
    line: int
    account: str
    contra: str
    cents: int

    def on(self, account: str) -> int:
        """The movement of an account in cents, debit positive."""
        return self.cents if account == self.account else -self.cents if account == self.contra else 0


class SplitCheck:
    """Adds up one document after the other; made anew for each file."""

    def __init__(self, client: ClientAccounts) -> None:
        self._client = client
        self._number = ""
        self._rows: list[_Row] = []
        self._usable = True

    def before(self, cells: Sequence[str]) -> Iterator[SplitFault]:
        """What is known once a row comes that belongs to another document."""
        number = cells[_NUMBER]
        if number != self._number:
            yield from self.end()
            self._number = number

    def add(self, line: int, cells: Sequence[str]) -> None:
        """Take a row of the current document."""
        if value_of(self._number) == "":
            return
        amount = value_of(cells[_AMOUNT])
        key = known_key(value_of(cells[_KEY]))
        if len(self._rows) >= MOST_ROWS or not _DIGITS.fullmatch(amount) or (key and key.is_correction):
            self._usable = False
            return
        cents = int(amount.replace(",", ""))
        sign = 1 if value_of(cells[_SIDE]) == "S" else -1
        account = value_of(cells[_ACCOUNT])
        contra = value_of(cells[_CONTRA])
        self._rows.append(_Row(line, account, contra, sign * cents))

    def end(self) -> Iterator[SplitFault]:
        """What is known once no further row comes."""
        rows, usable = self._rows, self._usable
        self._rows, self._usable, self._number = [], True, ""
        if len(rows) > 1 and usable:
            yield from self._added_up(rows)

    def _added_up(self, rows: Sequence[_Row]) -> Iterator[SplitFault]:
        kind = self._client.kind
        with_person: list[_Row] = []
        others: list[_Row] = []
        for row in rows:
            has_person = kind(row.account) in PERSONS or kind(row.contra) in PERSONS
            (with_person if has_person else others).append(row)
        clearing = {
            number
            for row in with_person
            for number in (row.account, row.contra)
            if kind(number) not in PERSONS
        }
        if len(clearing) != 1 or not others:
            return
        account = clearing.pop()
        if kind(account) in ("", "finance") or any(row.on(account) == 0 for row in others):
            return
        whole = sum(row.on(account) for row in with_person)
        distributed = -sum(row.on(account) for row in others)
        tolerance = _CENTS_PER_ROW * len(rows)
        if all(abs(distributed * divisor - whole * 100) > tolerance * divisor for divisor in _NET_DIVISORS):
            yield SplitFault(rows[-1].line, _written(distributed), _written(whole))


def _written(cents: int) -> str:
    return f"{abs(cents) // 100},{abs(cents) % 100:02d}"
