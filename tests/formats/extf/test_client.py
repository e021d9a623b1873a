"""What the checker knows of accounts and tax keys, and that it agrees with what books are made by."""

from __future__ import annotations

from datetime import date

import pytest

from mlconnector.flow.agree.check_settings import given, of_rules
from mlconnector.formats.extf import ClientSettings, HeaderFacts
from mlconnector.formats.extf.client import ClientAccounts
from mlconnector.formats.extf.tax_keys import known_key
from mlconnector.formats.extf.tax_keys import tax_keys as keys_of_the_checker
from mlconnector.formats.extf.vat_ids import vat_id_fits, vat_id_forms
from mlconnector.mapping import charts, tax_keys
from mlconnector.mapping.books import Books
from mlconnector.mapping.rules import OwnAccount, Rules


def accounts(chart: str, length: int = 4) -> ClientAccounts:
    return ClientAccounts(given(chart, length, 1), HeaderFacts(fiscal_year_start=date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("chart", "length", "number", "kind"),
    [
        ("03", 4, "10001", "debtor"),
        ("03", 4, "69999", "debtor"),
        ("03", 4, "70000", "creditor"),
        ("03", 4, "01234", ""),
        ("03", 4, "8400", "sale"),
        ("04", 4, "4400", "sale"),
        ("03", 6, "840000", "sale"),
        ("03", 6, "1000100", "debtor"),
        ("03", 4, "1200", "finance"),
        ("04", 4, "1800", "finance"),
        ("03", 4, "880", "capital"),
        ("04", 4, "8400", "unused"),
        ("49", 4, "8400", ""),
        ("", 4, "8400", ""),
        ("03", 4, "84x0", ""),
    ],
)
def test_a_number_says_what_kind_of_account_it_is(chart: str, length: int, number: str, kind: str) -> None:
    assert accounts(chart, length).kind(number) == kind


def test_without_an_account_length_nobody_knows_who_is_a_person() -> None:
    assert ClientAccounts(ClientSettings("03"), HeaderFacts()).kind("10001") == ""


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
def test_seeded_accounts_are_of_the_kind_that_their_tax_case_says(chart: charts.Chart) -> None:
    known = accounts(chart.removeprefix("SKR"))
    kinds = {"sale": {"sale"}, "purchase": {"purchase", "expense"}}
    seeds = charts.seeded_accounts(chart, 4)
    automatic = {number: seed.tax_case for number, seed in seeds.items() if seed.automatic}
    taxes = [number for number, seed in seeds.items() if seed.function == "tax"]
    assert automatic
    assert taxes
    for number, case in automatic.items():
        assert known.kind(number) in kinds[charts.tax_cases()[case].direction], number
    assert [number for number in taxes if known.kind(number) != "tax"] == []


def test_tax_keys_are_the_same_as_those_that_books_are_made_by() -> None:
    ours, theirs = keys_of_the_checker(), tax_keys.tax_keys()
    corrections = {key for key, one in ours.items() if one.is_correction}
    assert set(theirs) - corrections == set(ours) - corrections
    for key in set(theirs) - corrections:
        assert ours[key].use == theirs[key].use, key


def test_a_key_is_known_with_leading_zeros_as_well() -> None:
    assert known_key("0009") == known_key("9")
    assert known_key("77") is None
    assert known_key("") is None


def test_every_member_state_has_a_form_that_its_example_fits() -> None:
    assert len(vat_id_forms()) == 28
    for prefix, form in vat_id_forms().items():
        assert form.example.startswith(prefix)
        assert vat_id_fits(form.example)
        assert not vat_id_fits(form.example + "-")
    assert not vat_id_fits("US123456789")


def test_the_books_of_a_connection_say_what_is_known_of_the_client() -> None:
    own = OwnAccount(number="84500", name="Erlöse Werkstatt", function="automatic", tax_case="domestic_19")
    books = Books(chart="SKR03", account_length=5, fiscal_year_start=7)
    known = of_rules(Rules.model_validate({"books": books, "mapping": {}, "chart": [own]}))
    assert (known.chart, known.account_length, known.fiscal_year_start) == ("03", 5, 7)
    assert known.accounts["84500"].tax_case == "domestic_19"
    assert known.accounts["81250"].needs_vat_id
    assert known.accounts["14000"].collective
    assert known.other_chart["44000"] == "Erlöse 19 % USt"


@pytest.mark.parametrize(
    ("chart", "length", "number", "functions"),
    [
        ("SKR03", 4, "1593", {"KU"}),
        ("SKR04", 4, "1495", {"KU"}),
        ("SKR03", 4, "8195", {"R", "M"}),
        ("SKR03", 6, "841000", {"AM", "M"}),
        ("SKR03", 4, "880", {"KU"}),
        ("SKR03", 4, "10001", set()),
    ],
)
def test_datevs_chart_says_what_it_makes_of_a_number(
    chart: charts.Chart, length: int, number: str, functions: set[str]
) -> None:
    made = Rules.model_validate({"books": {"chart": chart, "account_length": length}, "mapping": {}})
    known = ClientAccounts(of_rules(made), HeaderFacts(fiscal_year_start=date(2026, 1, 1)))
    assert known.functions(number) == functions


def test_what_the_clients_own_chart_says_of_a_number_goes_before() -> None:
    own = [{"number": "8195", "name": "Erlöse", "function": "none"}]
    made = Rules.model_validate({"books": {"chart": "SKR03"}, "mapping": {}, "chart": own})
    known = ClientAccounts(of_rules(made), HeaderFacts(fiscal_year_start=date(2026, 1, 1)))
    assert known.functions("8195") == frozenset()
