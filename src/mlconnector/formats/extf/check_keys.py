"""Rules on a booking's tax key (BU-Schlüssel) alone: is it known, and has it the columns that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.columns import Bookings, Column
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import TaxKey, known_key

_INDIVIDUAL_FUNCTION = frozenset(Bookings.KEY_49)


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
