"""Tax keys (BU-Schlüssel): which direction each has, and for which tax case of the seeds it stands."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mlconnector.mapping.charts import TaxCase


@dataclass(frozen=True, slots=True)
class TaxKey:
    """A key of DATEV's own list; `use` is sale, purchase or other (corrections, switching automatics off)."""

    key: str
    use: str
    tax_case: str
    title: str


@cache
def tax_keys() -> dict[str, TaxKey]:
    """The known keys; a client's books may have individual ones beside them."""
    text = files(__package__).joinpath("tax_keys.csv").read_text(encoding="utf-8")
    return {row["key"]: TaxKey(**row) for row in csv.DictReader(text.splitlines())}


def fits(key: str, case: TaxCase, *, named: bool) -> bool:
    """Whether a row's own key may stand beside a tax case; `named` says that the row names this case.

    No key leaves the amount untaxed, so the case must be. A key that the seeds do not know, or for no
    single case, has to be tied to its case by the row.
    """
    if key == "":
        return case.rate == 0
    known = tax_keys().get(key.lstrip("0"))
    if known is not None and known.use != case.direction:
        return False
    if known is None or not known.tax_case:
        return named
    return known.tax_case == case.name
