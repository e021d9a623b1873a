"""Targets: account and tax key of a line, by the table of accounts and the line's tax case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from mlconnector.mapping.charts import Account, TaxCase, lengthened
from mlconnector.mapping.lookups import Found, account_row, later_row, row_facts, table_name
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import AccountRow
from mlconnector.mapping.tax import tax_case
from mlconnector.mapping.tax_keys import fits
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Voucher

_DEFAULTS = {"sale": "default_revenue", "purchase": "default_expense"}
_MISSING = {"sale": "revenue_account_missing", "purchase": "expense_account_missing"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a line is booked: the account, the tax key beside it (or none), the tax case and its rate.

    `matter` is the Sachverhalt L+L where the tax case leaves it to the row. `country` is the one that taxes
    the line (ISO 3166, or XI for Northern Ireland) where the tax case reports it, and `origin` the client's
    VAT id where the goods leave from another member state. `deductible` is the part of the input tax in
    percent that may be deducted, None for all of it.
    """

    account: str
    tax_key: str
    tax_case: TaxCase
    rate: Decimal
    matter: str = ""
    country: str = ""
    origin: str = ""
    deductible: Decimal | None = None


def target(voucher: Voucher, line: Line, rules: Rules) -> Found[Target] | Problem:
    """Account and tax key of a line, by the table of accounts and the line's tax case."""
    taxed = tax_case(voucher, line, rules)
    if isinstance(taxed, Problem):
        return taxed
    case = taxed.value.case
    found = _by_table(voucher, line, Found(case, taxed.because), rules)
    if isinstance(found, Problem):
        return found
    found = replace(found, value=replace(found.value, deductible=taxed.value.deductible))
    if case.eu != "country":
        return found
    stock, vat_ids = taxed.value.stock, rules.mapping.places.vat_ids
    if stock != "DE" and stock not in vat_ids:
        facts = {"country": stock, "line": line.text, "tax_case": case.name}
        return Problem("origin_vat_id_missing", facts, ("country",))
    value = replace(found.value, country=taxed.value.country, origin=vat_ids.get(stock, ""))
    return replace(found, value=value)


def target_of_case(voucher: Voucher, line: Line, case: TaxCase, rules: Rules) -> Found[Target] | Problem:
    """Account and tax key of a part of a line whose tax case follows from the line's own.

    Rows of the table have to name the case: those that do not are for the line's own.
    """
    found = Found(case, (Because("tax_case", case.name, "case_of_part"),))
    match = account_row(voucher, line, case.name, rules)
    if match is not None and match[1].tax_case == case.name:
        return _by_table(voucher, line, found, rules)
    by_case = Because("account", "", "account_of_part")
    return _seeded(voucher, line, found, rules, by_case, "")


def target_of_part(voucher: Voucher, line: Line, case: TaxCase, rules: Rules) -> Found[Target] | Problem:
    """Account and tax key of a part of a line that differs from the rest by its tax case alone."""
    return _by_table(voucher, line, Found(case, (Because("tax_case", case.name, "case_of_part"),)), rules)


def _by_table(voucher: Voucher, line: Line, case: Found[TaxCase], rules: Rules) -> Found[Target] | Problem:
    match = account_row(voucher, line, case.value.name, rules)
    if match is None:
        return _by_default(voucher, line, case, rules)
    number, row = match
    matter = _matter(row, case.value)
    if case.value.matter and not matter:
        facts = {"tax_case": case.value.name, "table": table_name(voucher), "row": str(number)}
        return Problem("matter_missing", facts, ("tax_case", "table", "row"))
    account = rules.account(row)
    by_row = Because("account", "", "row" if account else "row_of_case", row_facts(voucher, match))
    if account is None:
        return _seeded(voucher, line, case, rules, by_row, matter)
    rate = _rate(case.value, line)
    if account.automatic:
        if account.tax_case != case.value.name:
            return _differs("automatic_account_differs", account, account.tax_case, case.value, voucher, line)
        found = Target(account.number, "", case.value, rate, matter)
        return _found(found, by_row, _automatic(account), case)
    key = case.value.key_on(voucher.document_date) if row.tax_key is None else row.tax_key
    if row.tax_key is not None and not fits(row.tax_key, case.value, named=row.tax_case is not None):
        return _differs("tax_key_differs", account, row.tax_key, case.value, voucher, line)
    found = Target(account.number, key, case.value, rate, matter)
    own_key = Because("tax_key", key, "row", row_facts(voucher, match))
    return _found(found, by_row, _key_of(case.value, key) if row.tax_key is None else own_key, case)


