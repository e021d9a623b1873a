"""Accounts have functions in DATEV's charts: automatic, collective, reserved, and which tax they take."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.account_functions import functions_of
from mlconnector.mapping.charts import Chart, seeded_accounts
from tests.mapping.builders import rules

DOWN_PAYMENTS = [("SKR03", "1593"), ("SKR04", "1495")]


def refusal(chart: str, **tables: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        rules({"chart": chart}, **tables)
    return str(refused.value)


@pytest.mark.parametrize(
    ("chart", "number", "functions"),
    [
        ("SKR03", "8400", {"AM", "M"}),
        ("SKR04", "4400", {"AM", "M"}),
        ("SKR03", "3425", {"AV", "V"}),
        ("SKR04", "5425", {"AV", "V"}),
        ("SKR03", "1400", {"S", "KU"}),
        ("SKR04", "1200", {"S", "KU"}),
        ("SKR03", "8195", {"R", "M"}),
        ("SKR04", "4185", {"R", "M"}),
        ("SKR03", "8200", {"M"}),
        ("SKR04", "4200", {"M"}),
        ("SKR03", "2300", set()),
        ("own", "8400", set()),
        ("SKR03", "840000", {"AM", "M"}),
        ("SKR03", "840001", {"M"}),
    ],
)
def test_an_account_has_the_functions_of_datevs_chart(chart: str, number: str, functions: set[str]) -> None:
    assert functions_of(number, chart) == functions


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
def test_every_seeded_account_is_what_datevs_chart_says(chart: Chart) -> None:
    differing = [
        account.number
        for account in seeded_accounts(chart, 4).values()
        if not {
            "automatic": functions_of(account.number, chart) & {"AM", "AV"},
            "collective": "S" in functions_of(account.number, chart),
            "tax": "S" in functions_of(account.number, chart) or account.number in {"1588", "1433"},
            "none": not functions_of(account.number, chart) & {"AM", "AV", "S", "R"},
        }[account.function]
    ]
    assert differing == []


@pytest.mark.parametrize(("chart", "number"), DOWN_PAYMENTS)
@pytest.mark.parametrize("key", ["3", "101"])
def test_a_key_on_an_account_that_takes_no_tax_is_refused(chart: str, number: str, key: str) -> None:
    said = refusal(chart, revenue=[{"account": number, "automatic": False, "tax_key": key}])
    assert f"mapping.revenue row 1: account {number} takes no tax in {chart} of 2026 (KU)" in said
    assert 'write tax_key = ""' in said


@pytest.mark.parametrize(("chart", "number"), DOWN_PAYMENTS)
def test_nor_may_the_tax_case_bring_one(chart: str, number: str) -> None:
    said = refusal(chart, revenue=[{"account": number, "automatic": False}])
    assert "takes no tax" in said
    assert "the tax case would bring a key" in said
    assert rules({"chart": chart}, revenue=[{"account": number, "automatic": False, "tax_key": ""}])


@pytest.mark.parametrize(("chart", "number"), [("SKR03", "8410"), ("SKR04", "4410")])
def test_an_automatic_account_cannot_be_declared_to_be_none(chart: str, number: str) -> None:
    said = refusal(chart, revenue=[{"account": number, "automatic": False}])
    assert f"account {number} is automatic in {chart} of 2026 (AM); leave automatic = false out" in said
    assert "a tax key on it would be refused" in refusal(
        chart, revenue=[{"account": number, "automatic": True, "tax_case": "domestic_19", "tax_key": "3"}]
    )


@pytest.mark.parametrize(("chart", "number"), [("SKR03", "8195"), ("SKR04", "4185")])
def test_a_reserved_account_is_refused_until_the_clients_chart_gives_it_a_function(
    chart: str, number: str
) -> None:
    row = {"account": number, "automatic": False, "tax_key": ""}
    assert f"account {number} is reserved in {chart} of 2026 (R)" in refusal(chart, revenue=[row])
    assert "is reserved" in refusal(chart, payments={"default": number})
    own = [{"number": number, "name": "Erlöse", "function": "none"}]
    assert rules({"chart": chart}, own, revenue=[row])


@pytest.mark.parametrize(("chart", "number"), [("SKR03", "1785"), ("SKR04", "3835")])
def test_a_collective_account_is_filled_by_datev_alone(chart: str, number: str) -> None:
    said = refusal(chart, expense=[{"account": number, "automatic": False, "tax_key": ""}])
    assert f"DATEV itself fills {number}" in said


@pytest.mark.parametrize(
    ("chart", "table", "number", "tax"),
    [
        ("SKR03", "revenue", "3700", "input tax alone in SKR03 of 2026 (V)"),
        ("SKR04", "revenue", "5700", "input tax alone in SKR04 of 2026 (V)"),
        ("SKR03", "expense", "8700", "output tax alone in SKR03 of 2026 (M)"),
        ("SKR04", "expense", "4700", "output tax alone in SKR04 of 2026 (M)"),
    ],
)
def test_an_account_for_one_tax_does_not_take_the_other(
    chart: str, table: str, number: str, tax: str
) -> None:
    row = {"account": number, "automatic": False}
    refused: dict[str, Any] = {table: [row]}
    taken: dict[str, Any] = {table: [{**row, "tax_key": ""}]}
    assert f"account {number} takes {tax}" in refusal(chart, **refused)
    assert rules({"chart": chart}, **taken)


def test_an_own_chart_has_no_functions_but_its_own() -> None:
    assert rules({"chart": "own"}, revenue=[{"account": "8195", "automatic": False}])
