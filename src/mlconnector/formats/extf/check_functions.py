"""Rules on what DATEV's charts say of accounts by their numbers alone: automatic, reserved, without tax.

What a client's settings say of an account goes before: it is checked beside the accounts themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from mlconnector.formats.extf.client import PERSONS, ClientAccounts, Kind
from mlconnector.formats.extf.tax_keys import AUTOMATIC_OFF, known_key

C = TypeVar("C")

_AUTOMATIC = frozenset({"AM", "AV"})
_SAID_ELSEWHERE: frozenset[Kind] = frozenset({"finance", "tax"})


def function_faults(
    client: ClientAccounts, sides: Sequence[tuple[C, str, Kind]], key: str, key_column: C
) -> Iterator[tuple[str, C, str]]:
    """Faults of a line between two accounts, each with its column, its number and its kind."""
    found = [(column, number, kind, client.functions(number)) for column, number, kind in sides]
    for column, number, _, functions in found:
        if "R" in functions:
            yield "EXTF-B-315", column, number
    used = known_key(key)
    if not key or (used is not None and (used.key == AUTOMATIC_OFF or used.is_correction)):
        return
    for _, number, _, functions in found:
        if functions & _AUTOMATIC and client.known(number) is None:
            yield "EXTF-B-301", key_column, f"{number}: {AUTOMATIC_OFF}"
    taxless = [one for one in found if "KU" in one[3] and not one[3] & _AUTOMATIC]
    nobody = all(kind in PERSONS or "KU" in functions for _, _, kind, functions in found)
    named = [number for _, number, kind, _ in taxless if kind not in _SAID_ELSEWHERE]
    if nobody and named:
        yield "EXTF-B-314", key_column, named[0]
