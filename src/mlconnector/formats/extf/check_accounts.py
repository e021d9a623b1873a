"""Rules on a booking's two accounts and its tax key: what kinds of accounts meet, and what they do not take.

Kinds come from the length of numbers and the standard charts; which accounts are automatic or collective is
known only where the caller gives the client's settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlconnector.formats.extf.check_functions import function_faults
from mlconnector.formats.extf.client import PERSONS, PURCHASES, ChartAccount, ClientAccounts, Kind
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import AUTOMATIC_OFF, TaxKey, known_key

_ACCOUNT, _CONTRA, _KEY = 7, 8, 9
_DOCUMENT_NUMBER, _DISCOUNT, _VAT_ID, _BVV = 11, 13, 40, 122
_TAXLESS: frozenset[Kind] = PERSONS | {"finance"}
_BOOKED: frozenset[Kind] = PURCHASES | {"sale"}


def account_faults(
    client: ClientAccounts, account: str, contra: str, key: str, filled: frozenset[int]
) -> Iterator[Fault]:
    """Faults of a line that books between these accounts, with these columns (from 1) filled."""
    if account and account == contra:
        yield "EXTF-B-208", _CONTRA, ""
        return
    sides = ((_ACCOUNT, account, client.kind(account)), (_CONTRA, contra, client.kind(contra)))
    kinds = frozenset(kind for _, _, kind in sides)
    yield from _persons(kinds, filled, client)
    for (column, number, kind), (_, _, opposite) in (sides, sides[::-1]):
        yield from _one_side(client, column, number, kind, opposite)
    known = tuple(client.known(number) for _, number, _ in sides)
    yield from _functions(sides, known, key, filled)
    yield from function_faults(client, sides, key, _KEY)
    used = known_key(key)
    if used is not None and used.key != AUTOMATIC_OFF:
        yield from _directions(used, sides, kinds)
    if "capital" in kinds and _BVV not in filled:
        yield "EXTF-B-311", _BVV, "1-5"
    if _BVV in filled and client.chart and "" not in kinds and "capital" not in kinds:
        yield "EXTF-B-312", _BVV, ""


def _persons(kinds: frozenset[Kind], filled: frozenset[int], client: ClientAccounts) -> Iterator[Fault]:
    if kinds <= PERSONS:
        yield "EXTF-B-240", _CONTRA, ""
    if kinds & PERSONS and _DOCUMENT_NUMBER not in filled:
        yield "EXTF-B-241", _DOCUMENT_NUMBER, ""
    if _DISCOUNT in filled and client.length is not None:
        if not kinds & PERSONS:
            yield "EXTF-B-251", _DISCOUNT, ""
        elif kinds & _BOOKED:
            yield "EXTF-B-310", _DISCOUNT, ""


def _one_side(
    client: ClientAccounts, column: int, number: str, kind: Kind, opposite: Kind
) -> Iterator[Fault]:
    if kind == "unused" and client.known(number) is None:
        name, _ = client.elsewhere(number)
        yield "EXTF-B-304", column, name
    elif opposite in PERSONS and kind not in PERSONS and client.known(number) is None:
        name, there = client.elsewhere(number)
        if name and there != kind and _belongs(there, opposite):
            yield "EXTF-B-305", column, name
    if (kind == "sale" and opposite == "creditor") or (kind in PURCHASES and opposite == "debtor"):
        yield "EXTF-B-307", column, ""


def _belongs(kind: Kind, person: Kind) -> bool:
    """Whether this is what one books against such a person account."""
    return kind == "finance" or kind == ("sale" if person == "debtor" else "purchase")


def _functions(
    sides: tuple[tuple[int, str, Kind], ...],
    known: tuple[ChartAccount | None, ...],
    key: str,
    filled: frozenset[int],
) -> Iterator[Fault]:
    automatic = [one for one in known if one is not None and one.tax_case is not None]
    for (column, _, _), one in zip(sides, known, strict=True):
        if one is not None and one.collective:
            yield "EXTF-B-306", column, one.name
    used = known_key(key)
    switches = used is not None and (used.key == AUTOMATIC_OFF or used.is_correction)
    if automatic and key and not switches:
        yield "EXTF-B-301", _KEY, f"{automatic[0].name}: {AUTOMATIC_OFF}"
    if used is not None and used.key == AUTOMATIC_OFF and not automatic and _all_known(sides, known):
        yield "EXTF-B-302", _KEY, ""
    if _VAT_ID not in filled and not key and any(one.needs_vat_id for one in automatic):
        yield "EXTF-B-313", _VAT_ID, "ATU12345678"


def _all_known(sides: tuple[tuple[int, str, Kind], ...], known: tuple[ChartAccount | None, ...]) -> bool:
    return all(one is not None or kind in PERSONS for (_, _, kind), one in zip(sides, known, strict=True))


def _directions(
    key: TaxKey, sides: tuple[tuple[int, str, Kind], ...], kinds: frozenset[Kind]
) -> Iterator[Fault]:
    wrong = {"sale": PURCHASES, "purchase": frozenset[Kind]({"sale"}), "other": frozenset[Kind]()}[key.use]
    for _, number, kind in sides:
        if kind in wrong:
            yield "EXTF-B-303", _KEY, number
    person = {"sale": "creditor", "purchase": "debtor", "other": "-"}[key.use]
    if person in kinds and not kinds & wrong:
        yield "EXTF-B-244", _KEY, ""
    if kinds <= _TAXLESS:
        yield "EXTF-B-308", _KEY, ""
    for column, _, kind in sides:
        if kind == "tax":
            yield "EXTF-B-309", column, ""
