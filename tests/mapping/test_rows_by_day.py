"""Rows have a beginning: rows with the same facts follow each other, and what was before stays as it was."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlconnector.mapping.because import explained
from mlconnector.mapping.drafts import entry
from mlconnector.mapping.lookups import account_row
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import AccountRow, TaxCaseRow
from mlconnector.mapping.timetables import Timetable
from mlconnector.model.vouchers import Line, Voucher
from mlconnector.texts.catalogue import explain
from tests.mapping.builders import (
    booked,
    buying,
    cases,
    draft,
    line,
    party,
    problems,
    purchase,
    rules,
    voucher,
)

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
LAST, FIRST = date(2026, 7, 31), AUGUST
CHART = [{"number": number, "function": "none"} for number in ("8500", "8600", "8700")]


def montage(**facts: Any) -> Voucher:
    return voucher(line(product_code="MONT"), **facts)


def row(account: str, valid_from: date | None = None, **facts: Any) -> dict[str, Any]:
    begins = {} if valid_from is None else {"valid_from": valid_from}
    return {"product_code": "MONT", "account": account, **facts, **begins}


def selling(*rows: dict[str, Any], **mapping: Any) -> Rules:
    tables = {"default_revenue": False, **mapping}
    return rules(chart=CHART, revenue=list(rows), **tables)


def accounts(of: Voucher, by: Rules) -> list[str]:
    return [account for account, _, _ in booked(of, by)]


class TestAccounts:
    def test_a_row_follows_another_one_on_its_first_day(self) -> None:
        by = selling(row("8500"), row("8600", AUGUST))
        assert accounts(montage(document_date=LAST), by) == ["8500"]
        assert accounts(montage(document_date=FIRST), by) == ["8600"]

    def test_the_day_is_that_of_the_document_and_not_that_of_supply(self) -> None:
        by = selling(row("8500"), row("8600", AUGUST))
        assert accounts(montage(document_date=LAST, service_date=FIRST), by) == ["8500"]
        assert accounts(montage(document_date=FIRST, service_date=LAST), by) == ["8600"]

    def test_it_does_not_matter_which_of_them_is_written_first(self) -> None:
        by = selling(row("8600", AUGUST), row("8700", date(2026, 9, 1)), row("8500"))
        assert accounts(montage(document_date=LAST), by) == ["8500"]
        assert accounts(montage(document_date=FIRST), by) == ["8600"]

    def test_a_more_specific_row_still_goes_before_one_that_began_later(self) -> None:
        general = {"account": "8600", "valid_from": JULY}
        assert accounts(montage(document_date=LAST), selling(row("8500"), general)) == ["8500"]

    def test_one_that_has_begun_with_fewer_facts_holds_until_the_more_specific_one_begins(self) -> None:
        by = selling(row("8600", AUGUST), {"account": "8500"})
        assert accounts(montage(document_date=LAST), by) == ["8500"]
        assert accounts(montage(document_date=FIRST), by) == ["8600"]

    def test_rows_with_other_facts_do_not_follow_each_other(self) -> None:
        """Of two that are as specific as each other the first one decides, whenever the other one begins."""
        first = {"attributes": {"shop": "A"}, "account": "8500"}
        other = {"attributes": {"team": "B"}, "account": "8600"}
        sale = voucher(line(attributes={"shop": "A", "team": "B"}), document_date=LAST)
        assert accounts(sale, selling(first, {**other, "valid_from": JULY})) == ["8500"]
        follows = {**first, "account": "8700", "valid_from": JULY}
        assert accounts(sale, selling(first, other, follows)) == ["8700"]

    def test_what_a_row_says_beside_its_account_ends_with_it(self) -> None:
        by = selling(row("8500", supply="service"), row("8600", AUGUST))
        named = {one.field for one in draft(montage(document_date=LAST), by).because if one.rule == "row"}
        after = {one.field for one in draft(montage(document_date=FIRST), by).because if one.rule == "row"}
        assert (named, after) == ({"account", "supply"}, {"account"})

    def test_where_nothing_else_fits_the_voucher_waits_and_says_from_when_the_row_holds(self) -> None:
        later = row("8700", date(2026, 9, 1))
        (problem,) = problems(montage(document_date=LAST), selling(later, row("8600", AUGUST)))
        assert problem.cause == "row_not_begun:table=mapping.revenue,row=2,valid_from=2026-08-01"
        said = explain(problem.key, problem.facts, "de")
        assert said.what == "Für die Position „Position“ gilt am 31.07.2026 noch keine Zeile der Zuordnung."
        assert "Zeile 2 von mapping.revenue passt, gilt aber erst ab 01.08.2026." in said.why
        assert "bei der Zeile 2 von [[mapping.revenue]] valid_from" in said.do
        english = explain(problem.key, problem.facts, "en")
        assert "Row 2 of mapping.revenue fits, but holds only from 2026-08-01" in english.why

    def test_a_row_that_would_not_fit_either_is_not_promised(self) -> None:
        by = selling(row("8600", AUGUST, tax_case="domestic_7"), row("8600", AUGUST, product_code="X"))
        (problem,) = problems(montage(document_date=LAST), by)
        assert problem.key == "revenue_account_missing"

    def test_by_default_is_booked_until_a_row_begins(self) -> None:
        by = selling(row("8600", AUGUST), default_revenue=True)
        assert accounts(montage(document_date=LAST), by) == ["8400"]
        assert accounts(montage(document_date=FIRST), by) == ["8600"]

    def test_what_is_supplied_may_be_said_from_a_day_on(self) -> None:
        by = selling(row("8600", AUGUST, supply="service"), default_revenue=True)
        abroad = party("AT", "ATU13585627")
        sale = voucher(line(rate="0", product_code="MONT"), party=abroad, document_date=LAST)
        (problem,) = problems(sale, by)
        assert (problem.key, problem.facts["valid_from"]) == ("row_not_begun", "2026-08-01")

    def test_the_rate_that_the_client_owes_may_be_said_from_a_day_on(self) -> None:
        table = {"category": "Beratung", "own_rate": 19}
        service = purchase(
            line(rate="0", category="Beratung"), country="AT", vat_id="ATU13585627", document_date=LAST
        )
        by = buying(supply="service", expense=[table])
        assert cases(service, by) == ["eu_service_received_19"]
        (why,) = [one for one in draft(service, by).because if one.field == "own_rate"]
        assert (why.value, why.facts["table"], why.facts["row"]) == ("19", "mapping.expense", "1")
        (problem,) = problems(service, buying(supply="service", expense=[{**table, "valid_from": AUGUST}]))
        assert (problem.key, problem.facts["table"]) == ("row_not_begun", "mapping.expense")

    def test_an_account_is_automatic_as_long_as_its_row_says_so(self) -> None:
        """A tax case that needs an automatic account does not lean on a row that has not begun."""
        case = {"rate": 0, "region": "domestic", "category": "Photovoltaik", "case": "domestic_0"}
        table = {"category": "Photovoltaik", "tax_case": "domestic_0", "account": "8999"}
        chart: list[Any] = [{"number": "8999", "function": None}]
        by = rules(
            tax_case=[case],
            revenue=[{**table, "automatic": False}, {**table, "automatic": True, "valid_from": AUGUST}],
            chart=chart,
        )
        sale = line(rate="0", category="Photovoltaik")
        (problem,) = problems(voucher(sale, document_date=LAST), by)
        assert problem.key == "tax_case_needs_automatic"
        assert accounts(voucher(sale, document_date=FIRST), by) == ["8999"]


class TestTaxCases:
    def row(self, case: str, valid_from: date | None = None, **more: Any) -> dict[str, Any]:
        return {"tax_code": "13b", "case": case, **({"valid_from": valid_from} if valid_from else {}), **more}

    def work(self, **facts: Any) -> Voucher:
        return voucher(line(rate="0", tax_code="13b"), **facts)

    def test_the_newest_that_has_begun_decides_on_the_day_of_supply(self) -> None:
        by = rules(tax_case=[self.row("tax_free"), self.row("reverse_charge_supplied", AUGUST)])
        assert cases(self.work(document_date=FIRST, service_date=LAST), by) == ["tax_free"]
        assert cases(self.work(document_date=FIRST, service_date=FIRST), by) == ["reverse_charge_supplied"]

    def test_where_the_day_of_supply_is_not_told_that_of_the_document_counts(self) -> None:
        by = rules(tax_case=[self.row("tax_free"), self.row("reverse_charge_supplied", AUGUST)])
        assert cases(self.work(document_date=LAST), by) == ["tax_free"]
        assert cases(self.work(document_date=FIRST), by) == ["reverse_charge_supplied"]

    def test_a_row_that_follows_stands_in_the_place_of_the_first_of_its_facts(self) -> None:
        wider = {"attributes": {"shop": "A"}, "case": "small_business"}
        table = [self.row("tax_free"), wider, self.row("reverse_charge_supplied", AUGUST)]
        sale = voucher(line(rate="0", tax_code="13b", attributes={"shop": "A"}), document_date=FIRST)
        assert cases(sale, rules(tax_case=table)) == ["reverse_charge_supplied"]

    def test_one_for_sales_does_not_end_one_for_purchases(self) -> None:
        table = [self.row("construction_received_19"), self.row("reverse_charge_supplied", AUGUST)]
        bought = purchase(line(rate="0", tax_code="13b"), document_date=FIRST)
        assert cases(bought, buying(tax_case=table)) == ["construction_received_19"]

    def test_where_nothing_else_fits_the_voucher_waits_and_says_from_when_the_row_holds(self) -> None:
        (problem,) = problems(self.work(document_date=LAST), rules(tax_case=[self.row("tax_free", AUGUST)]))
        told = {name: problem.facts[name] for name in ("table", "row", "valid_from", "day")}
        assert problem.key == "row_not_begun"
        assert told == {
            "table": "mapping.tax_case", "row": "1", "valid_from": "2026-08-01", "day": "2026-07-31"
        }  # fmt: skip

    def test_where_the_facts_decide_a_row_that_has_not_begun_changes_nothing(self) -> None:
        plain = voucher(line(tax_code="13b"), document_date=LAST)
        assert cases(plain, rules(tax_case=[self.row("margin_scheme", AUGUST)])) == ["domestic_19"]


class TestWhy:
    def told(self, of: Voucher, by: Rules) -> dict[str, dict[str, str]]:
        made = entry(draft(of, by), person="10001", document=None, revision="r1", turn=1)
        return {one.field: one.facts for one in explained(made, 1)}

    def test_says_the_row_and_since_when(self) -> None:
        by = selling(row("8500"), row("8600", AUGUST))
        assert self.told(montage(document_date=LAST), by)["account"]["row"] == "1"
        assert "since" not in self.told(montage(document_date=LAST), by)["account"]
        facts = self.told(montage(document_date=FIRST), by)["account"]
        assert (facts["row"], facts["since"]) == ("2", "2026-08-01")

    def test_says_it_of_tax_cases_too(self) -> None:
        by = rules(tax_case=[{"tax_code": "13b", "case": "tax_free", "valid_from": JULY}])
        facts = self.told(voucher(line(rate="0", tax_code="13b")), by)["tax_case"]
        assert (facts["row"], facts["since"]) == ("1", "2026-07-01")


class TestChecks:
    FACTS: ClassVar[dict[str, dict[str, Any]]] = {
        "revenue": {"category": "A"},
        "tax_case": {"tax_code": "X", "case": "tax_free"},
    }

    @pytest.mark.parametrize("table", ["revenue", "tax_case"])
    def test_a_row_that_begins_later_may_follow(self, table: str) -> None:
        facts = self.FACTS[table]
        following: Any = [facts, {**facts, "valid_from": JULY}, {**facts, "valid_from": AUGUST}]
        made = rules(**{table: following})
        assert len(getattr(made.mapping, table)) == 3

    @pytest.mark.parametrize("table", ["revenue", "tax_case"])
    def test_two_with_the_same_facts_and_beginning_are_refused(self, table: str) -> None:
        begun = {**self.FACTS[table], "valid_from": JULY}
        twice: Any = [self.FACTS[table], begun, begun]
        with pytest.raises(ValidationError, match=f"mapping.{table} row 3.*facts as row 2 from the same day"):
            rules(**{table: twice})

    def test_two_rows_of_accounts_without_a_beginning_are_refused_as_ever(self) -> None:
        with pytest.raises(ValidationError, match="same facts as row 1: keep one of them"):
            selling(row("8500"), row("8600"))

    def test_of_two_tax_cases_without_a_beginning_the_first_decides_as_ever(self) -> None:
        table = [{"tax_code": "X", "case": one} for one in ("tax_free", "reverse_charge_supplied")]
        assert cases(voucher(line(rate="0", tax_code="X")), rules(tax_case=table)) == ["tax_free"]

    def test_a_beginning_must_be_a_day(self) -> None:
        with pytest.raises(ValidationError, match="valid_from"):
            selling({**row("8500"), "valid_from": "soon"})

    def test_rules_without_beginnings_keep_their_fingerprint(self) -> None:
        plain = selling(row("8500"))
        assert plain.fingerprint() == selling({**row("8500"), "valid_from": None}).fingerprint()
        assert plain.fingerprint() != selling(row("8500", JULY)).fingerprint()


days = st.dates(date(2026, 1, 1), date(2026, 1, 6))
facts_of_rows = st.fixed_dictionaries(
    {},
    optional={
        "product_code": st.sampled_from(["A", "B"]),
        "category": st.sampled_from(["K", "L"]),
        "pipeline": st.just("P"),
        "attributes": st.dictionaries(st.sampled_from(["x", "y"]), st.just("1"), max_size=2),
        "valid_from": days,
    },
)
tables = st.lists(facts_of_rows, max_size=8).map(
    lambda some: [AccountRow.model_validate(one) for one in some]
)
given_lines = st.builds(
    lambda code, category, attributes: line(product_code=code, category=category, attributes=attributes),
    st.sampled_from(["A", "B", None]),
    st.sampled_from(["K", "L", None]),
    st.dictionaries(st.sampled_from(["x", "y"]), st.just("1")),
)


def chosen(rows: list[AccountRow], of: Line, pipeline: str, day: date) -> int | None:
    """The model: all rows of which every fact holds, sorted by how specific they are, then picked."""

    def holds(one: AccountRow) -> bool:
        return (
            one.product_code in {None, of.product_code}
            and one.category in {None, of.category}
            and one.pipeline in {None, pipeline}
            and all(of.attributes.get(name) == value for name, value in one.attributes.items())
        )

    def is_over(one: AccountRow) -> bool:
        mine = one.valid_from or date.min
        return any(
            other.facts == one.facts and mine < (other.valid_from or date.min) <= day for other in rows
        )

    def place(one: AccountRow) -> int:
        return next(number for number, other in enumerate(rows) if other.facts == one.facts)

    def how_specific(one: AccountRow) -> tuple[int, bool, bool, bool]:
        return (
            len(one.attributes), one.product_code is not None, one.category is not None,
            one.pipeline is not None,
        )  # fmt: skip

    begun = [one for one in rows if (one.valid_from or date.min) <= day and holds(one) and not is_over(one)]
    in_order = sorted(begun, key=lambda one: (how_specific(one), -place(one)), reverse=True)
    return rows.index(in_order[0]) + 1 if in_order else None


@given(tables, given_lines, st.sampled_from(["P", "Q"]), days)
def test_the_row_that_decides_is_that_of_the_model(
    rows: list[AccountRow], of: Line, pipeline: str, day: date
) -> None:
    alike = {(one.facts, one.valid_from): one for one in reversed(rows)}
    rows = list(alike.values())
    by = selling().mapping.model_copy(update={"revenue": tuple(rows)})
    sale = voucher(of, document_date=day, attributes={"pipeline": pipeline})
    match = account_row(sale, of, "domestic_19", rules().model_copy(update={"mapping": by}))
    assert (match and match[0]) == chosen(rows, of, pipeline, day)


codes = st.fixed_dictionaries(
    {"tax_code": st.sampled_from(["X", "Y"]), "case": st.sampled_from(["tax_free", "purchase_without_tax"])},
    optional={"valid_from": days, "region": st.just("domestic")},
)


@given(st.lists(codes, max_size=8), days)
def test_of_tax_cases_each_run_of_rows_has_one_that_holds_in_the_place_of_its_first(
    some: list[dict[str, Any]], day: date
) -> None:
    rows = [TaxCaseRow(**one) for one in some]
    expected = []
    for facts in dict.fromkeys(one.facts for one in rows):
        its = [one for one in rows if one.facts == facts and (one.valid_from or date.min) <= day]
        if its:
            newest = max(one.valid_from or date.min for one in its)
            expected.append(next(one for one in its if (one.valid_from or date.min) == newest))
    assert [one for _, one in Timetable(rows).on(day)] == expected
    assert all(rows[number - 1] is one for number, one in Timetable(rows).on(day))


@given(tables, days)
def test_what_begins_later_and_what_has_begun_are_all_rows_but_those_that_are_over(
    rows: list[AccountRow], day: date
) -> None:
    table = Timetable(rows)
    later = [number for number, _ in table.after(day)]
    assert sorted(later) == [
        number for number, one in enumerate(rows, start=1) if (one.valid_from or day) > day
    ]
    assert not {number for number, _ in table.on(day)} & set(later)


@given(tables, days)
def test_a_row_that_begins_later_changes_nothing_before(rows: list[AccountRow], day: date) -> None:
    added = [*rows, AccountRow(product_code="A", valid_from=day + timedelta(days=1))]
    assert list(Timetable(added).on(day)) == list(Timetable(rows).on(day))
