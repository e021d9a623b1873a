"""Lookups in the mapping tables; each gives the value and why, or the problem that says what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from stdnum.eu import vat

from mlconnector.mapping.charts import Account, TaxCase, lengthened, region, seeded_accounts, tax_cases
from mlconnector.mapping.rules import CostCentres, RevenueRow, Rules
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Voucher

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value, and the row or rule that gave it."""

    value: T
    rule: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where a line is booked: the account, the tax key beside it (or none), and the tax case."""

    account: str
    tax_key: str
    tax_case: TaxCase


def revenue_row(
    voucher: Voucher, line: Line, case: str | None, rules: Rules
) -> tuple[int, RevenueRow] | None:
    """The most specific revenue row whose facts all hold, with its number; None when none does.

    Without `case` only rows are considered that do not name one: these decide what is supplied.
    """
    best: tuple[int, int, RevenueRow] | None = None
    for number, row in enumerate(rules.mapping.revenue, start=1):
        if row.tax_case is not None and row.tax_case != case:
            continue
        rank = _rank(row, voucher, line)
        if rank is not None and (best is None or rank > best[0]):
            best = (rank, number, row)
    return None if best is None else best[1:]


def _rank(row: RevenueRow, voucher: Voucher, line: Line) -> int | None:
    facts = (
        (8, row.product, line.product),
        (4, row.product_code, line.product_code),
        (2, row.category, line.category),
        (1, row.pipeline, voucher.attributes.get("pipeline")),
    )
    rank = 1 if row.tax_case is not None else 0
    for weight, wanted, given in facts:
        if wanted is None:
            continue
        if wanted != given:
            return None
        rank += 2 * weight
    return rank


def tax_case(voucher: Voucher, line: Line, rules: Rules) -> Found[TaxCase] | Problem:
    """The tax case of a line, by rate, the customer's country, VAT id and what is supplied."""
    rate = Decimal(0) if line.tax_method == "none" else line.tax_rate
    if rules.mapping.small_business:
        return _small_business(voucher, rate)
    party = voucher.party
    if party is None or party.country is None:
        facts = {"party": party.name if party else "", "rate": f"{rate.normalize():f}"}
        return Problem(
            "country_missing", {**facts, "party_id": party.external_id if party else ""}, ("party_id",)
        )
    where, has_vat_id = region(party.country), _foreign_vat_id(party)
    supply = _supply(voucher, line, rules)
    for number, choice in enumerate(rules.mapping.tax_case, start=1):
        if (
            choice.rate == rate
            and choice.region == where
            and choice.vat_id in {"any", has_vat_id}
            and choice.supply in {"any", supply}
            and choice.category in {None, line.category}
            and choice.product_code in {None, line.product_code}
        ):
            return Found(tax_cases()[choice.case], f"mapping.tax_case row {number}")
    matching = [
        case
        for case in tax_cases().values()
        if case.direction == voucher.direction
        and case.rate == rate
        and case.region == where
        and case.vat_id in {"any", has_vat_id}
    ]
    decided = [case for case in matching if case.supply in {"any", supply}]
    if len(decided) == 1:
        facts_seen = (
            f"rate {rate.normalize():f} %, {where} ({party.country}), VAT id {has_vat_id}, {supply or 'any'}"
        )
        return Found(decided[0], f"seeded tax case {decided[0].name}: {facts_seen}")
    return _undecided(voucher, line, rate, where, has_vat_id, matching)


def _undecided(
    voucher: Voucher, line: Line, rate: Decimal, where: str, has_vat_id: str, matching: list[TaxCase]
) -> Problem:
    facts = {
        "rate": f"{rate.normalize():f}",
        "region": where,
        "vat_id": has_vat_id,
        "country": voucher.party.country or "" if voucher.party else "",
        "category": line.category or "",
        "product_code": line.product_code or "",
        "line": line.text,
    }
    if matching:
        return Problem("supply_unknown", facts, ("region", "category", "product_code"))
    return Problem("tax_case_unknown", facts, ("rate", "region", "vat_id"))


