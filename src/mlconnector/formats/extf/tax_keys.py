"""Tax keys (BU-Schlüssel) as a file shows them: direction, rate, and the columns that a key needs.

Facts: DATEV's list of tax keys (`tax_keys.csv`) and of correction keys (`correction_keys.csv`), which mark a
Generalumkehr of another key. A client may have keys of its own beside them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Use = Literal["sale", "purchase", "other"]
_USES: Mapping[str, Use] = {"sale": "sale", "purchase": "purchase", "other": "other"}
AUTOMATIC_OFF = "40"
INDIVIDUAL = "49"
CORRECTION = "20"


@dataclass(frozen=True, slots=True)
class TaxKey:
    """One key; `rate` is empty where the key has none of its own.

    `needs` are: `vat_id` and `country` (column 40), `rate` (119), `eu_rate` (41 or 119), `case` (43),
    `function` (45 to 47); `lowered` marks the rates of July to December 2020. `is_correction` says that the
    key takes a booking back (Generalumkehr).
    """

    key: str
    use: Use
    rate: str
    needs: frozenset[str]
    is_correction: bool = False


@cache
def tax_keys() -> Mapping[str, TaxKey]:
    """All known keys without leading zeros; correction keys have what the key that they correct has."""
    keys = {
        row["key"]: TaxKey(row["key"], _USES[row["use"]], row["rate"], frozenset(row["needs"].split()))
        for row in _table("tax_keys.csv")
    }
    for row in _table("correction_keys.csv"):
        corrected = keys[row["key"]]
        needs = corrected.needs - {"lowered"}
        keys[row["correction"]] = TaxKey(
            row["correction"], corrected.use, corrected.rate, needs, is_correction=True
        )
    keys[CORRECTION] = TaxKey(CORRECTION, "other", "", frozenset(), is_correction=True)
    return keys


def known_key(written: str) -> TaxKey | None:
    """The key that stands in a file, also with leading zeros (`0009`); None for one that is not known."""
    return tax_keys().get(written.lstrip("0"))


def _table(name: str) -> Iterable[Mapping[str, str]]:
    return csv.DictReader((files(__package__) / name).read_text(encoding="utf-8").splitlines())
