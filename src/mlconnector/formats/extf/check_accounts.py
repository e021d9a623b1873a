"""Rules on a booking's two accounts and its tax key: what kinds of accounts meet, and what they do not take.

Kinds come from the length of numbers and the standard charts; which accounts are automatic or collective is
known only where the caller gives the client's settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.check_functions import function_faults
from mlconnector.formats.extf.client import PERSONS, PURCHASES, ChartAccount, ClientAccounts, Kind
from mlconnector.formats.extf.columns import Bookings, Column
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import AUTOMATIC_OFF, TaxKey, known_key

_TAXLESS: frozenset[Kind] = PERSONS | {"finance"}
_BOOKED: frozenset[Kind] = PURCHASES | {"sale"}
_INDIVIDUAL_FUNCTION = frozenset(Bookings.KEY_49)


def account_faults(
    client: ClientAccounts, account: str, contra: str, key: str, filled: frozenset[Column]
) -> Iterator[Fault]:
    """Faults of a line that books between these accounts, with these columns filled."""
    if account and account == contra:
        yield "EXTF-B-208", Bookings.CONTRA_ACCOUNT, ""
        return
    sides = (
        (Bookings.ACCOUNT, account, client.kind(account)),
        (Bookings.CONTRA_ACCOUNT, contra, client.kind(contra)),
    )
    kinds = frozenset(kind for _, _, kind in sides)
    yield from _persons(kinds, filled, client)
    for (column, number, kind), (_, _, opposite) in (sides, sides[::-1]):
        yield from _one_side(client, column, number, kind, opposite)
    known = tuple(client.known(number) for _, number, _ in sides)
    yield from _functions(sides, known, key, filled)
    yield from function_faults(client, sides, key, Bookings.TAX_KEY)
    used = known_key(key)
    if used is not None and used.key != AUTOMATIC_OFF:
        yield from _directions(used, sides, kinds)
    if "capital" in kinds and Bookings.BVV not in filled:
        yield "EXTF-B-311", Bookings.BVV, "1-5"
    if Bookings.BVV in filled and client.chart and "" not in kinds and "capital" not in kinds:
        yield "EXTF-B-312", Bookings.BVV, ""


def _persons(kinds: frozenset[Kind], filled: frozenset[Column], client: ClientAccounts) -> Iterator[Fault]:
    if kinds <= PERSONS:
        yield "EXTF-B-240", Bookings.CONTRA_ACCOUNT, ""
    if kinds & PERSONS and Bookings.DOCUMENT_FIELD_1 not in filled:
        yield "EXTF-B-241", Bookings.DOCUMENT_FIELD_1, ""
    if Bookings.DISCOUNT in filled and client.length is not None:
        if not kinds & PERSONS:
            yield "EXTF-B-251", Bookings.DISCOUNT, ""
        elif kinds & _BOOKED:
            yield "EXTF-B-310", Bookings.DISCOUNT, ""


def _one_side(
    client: ClientAccounts, column: Column, number: str, kind: Kind, opposite: Kind
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
    sides: tuple[tuple[Column, str, Kind], ...],
    known: tuple[ChartAccount | None, ...],
    key: str,
    filled: frozenset[Column],
) -> Iterator[Fault]:
    automatic = [one for one in known if one is not None and one.tax_case is not None]
    for (column, _, _), one in zip(sides, known, strict=True):
        if one is not None and one.collective:
            yield "EXTF-B-306", column, one.name
    used = known_key(key)
    switches = used is not None and (used.key == AUTOMATIC_OFF or used.is_correction)
    if automatic and key and not switches:
        yield "EXTF-B-301", Bookings.TAX_KEY, f"{automatic[0].name}: {AUTOMATIC_OFF}"
    if used is not None and used.key == AUTOMATIC_OFF and not automatic and _all_known(sides, known):
        yield "EXTF-B-302", Bookings.TAX_KEY, ""
    if Bookings.EU_VAT_ID not in filled and not key and any(one.needs_vat_id for one in automatic):
        yield "EXTF-B-313", Bookings.EU_VAT_ID, "ATU12345678"


def _all_known(sides: tuple[tuple[Column, str, Kind], ...], known: tuple[ChartAccount | None, ...]) -> bool:
    return all(one is not None or kind in PERSONS for (_, _, kind), one in zip(sides, known, strict=True))


def _directions(
    key: TaxKey, sides: tuple[tuple[Column, str, Kind], ...], kinds: frozenset[Kind]
) -> Iterator[Fault]:
    wrong = {"sale": PURCHASES, "purchase": frozenset[Kind]({"sale"}), "other": frozenset[Kind]()}[key.use]
    for _, number, kind in sides:
        if kind in wrong:
            yield "EXTF-B-303", Bookings.TAX_KEY, number
    person = {"sale": "creditor", "purchase": "debtor", "other": "-"}[key.use]
    if person in kinds and not kinds & wrong:
        yield "EXTF-B-244", Bookings.TAX_KEY, ""
    if kinds <= _TAXLESS:
        yield "EXTF-B-308", Bookings.TAX_KEY, ""
    for column, _, kind in sides:
        if kind == "tax":
            yield "EXTF-B-309", column, ""


def key_faults(key: str, filled: frozenset[Column], cells: Sequence[str]) -> Iterator[Fault]:
    """Faults of a key in a line with these columns filled."""
    known = known_key(key)
    if key and known is None:
        yield "EXTF-B-243", Bookings.TAX_KEY, ""
    if known is not None:
        yield from _companions(known, filled)
    yield from _reverse_charge(known, filled, cells)


def _companions(key: TaxKey, filled: frozenset[Column]) -> Iterator[Fault]:
    if "vat_id" in key.needs and Bookings.EU_VAT_ID not in filled:
        yield "EXTF-B-228", Bookings.EU_VAT_ID, "ATU12345678"
    if "country" in key.needs and filled.isdisjoint({Bookings.EU_VAT_ID, Bookings.KEY_COUNTRY}):
        yield "EXTF-B-229", Bookings.EU_VAT_ID, "AT"
    if "eu_rate" in key.needs and filled.isdisjoint({Bookings.EU_RATE, Bookings.KEY_RATE}):
        yield "EXTF-B-232", Bookings.EU_RATE, "20,00"
    if "rate" in key.needs and Bookings.KEY_RATE not in filled:
        yield "EXTF-B-234", Bookings.KEY_RATE, "19,00"
    missing = _INDIVIDUAL_FUNCTION - filled
    if "function" in key.needs and missing:
        yield "EXTF-B-245", min(missing), ""


def _reverse_charge(key: TaxKey | None, filled: frozenset[Column], cells: Sequence[str]) -> Iterator[Fault]:
    needed = key is not None and "case" in key.needs
    if needed and Bookings.MATTER not in filled:
        yield "EXTF-B-235", Bookings.MATTER, "1"
    if not needed and Bookings.MATTER in filled and (key is None or key.use != "purchase"):
        yield "EXTF-B-236", Bookings.MATTER, "91 / 92 / 94 / 95 / 501 / 502"
    if Bookings.MATTER_RATE not in filled:
        return
    if Bookings.MATTER not in filled:
        yield "EXTF-B-237", Bookings.MATTER, "1"
    supplement = value_of(cells[Bookings.MATTER_RATE.place])
    if needed and key is not None and key.rate and supplement != f"{key.rate}0":
        yield "EXTF-B-239", Bookings.MATTER_RATE, f"{key.rate}0"
