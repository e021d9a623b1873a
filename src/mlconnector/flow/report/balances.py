"""Sums and balances (Summen und Salden) of the accounts that bookings move, with what DATEV books by itself.

DATEV works tax and Skonto out of the rows that it gets, in EUR: so do the sums. A Generalumkehr lowers the
side that it takes back instead of raising the other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import msgspec

from mlconnector.flow.decide.rows import is_generalumkehr
from mlconnector.flow.report.transferred import Booked
from mlconnector.mapping.open_items import moves_person
from mlconnector.mapping.postings import Posting, postings
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry
from mlconnector.model.euro import EURO, euro_amounts, euro_nets
from mlconnector.model.money import ZERO, rounded

Which = Literal["general", "receivable", "payable", "statistical"]
ByDatev = Literal["no", "partly", "yes"]
WHICH: tuple[Which, ...] = ("general", "receivable", "payable", "statistical")
_REAL = frozenset(WHICH) - {"statistical"}
# Postings that no row names: DATEV makes them of the tax key, of the account's function or of the Skonto.
_NOTHING = (ZERO, ZERO)
_BY_DATEV = frozenset({"tax", "input_tax", "lost_tax", "discount"})


@dataclass(frozen=True, slots=True)
class Sums:
    """Debit and credit in one currency."""

    debit: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        """Positive in debit, negative in credit."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class AccountSums:
    """An account with its sums in EUR, and beside them those of its `foreign` money by currency.

    `number` is empty where DATEV alone knows the account. `rows` are the booking rows that move it, and
    `by_datev` says whether any or all of its postings are DATEV's own.
    """

    which: Which
    number: str
    name: str
    euro: Sums
    foreign: Mapping[str, Sums]
    rows: int
    by_datev: ByDatev


@dataclass(frozen=True, slots=True)
class Balances:
    """All accounts, G/L accounts first, and what they come to: as much in debit as in credit.

    Statistical ones are no part of what all come to, nor of the `rows`.
    """

    accounts: tuple[AccountSums, ...]
    rows: int

    def total(self, which: Which | None = None) -> Sums:
        """The sums of all accounts but the statistical ones, or of those of one kind."""
        wanted = _REAL if which is None else {which}
        chosen = [one.euro for one in self.accounts if one.which in wanted]
        return Sums(
            rounded(sum((one.debit for one in chosen), ZERO)),
            rounded(sum((one.credit for one in chosen), ZERO)),
        )


Key = tuple[Which, str, str]
"""Which accounts, the number, and the name where DATEV alone knows the number."""


@dataclass(slots=True)
class AccountParts:
    """What some bookings come to on an account: sums by currency, and how many rows and postings these are.

    Of the names that the bookings have for it there are the first one and the last one, with their places.
    """

    first: tuple[str, str]
    last: tuple[str, str]
    sums: dict[str, tuple[Decimal, Decimal]]
    rows: int = 0
    own: int = 0
    by_datev: int = 0

    def add(self, other: AccountParts) -> None:
        """Add what other bookings come to."""
        if other.first[1] and (not self.first[1] or other.first < self.first):
            self.first = other.first
        self.last = max(self.last, other.last, key=_place)
        for currency, (debit, credit) in other.sums.items():
            so_far = self.sums.get(currency, _NOTHING)
            self.sums[currency] = (so_far[0] + debit, so_far[1] + credit)
        self.rows += other.rows
        self.own += other.own
        self.by_datev += other.by_datev


@dataclass(frozen=True, slots=True)
class BalanceParts:
    """What some bookings come to on each account, and how many rows they have that are not statistical."""

    accounts: dict[Key, AccountParts]
    rows: int


def balances(bookings: Iterable[tuple[Booked, Rules]], names: Mapping[str, str]) -> Balances:
    """The sums of bookings, each with the rules of its connection; `names` are those of person accounts."""
    return together([balance_parts(bookings)], names)


