from itertools import combinations
from typing import Any

import pytest

from mlconnector.model.vouchers import Line, Voucher
from tests.mapping.builders import booked, draft, keys, line, party, problems, rules, voucher

FACTS = {
    "product": "Montage vor Ort",
    "product_code": "MONT",
    "category": "Montage",
    "pipeline": "Projekte",
}
WEIGHTS = {"product": 16, "product_code": 8, "category": 4, "pipeline": 2, "tax_case": 1}


def sale(*lines: Line, **facts: Any) -> Voucher:
    own = line(product=FACTS["product"], product_code=FACTS["product_code"], category=FACTS["category"])
    return voucher(*(lines or (own,)), attributes={"pipeline": FACTS["pipeline"]}, **facts)


def account(of: Voucher, *table: dict[str, Any], **more: Any) -> str:
    return booked(of, rules(revenue=table, **more))[0][0]


class TestTheMostSpecificRow:
    def test_wins_wherever_it_stands(self) -> None:
        named = {**FACTS, "tax_case": "domestic_19"}
        subsets = [subset for size in range(len(named) + 1) for subset in combinations(named, size)]
        for one in subsets:
            for other in subsets:
                weights = [sum(WEIGHTS[fact] for fact in subset) for subset in (one, other)]
                if weights[0] == weights[1]:
                    continue
                rows = [
                    {**{fact: named[fact] for fact in subset}, "account": number}
                    for subset, number in ((one, "8401"), (other, "8402"))
                ]
                assert account(sale(), *rows) == ("8401" if weights[0] > weights[1] else "8402")

    def test_is_not_one_that_names_another_fact(self) -> None:
        other = {"product_code": "MONT", "category": "Holz", "account": "8401"}
        assert account(sale(), other, {"account": "8402"}) == "8402"

    def test_is_not_one_that_names_a_fact_the_line_does_not_have(self) -> None:
        assert account(voucher(line()), {"category": "Holz", "account": "8401"}) == "8400"

    def test_is_not_one_of_another_tax_case(self) -> None:
        rows = [
            {"product_code": "MONT", "tax_case": "domestic_7", "account": "8301"},
            {"tax_case": "domestic_19", "account": "8401"},
        ]
        assert account(sale(), *rows) == "8401"

    def test_is_named_in_the_explanation(self) -> None:
        made = draft(sale(), rules(revenue=[{"account": "8401"}, {"category": "Montage", "account": "8402"}]))
        (where,) = (one for one in made.because if one.field == "account")
        assert (where.value, where.rule, where.facts["row"]) == ("8402", "row", "2")


class TestWithoutARow:
    def test_the_tax_case_gives_the_account_if_that_is_wanted(self) -> None:
        assert account(sale()) == "8400"

    def test_the_line_waits_otherwise(self) -> None:
        (problem,) = problems(sale(), rules(default_revenue=False))
        assert problem.cause == "revenue_account_missing:product_code=MONT,tax_case=domestic_19"

    @pytest.mark.parametrize(
        ("of", "cause"),
        [
            (line(product="Freitext", category="Holz"), "product=Freitext"),
            (line(category="Holz"), "category=Holz"),
            (line(), "pipeline="),
        ],
    )
    def test_the_cause_is_a_fact_that_a_row_could_name(self, of: Line, cause: str) -> None:
        (problem,) = problems(voucher(of), rules(default_revenue=False))
        assert problem.cause == f"revenue_account_missing:{cause},tax_case=domestic_19"
        assert problem.facts["line"] == "Position"

    def test_a_row_without_account_lets_the_tax_case_give_it(self) -> None:
        by = rules(default_revenue=False, revenue=[{"product_code": "MONT"}])
        assert booked(sale(), by) == [("8400", "", "119.00")]


class TestAutomaticAccounts:
    def test_of_another_tax_case_are_refused(self) -> None:
        reduced = line(rate="7", product_code="MONT")
        (problem,) = problems(sale(reduced), rules(revenue=[{"product_code": "MONT", "account": "8401"}]))
        assert problem.cause == "automatic_account_differs:account=8401,tax_case=domestic_7"
        assert problem.facts["account_tax_case"] == "domestic_19"

    def test_of_the_clients_own_carry_the_tax_case_that_the_row_names(self) -> None:
        row = {"account": "8450", "automatic": True, "tax_case": "domestic_19"}
        assert booked(sale(), rules(revenue=[row])) == [("8450", "", "119.00")]

    def test_that_are_known_need_no_tax_case_beside_them(self) -> None:
        row = {"account": "8401", "automatic": True}
        assert booked(sale(), rules(revenue=[row])) == [("8401", "", "119.00")]


class TestTaxKeys:
    def test_of_the_tax_case_stand_beside_accounts_that_are_not_automatic(self) -> None:
        both = sale(line("100"), line("100", rate="7"))
        assert booked(both, rules(revenue=[{"account": "8200"}])) == [
            ("8200", "3", "119.00"),
            ("8200", "2", "107.00"),
        ]

    def test_of_the_row_win_over_those_of_the_tax_case(self) -> None:
        assert booked(sale(), rules(revenue=[{"account": "8200", "tax_key": "101"}])) == [
            ("8200", "101", "119.00")
        ]
        assert booked(sale(), rules(revenue=[{"account": "8200", "tax_key": "0003"}])) == [
            ("8200", "0003", "119.00")
        ]

    def test_for_another_tax_case_are_refused(self) -> None:
        row = {"account": "8200", "tax_key": "3"}
        (problem,) = problems(sale(line(rate="7")), rules(revenue=[row]))
        assert problem.cause == "tax_key_differs:account=8200,tax_case=domestic_7"
        assert problem.facts["tax_key"] == "3"

    def test_that_are_left_empty_on_purpose_do_not_lose_tax(self) -> None:
        by = rules(revenue=[{"account": "8200", "tax_key": ""}], supply="service")
        assert keys(sale(), by) == ["tax_key_differs"]
        assert booked(sale(line(rate="0"), party=party("CH")), by) == [("8200", "", "100.00")]

    def test_of_the_clients_own_hold_for_the_tax_case_that_the_row_names(self) -> None:
        row = {"account": "8200", "tax_key": "1234", "tax_case": "domestic_19"}
        assert booked(sale(), rules(revenue=[row])) == [("8200", "1234", "119.00")]


@pytest.mark.parametrize(
    ("chart", "length", "account_19", "account_7"),
    [
        ("SKR03", 4, "8400", "8300"),
        ("SKR04", 4, "4400", "4300"),
        ("SKR03", 6, "840000", "830000"),
        ("SKR04", 6, "440000", "430000"),
    ],
)
def test_accounts_are_those_of_the_chart_at_the_clients_length(
    chart: str, length: int, account_19: str, account_7: str
) -> None:
    by = rules(books={"chart": chart, "account_length": length})
    assert booked(sale(line("100"), line("100", rate="7")), by) == [
        (account_19, "", "119.00"),
        (account_7, "", "107.00"),
    ]