def _small_business(voucher: Voucher, rate: Decimal) -> Found[TaxCase] | Problem:
    if rate == 0:
        return Found(tax_cases()["small_business"], "mapping.small_business = true")
    facts = {"rate": f"{rate.normalize():f}", "number": voucher.number or ""}
    return Problem("small_business_with_tax", facts, ("rate",))


def _supply(voucher: Voucher, line: Line, rules: Rules) -> str | None:
    row = revenue_row(voucher, line, None, rules)
    if row is not None and row[1].supply is not None:
        return row[1].supply
    return rules.mapping.supply


def _foreign_vat_id(party: Party) -> str:
    """`yes` for a VAT id of another member state; a German one does not make a supply tax-free."""
    return "yes" if party.vat_id and not party.vat_id.upper().startswith("DE") else "no"


def vat_id_problem(party: Party) -> Problem | None:
    """What is wrong with the party's VAT id by form and check digits, if anything."""
    if not party.vat_id or vat.is_valid(party.vat_id):
        return None
    facts = {"vat_id": party.vat_id, "party": party.name, "party_id": party.external_id}
    return Problem("vat_id_invalid", facts, ("party_id", "vat_id"))


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
            return _wrong_automatic(account, case.value, line)
        return Found(Target(account.number, "", case.value), f"{where}, automatic account; {case.rule}")
    key = case.value.key if row.tax_key is None else row.tax_key
    return Found(Target(account.number, key, case.value), f"{where}, tax key {key or 'none'}; {case.rule}")


def _by_default(voucher: Voucher, line: Line, case: Found[TaxCase], rules: Rules) -> Found[Target] | Problem:
    if rules.mapping.default_revenue:
        return Found(_seeded(case.value, rules), f"mapping.default_revenue = true; {case.rule}")
    facts = {
        "product_code": line.product_code or "",
        "category": line.category or "",
        "product": line.product or line.text,
        "pipeline": voucher.attributes.get("pipeline", ""),
        "tax_case": case.value.name,
    }
    shared = ("product_code", "tax_case") if line.product_code else ("product", "tax_case")
    return Problem("revenue_account_missing", facts, shared)


def _seeded(case: TaxCase, rules: Rules) -> Target:
    number = lengthened(case.account[rules.books.chart], rules.books.account_length)
    account = seeded_accounts(rules.books.chart, rules.books.account_length)[number]
    return Target(number, "" if account.automatic else case.key, case)


def _wrong_automatic(account: Account, case: TaxCase, line: Line) -> Problem:
    facts = {
        "account": account.number,
        "account_tax_case": account.tax_case,
        "tax_case": case.name,
        "product_code": line.product_code or "",
        "line": line.text,
    }
    return Problem("automatic_account_differs", facts, ("account", "tax_case"))


def cost_centre(voucher: Voucher, table: CostCentres | None) -> Found[str] | Problem:
    """The cost centre by the attribute that the table looks at; none where no table is set up."""
    if table is None:
        return Found("", "no cost centre table")
    given = voucher.attributes.get(table.attribute, "")
    if given in table.table:
        return Found(table.table[given], f"cost centre table, {table.attribute} = {given}")
    if given == "" or table.default is not None:
        return Found(table.default or "", "default of the cost centre table")
    facts = {"attribute": table.attribute, "value": given}
    return Problem("cost_centre_unknown", facts, ("attribute", "value"))


def exchange_rate(voucher: Voucher, rules: Rules) -> Found[Decimal | None] | Problem:
    """Foreign units for one EUR: from the voucher, else from the table by currency and month."""
    if voucher.currency == "EUR":
        return Found(None, "EUR")
    if voucher.exchange_rate is not None and voucher.exchange_rate > 0:
        return Found(voucher.exchange_rate, "exchange rate of the voucher")
    month = f"{voucher.currency} {voucher.document_date:%Y-%m}"
    if month in rules.mapping.exchange_rates:
        return Found(rules.mapping.exchange_rates[month], f"mapping.exchange_rates {month}")
    facts = {"currency": voucher.currency, "month": f"{voucher.document_date:%Y-%m}"}
    return Problem("exchange_rate_missing", facts, ("currency", "month"))