def balance_parts(bookings: Iterable[tuple[Booked, Rules]]) -> BalanceParts:
    """What bookings come to, each with the rules of its connection."""
    found: dict[Key, AccountParts] = {}
    rows = 0
    for one, rules in bookings:
        rows += 0 if one.entry.is_statistical else len(one.entry.lines)
        lowers = is_generalumkehr(one.entry, one.channel, rules.books)
        usual: Which = "statistical" if one.entry.is_statistical else "general"
        persons = {line.account for line in one.entry.lines if moves_person(one.entry, line)}
        moved: set[tuple[Key, int]] = set()
        for posting in _in_all_currencies(one.entry, rules):
            which: Which = one.entry.ledger if posting.account in persons else usual
            key = (which, posting.account, "" if posting.account else posting.name)
            account = found.get(key)
            if account is None:
                named = (one.place, posting.name)
                account = found[key] = AccountParts(named, named, {})
            moved.add((key, posting.of_line))
            _add(account, one.place, posting, lowers=lowers)
        for key, _ in moved:
            found[key].rows += 1
    return BalanceParts(found, rows)


def together(parts: Iterable[BalanceParts], names: Mapping[str, str]) -> Balances:
    """What all parts come to; `names` are those of person accounts."""
    found: dict[Key, AccountParts] = {}
    rows = 0
    for part in parts:
        rows += part.rows
        for key, account in part.accounts.items():
            so_far = found.get(key)
            if so_far is None:
                found[key] = replace(account, sums=dict(account.sums))
            else:
                so_far.add(account)
    ordered = sorted(found, key=lambda key: (WHICH.index(key[0]), key[1] == "", key[1], key[2]))
    return Balances(tuple(_told(key, found[key], names) for key in ordered), rows)


def in_euro(entry: Entry) -> Entry | None:
    """The booking as it stands in the books; None where nothing of it is left in EUR."""
    if entry.exchange_rate is None:
        return entry
    amounts = euro_amounts(entry.lines, entry.exchange_rate)
    nets = euro_nets(entry.lines, entry.exchange_rate)
    lines = tuple(
        msgspec.structs.replace(line, amount=amount, net=net, currency="", exchange_rate=None)
        for line, amount, net in zip(entry.lines, amounts, nets, strict=True)
        if amount != ZERO
    )
    return msgspec.structs.replace(entry, currency=EURO, exchange_rate=None, lines=lines) if lines else None


def _in_all_currencies(entry: Entry, rules: Rules) -> Iterator[Posting]:
    """The postings in EUR, and those in foreign money beside them."""
    books = in_euro(entry)
    if books is not None:
        yield from postings(books, rules)
    if books is not entry:
        yield from (one for one in postings(entry, rules) if one.currency != EURO)


def _add(account: AccountParts, place: str, posting: Posting, *, lowers: bool) -> None:
    debit, credit = account.sums.get(posting.currency, _NOTHING)
    amount = -posting.amount if lowers else posting.amount
    if (posting.side == "S") != lowers:
        debit += amount
    else:
        credit += amount
    account.sums[posting.currency] = (debit, credit)
    if not account.first[1]:
        account.first = (place, posting.name)
    account.last = (place, posting.name)
    if posting.part in _BY_DATEV:
        account.by_datev += 1
    else:
        account.own += 1


def _place(named: tuple[str, str]) -> str:
    return named[0]


def _told(key: Key, account: AccountParts, names: Mapping[str, str]) -> AccountSums:
    """Persons have the name that they were given with their number, or else that of their last booking."""
    is_person = key[0] in {"receivable", "payable"}
    name = names.get(key[1], "") or account.last[1] if is_person else account.first[1]
    sums = {
        currency: Sums(*(rounded(one, currency) for one in both)) for currency, both in account.sums.items()
    }
    nothing = Sums(rounded(ZERO), rounded(ZERO))
    return AccountSums(
        which=key[0],
        number=key[1],
        name=name,
        euro=sums.pop(EURO, nothing),
        foreign=dict(sorted(sums.items())),
        rows=account.rows,
        by_datev="no" if not account.by_datev else "partly" if account.own else "yes",
    )
