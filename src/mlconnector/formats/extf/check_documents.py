"""Rules across the rows of a Buchungsstapel: what is booked twice, and numbers (Belegfeld 1) that collide.

Of each number and each row one hash and a few facts packed into a whole number are kept, at most
`MOST_REMEMBERED` of each, which is more than DATEV takes in a file: memory is bounded whatever comes. Two
different rows among 100,000 have the same 61-bit hash once in some 400 million files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlconnector.formats.extf.client import PERSONS, ClientAccounts, Kind
from mlconnector.formats.extf.columns import Bookings
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import known_key

MOST_REMEMBERED = 100_000
_SIDES = (Bookings.ACCOUNT, Bookings.CONTRA_ACCOUNT)
_ACCOUNT, _CONTRA = (column.place for column in _SIDES)
_AMOUNT, _SIDE, _KEY = Bookings.AMOUNT.place, Bookings.SIDE.place, Bookings.TAX_KEY.place
_NUMBER, _MARK = Bookings.DOCUMENT_FIELD_1.place, Bookings.REVERSAL.place
_SAME_SEPARATOR = str.maketrans("$&%*+/_", "-------")
_BETWEEN_LETTER_AND_DIGIT = re.compile(r"(?<=[A-Z])-(?=[0-9])|(?<=[0-9])-(?=[A-Z])")
_OTHER_SIDE = {"S": "H", "H": "S"}
_LAST_DAY = 3112
_LINE_BITS, _DAY_BITS, _CONTRA_BITS, _TEXT_BITS, _SPELLING_BITS = 24, 12, 16, 24, 24
_LINE_MASK = (1 << _LINE_BITS) - 1


class _Document(NamedTuple):
    """The first row of a number: its line, invoice date (0 for none), Gegenkonto, text, spelling, person.

    Gegenkonto, text and spelling are a few bits of their hashes, enough to tell two of them apart.
    """

    line: int
    day: int
    contra: int
    text: int
    spelling: int
    person: int

    def packed(self) -> int:
        packed = (self.person << _SPELLING_BITS) | self.spelling
        packed = (((packed << _TEXT_BITS) | self.text) << _CONTRA_BITS) | self.contra
        return (((packed << _DAY_BITS) | self.day) << _LINE_BITS) | (self.line & _LINE_MASK)

    @classmethod
    def unpacked(cls, packed: int) -> _Document:
        line, packed = packed & _LINE_MASK, packed >> _LINE_BITS
        day, packed = packed & ((1 << _DAY_BITS) - 1), packed >> _DAY_BITS
        contra, packed = packed & ((1 << _CONTRA_BITS) - 1), packed >> _CONTRA_BITS
        text, packed = packed & ((1 << _TEXT_BITS) - 1), packed >> _TEXT_BITS
        spelling, person = packed & ((1 << _SPELLING_BITS) - 1), packed >> _SPELLING_BITS
        return cls(line, day, contra, text, spelling, person)


class DocumentCheck:
    """Remembers the documents of one file; made anew for each file.

    Rows of one document are taken to stand together, as programs write them.
    """

    def __init__(self, client: ClientAccounts, stated_lock: str | None) -> None:
        self._client = client
        self._documents: dict[int, int] = {}
        self._rows: dict[int, int] = {}
        self._lock = stated_lock
        self._watches_lock = stated_lock is None
        self._previous_number = ""
        self._creditor = ""

    def findings(self, line: int, cells: Sequence[str], text: str) -> Iterator[Fault]:
        """The faults of one row beside the rows before it."""
        if self._watches_lock:
            yield from self._uneven_lock(value_of(cells[Bookings.LOCK.place]))
        number = value_of(cells[_NUMBER])
        goes_on = number == self._previous_number
        self._previous_number = number
        if not goes_on:
            self._creditor = ""
        if not number:
            return
        account, contra = value_of(cells[_ACCOUNT]), value_of(cells[_CONTRA])
        side, amount = value_of(cells[_SIDE]), cells[_AMOUNT]
        if _is_correction(cells):
            yield from self._corrected(number, account, contra, side, amount)
            return
        row = hash((number, account, contra, side, amount))
        fingerprint = hash(text) & 0xFFFFFFFF
        known = self._rows.get(row)
        if known is not None and known >> _LINE_BITS == fingerprint:
            yield "EXTF-B-401", Bookings.DOCUMENT_FIELD_1, _line(known & _LINE_MASK)
        else:
            if known is None and len(self._rows) < MOST_REMEMBERED:
                self._rows[row] = (fingerprint << _LINE_BITS) | (line & _LINE_MASK)
            yield from self._numbers(line, cells, number, (account, contra), goes_on)

    def _numbers(
        self, line: int, cells: Sequence[str], number: str, accounts: tuple[str, str], goes_on: bool
    ) -> Iterator[Fault]:
        kinds = (self._client.kind(accounts[0]), self._client.kind(accounts[1]))
        which = _only_person(kinds)
        if which is None:
            return
        person, kind = accounts[which], kinds[which]
        if kind == "creditor":
            if self._creditor not in ("", person):
                yield "EXTF-B-408", _SIDES[which], self._creditor
            self._creditor = person
        key = _document_key(number, person, kind)
        day = _invoice_day(cells, kinds, which)
        this = _Document(
            line,
            day,
            hash(accounts[1 - which]) & ((1 << _CONTRA_BITS) - 1),
            hash(cells[Bookings.TEXT.place]) & ((1 << _TEXT_BITS) - 1),
            hash(number) & ((1 << _SPELLING_BITS) - 1),
            int(person),
        )
        packed = self._documents.get(key)
        if packed is None:
            if len(self._documents) < MOST_REMEMBERED:
                self._documents[key] = this.packed()
            return
        first = _Document.unpacked(packed)
        fault = _collision(first, this, which, goes_on)
        if fault is not None:
            yield fault
        elif first.day or not day:
            return
        # what was said once is not said again for the further rows of the same document
        self._documents[key] = this._replace(day=day or first.day).packed()

    def _corrected(self, number: str, account: str, contra: str, side: str, amount: str) -> Iterator[Fault]:
        same = hash((number, account, contra, side, amount))
        swapped = hash((number, account, contra, _OTHER_SIDE.get(side, ""), amount))
        if same in self._rows and swapped not in self._rows:
            line = self._rows[same] & _LINE_MASK
            yield "EXTF-B-404", Bookings.SIDE, f"{_OTHER_SIDE.get(side, '')}, {_line(line)}"
        self._creditor = ""
        for person in (account, contra):
            self._documents.pop(_document_key(number, person, self._client.kind(person)), None)

    def _uneven_lock(self, lock: str) -> Iterator[Fault]:
        if not lock:
            return
        if self._lock is None:
            self._lock = lock
        elif lock != self._lock:
            self._watches_lock = False
            yield "EXTF-B-407", Bookings.LOCK, self._lock


def _collision(first: _Document, this: _Document, which: int, goes_on: bool) -> Fault | None:
    """What is wrong with a row whose number was seen before; `goes_on`: the row before has it as well."""
    if first.person != this.person:
        return "EXTF-B-405", _SIDES[which], f"{first.person}, {_line(first.line)}"
    if first.spelling != this.spelling:
        return "EXTF-B-403", Bookings.DOCUMENT_FIELD_1, _line(first.line)
    if not (first.day and this.day):
        return None
    if first.day != this.day:
        return "EXTF-B-402", Bookings.DOCUMENT_DATE, f"{first.day:04d}, {_line(first.line)}"
    if not goes_on and first.contra == this.contra and first.text != this.text:
        return "EXTF-B-409", Bookings.TEXT, _line(first.line)
    return None


def _is_correction(cells: Sequence[str]) -> bool:
    if len(cells) > _MARK and value_of(cells[_MARK]) in ("1", "G"):
        return True
    key = known_key(value_of(cells[_KEY]))
    return key is not None and key.is_correction


def _only_person(kinds: tuple[Kind, Kind]) -> int | None:
    persons = [kind in PERSONS for kind in kinds]
    return None if persons[0] == persons[1] else persons.index(True)


def _document_key(number: str, person: str, kind: Kind) -> int:
    # an own invoice number stands for one document; two suppliers may well use the same one
    alike = number.upper().translate(_SAME_SEPARATOR)
    if "-" in alike:
        alike = _BETWEEN_LETTER_AND_DIGIT.sub("", alike)
    return hash(alike) if kind == "debtor" else hash((alike, person))


def _invoice_day(cells: Sequence[str], kinds: tuple[Kind, Kind], which: int) -> int:
    """Belegdatum as a number where the row opens an item (debtor on debit, creditor on credit), else 0."""
    opens = (value_of(cells[_SIDE]) == "S") == (which == 0)
    if kinds[which] == "creditor":
        opens = not opens
    if not opens or kinds[1 - which] == "finance" or value_of(cells[Bookings.DUNNING.place]) not in ("", "0"):
        return 0
    text = value_of(cells[Bookings.DOCUMENT_DATE.place])
    day = int(text) if text.isascii() and text.isdigit() else 0
    return day if day <= _LAST_DAY else 0


def _line(number: int) -> str:
    return f"Zeile / line {number}"
