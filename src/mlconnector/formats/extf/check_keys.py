"""Rules on a booking's tax key (BU-Schlüssel) alone: is it known, and has it the columns that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import TaxKey, known_key

_VAT_ID, _EU_RATE, _CASE, _SUPPLEMENT, _RATE, _COUNTRY = 40, 41, 43, 44, 119, 120
_INDIVIDUAL_FUNCTION = frozenset({45, 46, 47})


def key_faults(key: str, filled: frozenset[int], cells: Sequence[str]) -> Iterator[Fault]:
    """Faults of a key in a line with these columns (from 1) filled."""
    known = known_key(key)
    if key and known is None:
        yield "EXTF-B-243", 9, ""
    if known is not None:
        yield from _companions(known, filled)
    yield from _reverse_charge(known, filled, cells)


def _companions(key: TaxKey, filled: frozenset[int]) -> Iterator[Fault]:
    if "vat_id" in key.needs and _VAT_ID not in filled:
        yield "EXTF-B-228", _VAT_ID, "ATU12345678"
    if "country" in key.needs and filled.isdisjoint({_VAT_ID, _COUNTRY}):
        yield "EXTF-B-229", _VAT_ID, "AT"
    if "eu_rate" in key.needs and filled.isdisjoint({_EU_RATE, _RATE}):
        yield "EXTF-B-232", _EU_RATE, "20,00"
    if "rate" in key.needs and _RATE not in filled:
        yield "EXTF-B-234", _RATE, "19,00"
    missing = _INDIVIDUAL_FUNCTION - filled
    if "function" in key.needs and missing:
        yield "EXTF-B-245", min(missing), ""


def _reverse_charge(key: TaxKey | None, filled: frozenset[int], cells: Sequence[str]) -> Iterator[Fault]:
    needed = key is not None and "case" in key.needs
    if needed and _CASE not in filled:
        yield "EXTF-B-235", _CASE, "1"
    if not needed and _CASE in filled and (key is None or key.use != "purchase"):
        yield "EXTF-B-236", _CASE, "91 / 92 / 94 / 95 / 501 / 502"
    if _SUPPLEMENT not in filled:
        return
    if _CASE not in filled:
        yield "EXTF-B-237", _CASE, "1"
    supplement = value_of(cells[_SUPPLEMENT - 1])
    if needed and key is not None and key.rate and supplement != f"{key.rate}0":
        yield "EXTF-B-239", _SUPPLEMENT, f"{key.rate}0"
