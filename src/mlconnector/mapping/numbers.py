"""Numbers of debtors and creditors: which one a party gets when it has none yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mlconnector.mapping.books import Books
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party

# Before a number, the party of one that a list reserves for somebody whom no source has named yet.
RESERVED = "list:"

_USED_UP: Mapping[Ledger, str] = {
    "receivable": "debtor_range_used_up",
    "payable": "creditor_range_used_up",
}


def allocate(
    parties: Iterable[Party],
    given: Mapping[str, str],
    taken: frozenset[str],
    highest: int | None,
    books: Books,
    ledger: Ledger = "receivable",
) -> dict[str, str] | Problem:
    """New numbers by party id, for parties that neither have one in `given` nor bring their own.

    Numbers go up from `highest` (the highest allocated so far, or None). Left out are those in `taken`,
    which sources brought along, in `given`, and of the parties themselves. A problem when the range is
    used up.
    """
    if books.numbers_of(ledger).collective:
        return {}
    everybody = list(parties)
    used = taken.union(given.values(), (party.account for party in everybody if party.account))
    first, last = books.range_of(ledger)
    number = first if highest is None else max(first, highest + 1)
    new: dict[str, str] = {}
    for party in everybody:
        if party.account or party.external_id in given or party.external_id in new:
            continue
        while str(number) in used:
            number += 1
        if number > last:
            facts = {"first": str(first), "last": str(last)}
            return Problem(_USED_UP[ledger], facts, ("first", "last"))
        new[party.external_id] = str(number)
        number += 1
    return new


def changed_to(number: str, party: str) -> str:
    """The cause for which all documents wait that stand under a number and name another party now."""
    return f"party_changed:number={number},party_id={party}"


def alike(one: str, other: str) -> bool:
    """Whether two names are the same but for case, spaces and punctuation."""
    return re.sub(r"[\W_]", "", one).casefold() == re.sub(r"[\W_]", "", other).casefold()
