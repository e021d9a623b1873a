from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.tax_keys import tax_keys
from tests.mapping.builders import rules


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"account": "8400", "tax_key": "3"}, "account 8400 is automatic; a tax key on it would be refused"),
        (
            {"account": "8450", "automatic": True, "tax_case": "domestic_19", "tax_key": "3"},
            "account 8450 is automatic; a tax key",
        ),
        ({"account": "8450"}, "not in the seeded chart SKR03; say automatic = true or automatic = false"),
        ({"account": "4400"}, "it is 'Erlöse 19 % USt' in SKR04"),
        ({"account": "8450", "automatic": True}, "the automatic account 8450 needs tax_case beside it"),
        ({"account": "8400", "tax_case": "domestic_7"}, "automatic for domestic_19, not for domestic_7"),
        ({"account": "1400"}, "DATEV itself fills 1400, the collective account 'Forderungen"),
        (
            {"account": "1400", "automatic": False},
            "DATEV itself fills 1400, the collective account 'Forderungen",
        ),
        ({"account": "84"}, "must be written with 4 digits"),
        ({"account": "84000"}, "must be written with 4 digits"),
        ({"tax_key": "3"}, "need an account beside them"),
        ({"automatic": False}, "need an account beside them"),
        ({"tax_case": "domestic_17"}, "unknown tax case 'domestic_17'; known: domestic_19,"),
        (
            {"tax_case": "export_goods", "supply": "goods"},
            "supply and own_rate have no effect beside tax_case",
        ),
        ({"account": "8200", "tax_key": "9"}, "tax key 9 (Vorsteuer 19 %) cannot stand in a sale"),
        ({"account": "8200", "tax_key": "0401"}, "tax key 0401 (Vorsteuer 19 %) cannot stand in a sale"),
        ({"account": "8200", "tax_key": "40"}, "(Aufhebung der Automatik) cannot stand in a sale"),
        ({"account": "8200", "tax_key": "23"}, "(Generalumkehr zu Schlüssel 3) cannot stand in a sale"),
        (
            {"account": "8200", "tax_key": "3", "tax_case": "domestic_7"},
            "tax key '3' (Umsatzsteuer 19 %) does not fit the tax case domestic_7",
        ),
        (
            {"account": "8200", "tax_key": "", "tax_case": "domestic_7"},
            "tax key '' (no tax) does not fit the tax case domestic_7",
        ),
        ({"account": "8200", "tax_key": "1"}, "stands for no single tax case; name tax_case beside it"),
        ({"account": "8200", "tax_key": "100"}, "stands for no single tax case; name tax_case beside it"),
        ({"account": "8200", "tax_key": "7777"}, "stands for no single tax case; name tax_case beside it"),
        ({"account": "8200", "tax_key": "12345"}, "pattern"),
        ({"own_rate": 19}, "own_rate and matter are for purchases"),
        ({"account": "8200", "matter": "1"}, "own_rate and matter are for purchases"),
        ({"tax_case": "input_tax_19"}, "the tax case input_tax_19 is for a purchase"),
        ({"kostenstelle": "1"}, "Extra inputs are not permitted"),
    ],
)
def test_a_revenue_row_that_would_book_wrongly_is_refused_when_it_is_loaded(
    row: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        rules(revenue=[{"category": "Holz", "account": "8401"}, row])
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"account": "3400", "tax_key": "9"}, "account 3400 is automatic; a tax key on it would be refused"),
        ({"account": "3400", "tax_case": "input_tax_7"}, "automatic for input_tax_19, not for input_tax_7"),
        ({"account": "1600"}, "DATEV itself fills 1600, the collective account"),
        ({"account": "1576"}, "DATEV itself fills 1576, the tax account"),
        ({"account": "3200", "tax_key": "3"}, "tax key 3 (Umsatzsteuer 19 %) cannot stand in a purchase"),
        ({"account": "3200", "tax_key": "490"}, "stands for no single tax case; name tax_case beside it"),
        ({"account": "3200", "tax_key": "92"}, "stands for no single tax case; name tax_case beside it"),
        (
            {"account": "3200", "tax_key": "", "tax_case": "acquisition_19"},
            "tax key '' (no tax) does not fit the tax case acquisition_19",
        ),
        (
            {"account": "3100", "tax_key": "506", "tax_case": "foreign_service_received_19"},
            "does not fit the tax case foreign_service_received_19",
        ),
        ({"tax_case": "domestic_19"}, "the tax case domestic_19 is for a sale"),
        (
            {"tax_case": "acquisition_19", "own_rate": 19},
            "supply and own_rate have no effect beside tax_case",
        ),
        ({"own_rate": 16}, "Input should be 19 or 7"),
        ({"matter": "0"}, "pattern"),
    ],
)
def test_an_expense_row_that_would_book_wrongly_is_refused_when_it_is_loaded(
    row: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        rules(expense=[{"category": "Holz", "account": "3400"}, row])
    assert said in str(refused.value)


def test_a_refusal_names_the_row() -> None:
    with pytest.raises(ValidationError, match=r"mapping.revenue row 2: account 84 must"):
        rules(revenue=[{"account": "8400"}, {"category": "X", "account": "84"}])


def test_two_rows_that_look_at_the_same_facts_are_refused() -> None:
    twice = [{"category": "Holz", "account": "8401"}, {"category": "Holz", "account": "8402"}]
    with pytest.raises(ValidationError, match="row 2: looks at the same facts as row 1"):
        rules(revenue=twice)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"rate": 19, "region": "third", "case": "export_goods"}, "export_goods has 0 %, not 19 %"),
        ({"rate": 0, "region": "eu", "case": "eu_goods_vat_id"}, 'needs vat_id = "yes"'),
        ({"rate": 0, "region": "eu", "case": "oss"}, "unknown tax case 'oss'"),
        ({"rate": -1, "region": "eu", "case": "tax_free"}, "greater than or equal to 0"),
        ({"rate": 0, "region": "named", "case": "tax_free"}, "'domestic', 'eu', 'third' or 'any'"),
    ],
)
def test_a_choice_that_contradicts_its_tax_case_is_refused(row: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rules(tax_case=[row])
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "mapping",
    [
        {"exchange_rates": {"USD 2026-13": "1.1"}},
        {"exchange_rates": {"2026-07": "1.1"}},
        {"exchange_rates": {"USD 2026-07": "0"}},
        {"rounding_limit": "-0.01"},
        {"rounding_limit": "100"},
        {"cost_centre_1": {"table": {"A": "with.dot"}}},
        {"cost_centre_1": {"table": {"A": "x" * 37}}},
    ],
)
def test_values_that_datev_or_reason_would_refuse_are_not_loaded(mapping: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rules(**mapping)


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [(4, 10000, 69999), (6, 1000000, 6999999), (8, 100000000, 699999999)],
)
def test_debtor_numbers_have_one_digit_more_than_accounts(length: int, first: int, last: int) -> None:
    assert rules(books={"account_length": length}).books.range_of("receivable") == (first, last)


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [(4, 70000, 99999), (6, 7000000, 9999999), (8, 700000000, 999999999)],
)
def test_creditor_numbers_too_but_they_begin_with_7_to_9(length: int, first: int, last: int) -> None:
    assert rules(books={"account_length": length}).books.range_of("payable") == (first, last)


