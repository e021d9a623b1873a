"""Checks of rows of the mapping by themselves: the tax cases that they name, and keys that go with them."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.mapping.charts import TaxCase, tax_cases, without_deduction
from mlconnector.mapping.row_names import FollowingRow
from mlconnector.mapping.tables import ContractorRow, TaxCaseRow
from mlconnector.mapping.tax_keys import fits, tax_keys
from mlconnector.model.unsuitable import Unsuitable


def known_case(name: str | None, where: str) -> TaxCase | None:
    """The tax case of this name, None for none; raises `Unsuitable` for one that there is not."""
    if name is None:
        return None
    if name not in tax_cases():
        raise Unsuitable(
            "unknown tax case '{given}'; known: {known}",
            where=where,
            given=name,
            known=", ".join(tax_cases()),
        )
    return tax_cases()[name]


def check_is_first(row: FollowingRow, number: int, first: int, where: str) -> None:
    """Refuse a row whose facts and beginning an earlier one has, the `first` of them: raises `Unsuitable`."""
    if number == first:
        return
    if row.valid_from is None:
        raise Unsuitable("looks at the same facts as row {first}: keep one of them", where=where, first=first)
    raise Unsuitable(
        "looks at the same facts as row {first} from the same day: keep one of them, or let one begin later",
        where=where,
        first=first,
    )


def check_key(key: str, case: TaxCase | None, direction: str, where: str) -> None:
    """Refuse a tax key that cannot stand in a row: raises `Unsuitable`."""
    known = tax_keys().get(key.lstrip("0"))
    if known is not None and known.use != direction:
        raise Unsuitable(
            f"tax key {{given}} ({{title}}) cannot stand in a {direction}",
            where=where,
            given=key,
            title=known.title,
        )
    if case is not None and not fits(key, case, named=True):
        template = "tax key '{given}' ({title}) does not fit the tax case {case}"
        if known is None:
            template = "tax key '{given}' (no tax) does not fit the tax case {case}"
        title = known.title if known else ""
        raise Unsuitable(template, where=where, given=key, title=title, case=case.name)
    if case is None and key and (known is None or len(known.tax_cases) != 1):
        raise Unsuitable(
            "tax key {given} stands for no single tax case; name tax_case beside it", where=where, given=key
        )


def check_choice(choice: TaxCaseRow, where: str, *, deducts: bool) -> None:
    """Refuse a tax case that does not go with the facts its row looks at: raises `Unsuitable`.

    `deducts` is whether the client may deduct input tax at all.
    """
    case = known_case(choice.case, where)
    if case is None:
        return
    if case.deduction == "yes" and not deducts:
        raise Unsuitable(
            "{case} deducts input tax, which the client may not (input_tax, small_business)",
            where=where,
            case=case.name,
        )
    if choice.deductible is not None and without_deduction(case) is None:
        raise ValueError(f"{where}: deductible is for input_tax_19 and input_tax_7, not for {case.name}")
    if choice.rate is not None and case.rate is not None and case.rate != choice.rate:
        raise Unsuitable(
            "{case} has {rate} %, not {given} %",
            where=where,
            case=case.name,
            rate=f"{case.rate:f}",
            given=f"{choice.rate:f}",
        )
    if case.eu == "country" and choice.region != "eu":
        raise Unsuitable(
            '{case} is taxed in another member state, so it needs region = "eu"', where=where, case=case.name
        )
    if case.vat_id == "yes" and choice.vat_id != "yes":
        raise Unsuitable(
            '{case} is reported with the VAT id, so it needs vat_id = "yes"', where=where, case=case.name
        )


def check_contractor(rows: Sequence[ContractorRow], number: int, where: str) -> None:
    """Refuse a row (counted from 1) that contradicts an earlier one: raises `Unsuitable`."""
    for first, earlier in enumerate(rows[: number - 1], start=1):
        if rows[number - 1].contradicts(earlier):
            raise Unsuitable(
                "says something else than row {first} of the same days: keep one of them, or part the days",
                where=where,
                first=first,
            )
