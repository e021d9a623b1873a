"""Seeds: which proposals the rules rely on, and whether somebody has confirmed them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mlconnector.mapping import charts
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import is_confirmed, seed, seeds_by_rules, seeds_of
from tests.mapping.builders import draft, line, problems, rules, voucher

DAY = date(2026, 11, 1)


def in_use(**mapping: Any) -> set[str]:
    return {one.name for one in seeds_by_rules(by(**mapping), DAY)}


def by(books: dict[str, Any] | None = None, **mapping: Any) -> Rules:
    return Rules.model_validate({"books": {"chart": "SKR03", **(books or {})}, "mapping": mapping})


def confirmed(names: list[str], **mapping: Any) -> Rules:
    made = rules(**mapping)
    seeds = [one for name in names if (one := seed(name, made)) is not None]
    return made.model_copy(update={"confirmed": {one.name: one.fingerprint for one in seeds}})


class TestInUse:
    def test_is_nothing_where_no_row_and_no_default_books_anything(self) -> None:
        assert in_use() == set()

    def test_are_all_cases_that_the_default_may_come_to(self) -> None:
        found = in_use(default_revenue=True, supply="goods")
        assert {"tax_case:domestic_19", "account:8400", "tax_case:export_goods", "account:8120"} <= found
        assert "tax_case:eu_service_vat_id" not in found
        assert "tax_case:input_tax_19" not in found

    def test_is_no_rate_that_has_ended(self) -> None:
        assert "tax_case:domestic_16" not in in_use(default_revenue=True)

    def test_is_a_service_where_one_row_says_so(self) -> None:
        rows = [{"category": "Holz"}, {"category": "Montage", "supply": "service"}]
        assert "tax_case:eu_service_vat_id" in in_use(supply="goods", revenue=rows)

    def test_is_the_one_case_of_a_row_that_names_it(self) -> None:
        row = {"category": "Holz", "tax_case": "domestic_19", "account": "8401"}
        assert in_use(revenue=[row]) == {"tax_case:domestic_19", "account:8401"}
        assert in_use(revenue=[{**row, "automatic": True}]) == {"tax_case:domestic_19"}

    def test_is_the_case_of_an_automatic_account(self) -> None:
        assert in_use(revenue=[{"category": "x", "account": "8300"}]) == {
            "tax_case:domestic_7",
            "account:8300",
        }

    def test_is_what_a_tax_key_stands_for(self) -> None:
        row = {"category": "x", "account": "8200", "tax_key": "3"}
        assert in_use(revenue=[row]) == {"tax_case:domestic_19", "account:8200"}

    def test_is_the_case_that_a_row_of_tax_cases_chooses(self) -> None:
        choice = {"tax_code": "E", "case": "tax_free"}
        assert "tax_case:tax_free" in in_use(default_revenue=True, tax_case=[choice])
        assert "tax_case:tax_free" not in in_use(tax_case=[choice])

    def test_is_small_business_alone_for_one(self) -> None:
        assert in_use(default_revenue=True, small_business=True) == {
            "tax_case:small_business",
            "account:8192",
        }

    def test_are_purchases_at_the_rate_that_the_client_owes(self) -> None:
        found = in_use(default_expense=True, supply="service", own_rate=19)
        assert {"tax_case:input_tax_19", "tax_case:eu_service_received_19"} <= found
        assert "tax_case:eu_service_received_7" not in found

    def test_are_the_accounts_for_discounts_where_there_are_payments(self) -> None:
        found = in_use(default_revenue=True, payments={"default": "1200"})
        assert {"account:8736", "account:8731"} <= found
        assert "account:3736" not in found
        assert "account:8736" not in in_use(default_revenue=True)
        column = {"default": "1200", "discount": "column"}
        assert "account:8736" not in in_use(default_revenue=True, payments=column)

    def test_have_the_clients_account_length(self) -> None:
        found = seeds_by_rules(by({"account_length": 6}, default_revenue=True), DAY)
        assert "account:840000" in {one.name for one in found}

    def test_are_those_of_a_draft(self) -> None:
        made = draft(voucher(line()))
        assert seeds_of(made.lines, rules()) == {"tax_case:domestic_19", "account:8400"}


def test_an_account_of_the_own_chart_is_no_seed() -> None:
    own = [{"number": "8400", "name": "Erlöse", "function": "automatic", "tax_case": "domestic_19"}]
    made = Rules.model_validate({"books": {"chart": "SKR03"}, "mapping": {}, "chart": own})
    assert seed("account:8400", made) is None
    assert seed("tax_case:domestic_19", made) is not None


def test_an_account_that_is_only_named_stays_a_seed() -> None:
    named = [{"number": "8400", "name": "Unsere Erlöse", "function": None}]
    made = Rules.model_validate({"books": {"chart": "SKR03"}, "mapping": {}, "chart": named})
    assert seed("account:8400", made) is not None
    assert (made.accounts["8400"].name, made.accounts["8400"].automatic) == ("Unsere Erlöse", True)


def test_a_changed_seed_has_to_be_confirmed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = confirmed(["tax_case:domestic_19"])
    before = seed("tax_case:domestic_19", made)
    assert before is not None
    assert is_confirmed(before, made)
    changed = replace(charts.tax_cases()["domestic_19"], key="33")
    monkeypatch.setitem(charts.tax_cases(), "domestic_19", changed)
    after = seed("tax_case:domestic_19", made)
    assert after is not None
    assert not is_confirmed(after, made)
    reworded = replace(charts.tax_cases()["domestic_7"], title={"de": "x", "en": "y"}, source="z")
    old = seed("tax_case:domestic_7", made)
    monkeypatch.setitem(charts.tax_cases(), "domestic_7", reworded)
    assert seed("tax_case:domestic_7", made) == old


class TestThePeriodOfTheVatReturn:
    EU_GOODS = "adf7e789035343df"

    def fingerprint(self, case: str, *, days: bool) -> str:
        found = seed(f"tax_case:{case}", by({"service_date": days}))
        assert found is not None
        return found.fingerprint

    def test_is_no_part_of_what_is_confirmed_where_it_never_shows(self) -> None:
        assert self.fingerprint("domestic_19", days=False) == "9fd64b53cbbfb4f0"
        assert self.fingerprint("eu_goods_vat_id", days=False) == self.EU_GOODS

    def test_is_confirmed_anew_where_another_day_counts_than_that_of_the_supply(self) -> None:
        assert self.fingerprint("domestic_19", days=True) == "9fd64b53cbbfb4f0"
        assert self.fingerprint("eu_goods_vat_id", days=True) != self.EU_GOODS


def test_confirmations_are_no_part_of_what_the_rules_are_told_apart_by() -> None:
    assert confirmed(["tax_case:domestic_19"]).fingerprint() == rules().fingerprint()


class TestRequiredConfirmation:
    def test_holds_a_voucher_whose_tax_case_nobody_has_confirmed(self) -> None:
        (problem,) = problems(voucher(line()), rules(require_confirmation=True))
        assert (problem.key, problem.cause) == (
            "seed_not_confirmed",
            "seed_not_confirmed:tax_case=domestic_19",
        )
        assert problem.facts["account"] == "8400"

    def test_lets_go_what_was_confirmed(self) -> None:
        made = confirmed(["tax_case:domestic_19"], require_confirmation=True)
        assert isinstance(decide(voucher(line()), made), Draft)
        both = problems(voucher(line(), line(rate="7")), made)
        assert [one.facts["tax_case"] for one in both] == ["domestic_7"]

    def test_is_a_choice(self) -> None:
        assert isinstance(decide(voucher(line()), rules()), Draft)


def test_an_account_that_is_known_by_name_alone_needs_its_function_said() -> None:
    named = [{"number": "8123", "name": "Neu", "function": None}]
    row = {"category": "x", "account": "8123"}
    with pytest.raises(ValueError, match="does not say whether account 8123 is automatic; say automatic"):
        Rules.model_validate({"books": {"chart": "SKR03"}, "mapping": {"revenue": [row]}, "chart": named})


def test_an_unknown_account_of_an_own_chart_asks_for_the_chart() -> None:
    row = {"category": "x", "account": "8123"}
    with pytest.raises(ValueError, match=r"no chart of accounts was imported .* `ml-connector chart import`"):
        Rules.model_validate({"books": {"chart": "own"}, "mapping": {"revenue": [row]}})