def _matter(row: AccountRow, case: TaxCase) -> str:
    """The matter of a row, for cases that leave it to the row, or that the row itself names."""
    wanted = case.own_rate and (case.matter or row.tax_case)
    return (row.matter or "") if wanted else ""


def _by_default(voucher: Voucher, line: Line, case: Found[TaxCase], rules: Rules) -> Found[Target] | Problem:
    setting = _DEFAULTS[voucher.direction]
    if getattr(rules.mapping, setting):
        if case.value.matter:
            facts = {"tax_case": case.value.name, "table": table_name(voucher), "row": ""}
            return Problem("matter_missing", facts, ("tax_case", "table"))
        by_setting = Because("account", "", "default_of_case", {"setting": f"mapping.{setting}"})
        return _seeded(voucher, line, case, rules, by_setting, "")
    return _account_missing(voucher, line, case.value, rules)


def _account_missing(voucher: Voucher, line: Line, case: TaxCase, rules: Rules) -> Problem:
    later = later_row(voucher, line, rules, lambda row: row.tax_case in {None, case.name})
    if later is not None:
        return later
    facts = {
        "product_code": line.product_code or "",
        "category": line.category or "",
        "product": line.product or "",
        "line": line.text,
        "pipeline": voucher.attributes.get("pipeline", ""),
        "tax_case": case.name,
    }
    named = next((fact for fact in ("product_code", "product", "category") if facts[fact]), "pipeline")
    return Problem(_MISSING[voucher.direction], facts, (named, "tax_case"))


def _seeded(
    voucher: Voucher, line: Line, case: Found[TaxCase], rules: Rules, why: Because, matter: str
) -> Found[Target] | Problem:
    """The account that the seeds propose for the case, where the chart has one."""
    proposed = case.value.account.get(rules.books.chart)
    number = lengthened(proposed, rules.books.account_length) if proposed else ""
    account = rules.accounts.get(number)
    if account is None:
        return _account_missing(voucher, line, case.value, rules)
    if account.automatic and account.tax_case != case.value.name:
        return _differs("automatic_account_differs", account, account.tax_case, case.value, voucher, line)
    key = "" if account.automatic else case.value.key_on(voucher.document_date)
    found = Target(account.number, key, case.value, _rate(case.value, line), matter)
    by_case = _automatic(account) if account.automatic else _key_of(case.value, key)
    return _found(found, why, by_case, case)


def _found(target: Target, account: Because, key: Because, case: Found[TaxCase]) -> Found[Target]:
    """A target with why it has its account, its key and its tax case."""
    account = msgspec.structs.replace(account, value=target.account)
    return Found(target, (account, key, *case.because))


def _automatic(account: Account) -> Because:
    return Because("tax_key", "", "automatic_account", {"account": account.number})


def _key_of(case: TaxCase, key: str) -> Because:
    return Because("tax_key", key, "key_of_case" if key else "no_key", {"tax_case": case.name})


def _rate(case: TaxCase, line: Line) -> Decimal:
    """The rate that DATEV books with: the case's own, or that of the other member state on the line."""
    if case.own_rate:
        return case.own_rate
    return line.tax_rate if case.rate is None else case.rate


def _differs(
    problem: str, account: Account, has: str, case: TaxCase, voucher: Voucher, line: Line
) -> Problem:
    """The row's account or key stands for another tax case (`has`) than the line's."""
    name = "tax_key" if problem == "tax_key_differs" else "account_tax_case"
    facts = {
        "account": account.number,
        name: has,
        "tax_case": case.name,
        "table": table_name(voucher),
        "product_code": line.product_code or "",
        "line": line.text,
    }
    return Problem(problem, facts, ("account", "tax_case"))
