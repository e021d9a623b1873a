"""Tax keys (BU-Schlüssel): which direction each has, and for which tax cases of the seeds it stands."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mlconnector.mapping.charts import TaxCase


@dataclass(frozen=True, slots=True)
class TaxKey:
    """A key of DATEV's own list; `use` is sale, purchase or other (corrections, switching automatics off).

    `tax_cases` are those it stands for; none where the seeds have no such case. A key with `complete` has no
    rate of its own: the row that carries it names rate and country.
    """

    key: str
    use: str
    complete: bool
    tax_cases: tuple[str, ...]
    title: str


@cache
def tax_keys() -> dict[str, TaxKey]:
    """The known keys; a client's books may have individual ones beside them."""
    text = files(__package__).joinpath("tax_keys.csv").read_text(encoding="utf-8")
    return {
        row["key"]: TaxKey(
            row["key"], row["use"], row["complete"] == "yes", tuple(row["tax_cases"].split()), row["title"]
        )
        for row in csv.DictReader(text.splitlines())
    }


def fits(key: str, case: TaxCase, *, named: bool) -> bool:
    """Whether a row's own key may stand beside a tax case; `named` says that the row names this case.

    No key leaves the amount untaxed, so the case must be. A key that the seeds do not know, or for no
    single case, has to be tied to its case by the row.
    """
    if key == "":
        return untaxed(case)
    known = tax_keys().get(key.lstrip("0"))
    if known is not None and known.use != case.direction:
        return False
    if known is None or len(known.tax_cases) != 1:
        return named and (known is None or not known.tax_cases or case.name in known.tax_cases)
    return known.tax_cases[0] == case.name


def untaxed(case: TaxCase) -> bool:
    """Whether a booking of this case moves no tax that DATEV would have to know of."""
    return (case.rate == 0 and case.own_rate == 0) or (case.deduction == "no" and case.own_rate == 0)
