"""Checks of rows of the mapping by themselves: the tax cases that they name, and keys that go with them."""

from __future__ import annotations

from mlconnector.mapping.charts import TaxCase, tax_cases, without_deduction
from mlconnector.mapping.tables import TaxCaseRow
from mlconnector.mapping.tax_keys import fits, tax_keys


def known_case(name: str | None, where: str) -> TaxCase | None:
    """The tax case of this name, None for none; raises `ValueError` for one that there is not."""
    if name is None:
        return None
    if name not in tax_cases():
        raise ValueError(f"{where}: unknown tax case {name!r}; known: {', '.join(tax_cases())}")
    return tax_cases()[name]


def check_key(key: str, case: TaxCase | None, direction: str, where: str) -> None:
    """Refuse a tax key that cannot stand in a row: raises `ValueError`."""
    known = tax_keys().get(key.lstrip("0"))
    if known is not None and known.use != direction:
        raise ValueError(f"{where}: tax key {key} ({known.title}) cannot stand in a {direction}")
    if case is not None and not fits(key, case, named=True):
        means = known.title if known else "no tax"
        raise ValueError(f"{where}: tax key {key!r} ({means}) does not fit the tax case {case.name}")
    if case is None and key and (known is None or len(known.tax_cases) != 1):
        raise ValueError(f"{where}: tax key {key} stands for no single tax case; name tax_case beside it")


def check_choice(choice: TaxCaseRow, where: str) -> None:
    """Refuse a tax case that does not go with the facts its row looks at: raises `ValueError`."""
    case = known_case(choice.case, where)
    if case is None:
        return
    if choice.deductible is not None and without_deduction(case) is None:
        raise ValueError(f"{where}: deductible is for input_tax_19 and input_tax_7, not for {case.name}")
    if choice.rate is not None and case.rate is not None and case.rate != choice.rate:
        raise ValueError(f"{where}: {case.name} has {case.rate:f} %, not {choice.rate:f} %")
    if case.eu == "country" and choice.region != "eu":
        raise ValueError(f'{where}: {case.name} is taxed in another member state, so it needs region = "eu"')
    if case.vat_id == "yes" and choice.vat_id != "yes":
        raise ValueError(f'{where}: {case.name} is reported with the VAT id, so it needs vat_id = "yes"')
