"""Likeness: by what a document is recognised that comes once more, numbered or spelled otherwise."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from mlconnector.model.entries import Entry, Ledger
from mlconnector.model.money import exact
from mlconnector.model.vouchers import Kind

_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_NOT_COMPARED = frozenset({Kind.PAYMENT, Kind.COMMITMENT})


@dataclass(frozen=True, slots=True)
class Marks:
    """What two bookings of one document have in common, by number or by amount: one mark is enough."""

    by_number: frozenset[str] = frozenset()
    by_amount: frozenset[str] = frozenset()

    @property
    def every(self) -> frozenset[str]:
        """All of them."""
        return self.by_number | self.by_amount


def is_compared(entry: Entry) -> bool:
    """Whether a booking is one of a document: payments and commitments come again and again."""
    return entry.voucher_kind not in _NOT_COMPARED


def plain_number(number: str) -> str:
    """A number without what spellings of it differ in: `RE 0017`, `re-17` and `RE17` are all `re17`.

    Case, all that is no letter or digit, and leading zeros of each run of digits do not count.
    """
    text = _without_zeros(_folded(number))
    return _without_zeros("".join(one for one in text if one.isalnum()))


def names_of_party(accounts: Iterable[str], key: str, name: str, vat_id: str | None) -> frozenset[str]:
    """What a party is known by: its person accounts, its `key` where it is read, its name and its VAT id.

    The same supplier of another connection has an account of its own, but seldom another name.
    """
    found = {f"account {number}" for number in accounts if number} | {f"party {key}"}
    spelled = _letters(name)
    if spelled:
        found.add(f"name {spelled}")
    identified = _letters(vat_id or "")
    if identified:
        found.add(f"vat {identified}")
    return frozenset(found)


def marks_of(entry: Entry, party: Iterable[str]) -> Marks:
    """The marks of a booking, given what its party is known by; only of purchases is the amount one.

    Our own sales often come to the same amount on the same day. What has the other sign (a credit note of a
    bill) is never the same document.
    """
    total = exact(entry.total)
    side = "-" if total < 0 else "+"
    known, number, ledger = list(party), plain_number(entry.number), entry.ledger
    by_number = {_mark(ledger, "number", f"{side}{number}", one) for one in known if number}
    by_amount: set[str] = set()
    if ledger == "payable" and total:
        gross = f"{total:f} {entry.currency} {entry.document_date.isoformat()}"
        by_amount = {_mark(ledger, "amount", gross, one) for one in known}
    return Marks(frozenset(by_number), frozenset(by_amount))


def _mark(ledger: Ledger, what: str, value: str, party: str) -> str:
    # A digest, since names may be longer than an index takes.
    return hashlib.sha256(f"{ledger} {what} {value} {party}".encode()).hexdigest()


def _letters(text: str) -> str:
    return "".join(one for one in _folded(text) if one.isalnum())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _without_zeros(text: str) -> str:
    return _LEADING_ZEROS.sub("", text)
