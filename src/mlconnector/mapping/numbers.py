"""Debtor numbers: which number a party gets when it has none yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlconnector.mapping.rules import Books
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party


def allocate(
    parties: Iterable[Party],
    given: Mapping[str, str],
    taken: frozenset[str],
    highest: int | None,
    books: Books,
) -> dict[str, str] | Problem:
    """New numbers by party id, for parties that neither have one in `given` nor bring their own.

    Numbers go up from `highest` (the highest allocated so far, or None). Left out are those in `taken`,
    which sources brought along, in `given`, and of the parties themselves. A problem when the range is
    used up.
    """
    if books.debtors.collective:
        return {}
    everybody = list(parties)
    used = taken.union(given.values(), (party.account for party in everybody if party.account))
    first, last = books.debtor_range
    number = first if highest is None else max(first, highest + 1)
    new: dict[str, str] = {}
    for party in everybody:
        if party.account or party.external_id in given or party.external_id in new:
            continue
        while str(number) in used:
            number += 1
        if number > last:
            facts = {"first": str(first), "last": str(last)}
            return Problem("debtor_range_used_up", facts, ("first", "last"))
        new[party.external_id] = str(number)
        number += 1
    return new
