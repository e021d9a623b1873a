"""Targets: account and tax key of a line, by the revenue table and the line's tax case."""

from __future__ import annotations

from dataclasses import dataclass

from mlconnector.mapping.charts import Account, TaxCase, lengthened, seeded_accounts
from mlconnector.mapping.lookups import Found, revenue_row
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tax import tax_case
from mlconnector.mapping.tax_keys import fits
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Voucher


@dataclass(frozen=True, slots=True)
class Target:
    """Where a line is booked: the account, the tax key beside it (or none), and the tax case."""

    account: str
    tax_key: str
    tax_case: TaxCase


def target(voucher: Voucher, line: Line, rules: Rules) -> Found[Target] | Problem:
    """Account and tax key of a line, by the revenue table and the line's tax case."""
    case = tax_case(voucher, line, rules)
    if isinstance(case, Problem):
        return case
    match = revenue_row(voucher, line, case.value.name, rules)
    if match is None:
        return _by_default(voucher, line, case, rules)
    number, row = match
    where = f"mapping.revenue row {number}"
    account = rules.account(row)
    if account is None:
        return Found(_seeded(case.value, rules), f"{where}, account of the tax case; {case.rule}")
    if account.automatic:
        if account.tax_case != case.value.name:
            return _differs("automatic_account_differs", account, account.tax_case, case.value, line)
        return Found(Target(account.number, "", case.value), f"{where}, automatic account; {case.rule}")
    key = case.value.key if row.tax_key is None else row.tax_key
    if row.tax_key is not None and not fits(row.tax_key, case.value, named=row.tax_case is not None):
        return _differs("tax_key_differs", account, row.tax_key, case.value, line)
    return Found(Target(account.number, key, case.value), f"{where}, tax key {key or 'none'}; {case.rule}")


def _by_default(voucher: Voucher, line: Line, case: Found[TaxCase], rules: Rules) -> Found[Target] | Problem:
    if rules.mapping.default_revenue:
        return Found(_seeded(case.value, rules), f"mapping.default_revenue = true; {case.rule}")
    facts = {
        "product_code": line.product_code or "",
        "category": line.category or "",
        "product": line.product or "",
        "line": line.text,
        "pipeline": voucher.attributes.get("pipeline", ""),
        "tax_case": case.value.name,
    }
    named = next((fact for fact in ("product_code", "product", "category") if facts[fact]), "pipeline")
    return Problem("revenue_account_missing", facts, (named, "tax_case"))


def _seeded(case: TaxCase, rules: Rules) -> Target:
    number = lengthened(case.account[rules.books.chart], rules.books.account_length)
    account = seeded_accounts(rules.books.chart, rules.books.account_length)[number]
    return Target(number, "" if account.automatic else case.key, case)


def _differs(problem: str, account: Account, has: str, case: TaxCase, line: Line) -> Problem:
    """The row's account or key stands for another tax case (`has`) than the line's."""
    name = "tax_key" if problem == "tax_key_differs" else "account_tax_case"
    facts = {
        "account": account.number,
        name: has,
        "tax_case": case.name,
        "product_code": line.product_code or "",
        "line": line.text,
    }
    return Problem(problem, facts, ("account", "tax_case"))