@pytest.mark.parametrize(
    "books",
    [
        {"debtors": {"first": 1000}},
        {"debtors": {"first": 0}},
        {"debtors": {"last": 70000}},
        {"debtors": {"first": 20000, "last": 19999}},
        {"account_length": 5, "debtors": {"first": 10000}},
        {"debtors": {"collective": "1400"}},
        {"debtors": {"collective": "70000"}},
        {"creditors": {"collective": "10000"}},
        {"creditors": {"first": 60000}},
        {"creditors": {"last": 100000}},
        {"account_length": 3},
        {"account_length": 9},
        {"chart": "SKR49"},
    ],
)
def test_books_that_datev_could_not_have_are_refused(books: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rules(books=books)


def test_the_fingerprint_follows_the_rules() -> None:
    assert rules().fingerprint() == rules().fingerprint()
    assert rules().fingerprint() != rules(supply="goods").fingerprint()


def test_the_fingerprint_of_given_rules_stays_the_same_for_ever() -> None:
    assert rules().fingerprint() == "d3a089d21e504a67"
    assert rules(oss=False, customer=[], places={"goods": "party"}).fingerprint() == "d3a089d21e504a67"


def test_every_tax_key_that_stands_for_cases_has_their_direction() -> None:
    for key in tax_keys().values():
        for name in key.tax_cases:
            assert tax_cases()[name].direction == key.use, key.key


def test_every_tax_key_of_a_case_is_known_and_stands_for_it() -> None:
    for case in tax_cases().values():
        keys = {case.key, case.key_until[1] if case.key_until else ""} - {""}
        assert keys <= set(tax_keys())
        if case.key:
            assert case.name in tax_keys()[case.key].tax_cases, case.name
