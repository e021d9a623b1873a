"""What the file check knows of a client: from a connection's rules, or from a standard chart's seeds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import BinaryIO

from mlconnector.formats.extf import ChartAccount, ClientSettings, HeaderFacts, facts_of
from mlconnector.mapping.account_functions import functions_of
from mlconnector.mapping.charts import Account, Chart, seeded_accounts, tax_cases
from mlconnector.mapping.rules import Rules

_CHARTS: Mapping[str, Chart] = {"03": "SKR03", "04": "SKR04"}
_OTHERS: Mapping[str, Chart] = {"03": "SKR04", "04": "SKR03"}
_SHORTEST_LENGTH = 4


def of_rules(rules: Rules) -> ClientSettings:
    """The books of a connection, with the client's own accounts before the seeds."""
    books = rules.books
    chart = "" if books.chart == "own" else books.chart.removeprefix("SKR")
    return _settings(chart, books.account_length, books.fiscal_year_start, rules.accounts)


def given(chart: str, account_length: int | None, fiscal_year_start: int | None) -> ClientSettings:
    """What a caller states, without accounts: `of_file` adds those of the chart that holds for a file."""
    return ClientSettings(chart, account_length, fiscal_year_start)


def of_file(stream: BinaryIO, stated: ClientSettings) -> ClientSettings:
    """The settings for one file: where no accounts are known, the seeds of its chart; rewinds the stream."""
    if stated.accounts:
        return stated
    facts: HeaderFacts = facts_of(stream)
    stream.seek(0)
    chart = stated.chart or facts.chart or ""
    length = facts.account_length or stated.account_length or _SHORTEST_LENGTH
    named = _CHARTS.get(chart)
    seeds = seeded_accounts(named, length) if named is not None else {}
    described = _settings(chart, length, None, seeds)
    return ClientSettings(
        stated.chart,
        stated.account_length,
        stated.fiscal_year_start,
        described.accounts,
        described.other_chart,
        described.functions,
    )


def _settings(
    chart: str, length: int, fiscal_year_start: int | None, accounts: Mapping[str, Account]
) -> ClientSettings:
    other = _OTHERS.get(chart)
    elsewhere = seeded_accounts(other, length) if other is not None else {}
    return ClientSettings(
        chart,
        length,
        fiscal_year_start,
        {number: _described(account) for number, account in accounts.items()},
        {number: account.name for number, account in elsewhere.items()},
        partial(functions_of, chart=_CHARTS.get(chart, "own")),
    )


def _described(account: Account) -> ChartAccount:
    case = tax_cases().get(account.tax_case) if account.automatic else None
    return ChartAccount(
        account.name,
        tax_case=account.tax_case if account.automatic else None,
        needs_vat_id=case is not None and case.direction == "sale" and case.vat_id == "yes",
        collective=account.function == "collective",
        own=account.own,
    )
