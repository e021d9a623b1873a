"""The client's own chart: what was imported goes before the seeds, and an own chart has no seeds at all."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.rules import Rules
from tests.mapping.builders import booked, buying, keys, line, problems, purchase, rules, voucher


def account(number: str, function: str = "none", case: str = "", name: str = "Erlöse") -> dict[str, str]:
    return {"number": number, "name": name, "function": function, "tax_case": case}


def own(*chart: dict[str, str], **mapping: Any) -> Rules:
    return rules({"chart": "own"}, chart=chart, **mapping)


class TestAccountsThatWereImported:
    def test_need_no_words_of_the_row_on_whether_they_are_automatic(self) -> None:
        chart = [account("8450", "automatic", "domestic_19"), account("8250")]
        table = [{"category": "A", "account": "8450"}, {"account": "8250"}]
        by = rules(chart=chart, revenue=table)
        sale = voucher(line("100", category="A"), line("100"))
        assert booked(sale, by) == [("8450", "", "119.00"), ("8250", "3", "119.00")]

    def test_go_before_the_seeds(self) -> None:
        by = rules(chart=[account("8400")], default_revenue=True)
        assert booked(voucher(), by) == [("8400", "3", "119.00")]

    def test_keep_the_seeds_beside_them(self) -> None:
        assert booked(voucher(), rules(chart=[account("8450")])) == [("8400", "", "119.00")]

    def test_that_are_automatic_for_another_case_are_refused(self) -> None:
        by = rules(chart=[account("8400", "automatic", "domestic_7")])
        (problem,) = problems(voucher(), by)
        assert problem.cause == "automatic_account_differs:account=8400,tax_case=domestic_19"

    @pytest.mark.parametrize("function", ["collective", "tax"])
    def test_that_datev_fills_are_refused(self, function: str) -> None:
        with pytest.raises(ValidationError, match=f"DATEV itself fills 8450, the {function} account"):
            rules(chart=[account("8450", function)], revenue=[{"account": "8450"}])

    def test_that_are_automatic_for_an_unknown_case_take_it_from_the_row(self) -> None:
        chart = [account("8450", "automatic")]
        row = {"account": "8450", "tax_case": "domestic_19"}
        assert booked(voucher(), rules(chart=chart, revenue=[row])) == [("8450", "", "119.00")]
        with pytest.raises(ValidationError, match="the automatic account 8450 needs tax_case beside it"):
            rules(chart=chart, revenue=[{"account": "8450"}])

    def test_refuse_a_key_where_they_are_automatic(self) -> None:
        with pytest.raises(ValidationError, match="account 8450 is automatic; a tax key on it"):
            rules(
                chart=[account("8450", "automatic", "domestic_19")],
                revenue=[{"account": "8450", "tax_key": "3"}],
            )


class TestAnOwnChart:
    def test_books_on_its_accounts_with_the_keys_of_every_chart(self) -> None:
        by = own(account("6010", "automatic", "domestic_19"), account("6020"), revenue=[{"account": "6020"}])
        assert booked(voucher(line("100"), line("100", rate="7")), by) == [
            ("6020", "3", "119.00"),
            ("6020", "2", "107.00"),
        ]

    def test_has_no_account_by_default(self) -> None:
        assert keys(voucher(), own(default_revenue=True)) == ["revenue_account_missing"]
        by = own(revenue=[{"category": "Holz", "supply": "goods"}])
        assert keys(voucher(line(category="Holz")), by) == ["revenue_account_missing"]

    def test_does_not_know_accounts_of_the_seeds(self) -> None:
        with pytest.raises(ValidationError, match="say automatic = true or automatic = false"):
            own(revenue=[{"account": "8400"}])

    def test_takes_what_the_row_says(self) -> None:
        row = {"account": "6010", "automatic": True, "tax_case": "domestic_19"}
        assert booked(voucher(), own(revenue=[row])) == [("6010", "", "119.00")]

    def test_serves_purchases_too(self) -> None:
        by = buying(
            {"chart": "own"},
            chart=[account("5010", "automatic", "input_tax_19")],
            expense=[{"account": "5010"}],
        )
        assert booked(purchase(), by) == [("5010", "", "-119.00")]
