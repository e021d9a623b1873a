"""The form of VAT ids by country (`vat_ids.csv`): what the member states publish, without check digits."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

HOME = "DE"
_PREFIX = 2


@dataclass(frozen=True, slots=True)
class VatIdForm:
    """How one country's numbers look after the prefix, and an example with it."""

    form: re.Pattern[str]
    example: str


@cache
def vat_id_forms() -> Mapping[str, VatIdForm]:
    """The forms by prefix; Greece is EL, Northern Ireland XI."""
    text = (files(__package__) / "vat_ids.csv").read_text(encoding="utf-8")
    return {
        row["prefix"]: VatIdForm(re.compile(row["form"]), row["example"])
        for row in csv.DictReader(text.splitlines())
    }


def vat_id_fits(vat_id: str) -> bool:
    """Whether a VAT id with prefix has the form of its country; one of an unknown prefix fits none."""
    form = vat_id_forms().get(vat_id[:_PREFIX])
    return form is not None and form.form.fullmatch(vat_id[_PREFIX:]) is not None
