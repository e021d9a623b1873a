"""Skonto follows the tax cases of the document that is paid, each on its own account, in proportion."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.mapping.account_functions import functions_of
from mlconnector.mapping.booking import decide
from mlconnector.mapping.charts import Chart, seeded_accounts, tax_cases
from mlconnector.mapping.discount_accounts import discount_accounts
from mlconnector.mapping.drafts import Draft, Held, entry
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine, reversed_entry
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher
from tests.mapping.builders import AUSTRIAN, cleared, document, line, party, payment, rules, voucher

MONEY = {"SKR03": "1200", "SKR04": "1800", "own": "1200"}

SALES = [
    ("domestic_19", "8736", "4736", ""),
    ("domestic_7", "8731", "4731", ""),
    ("domestic_0", "8734", "4734", ""),
    ("domestic_16", "8700", "4700", "5"),
    ("eu_goods_vat_id", "8743", "4743", ""),
    ("eu_service_vat_id", "8742", "4742", ""),
    ("eu_taxed_19", "8748", "4748", ""),
    ("eu_taxed_7", "8746", "4746", ""),
    ("oss_goods", "8700", "4700", "10"),
    ("export_goods", "8705", "4705", ""),
    ("third_country_service", "8700", "4700", "191"),
    ("small_business", "8707", "4707", ""),
    ("tax_free", "8701", "4701", ""),
    ("tax_free_with_deduction", "8702", "4702", ""),
    ("triangular_supply", "8706", "4706", ""),
    ("reverse_charge_supplied", "8741", "4741", ""),
    ("reverse_charge_devices_supplied", "8738", "4738", ""),
]
PURCHASES = [
    ("input_tax_19", "3736", "5736", ""),
    ("input_tax_7", "3731", "5731", ""),
    ("no_deduction_19", "3700", "5700", ""),
    ("input_tax_19_apportioned", "3700", "5700", "99"),
    ("import_goods", "3700", "5700", ""),
    ("acquisition_19", "3748", "5748", ""),
    ("acquisition_7", "3746", "5746", ""),
    ("acquisition_19_no_deduction", "3700", "5700", "6701"),
    ("triangular_acquisition", "3793", "5793", ""),
    ("construction_received_19", "3151", "5951", ""),
    ("eu_service_received_19", "3151", "5951", ""),
    ("foreign_service_received_19", "3151", "5951", ""),
    ("eu_service_received_7", "3700", "5700", "507"),
    ("construction_received_19_no_deduction", "3154", "5954", ""),
]


def of_case(name: str, amount: str = "1000", **facts: Any) -> EntryLine:
    """A line as it stands in the books for a case."""
    case = tax_cases()[name]
    rate = case.own_rate or (Decimal(20) if case.rate is None else case.rate)
    return EntryLine(
        account="10001",
        contra_account="8200",
        amount=Decimal(amount),
        tax_case=name,
        tax_rate=rate,
        tax_added=bool(case.own_rate),
        **facts,
    )


def by(chart: str, **payments: Any) -> Rules:
    return rules({"chart": chart}, payments={"default": MONEY[chart], **payments})


def skonto(paid: Voucher, lines: Sequence[EntryLine], made_by: Rules) -> list[EntryLine]:
    decision = decide(paid, made_by, cleared=open_items([document(*lines)]))
    assert isinstance(decision, Draft), decision
    return [one for one in decision.lines if one.tax_case == "discount"]


def problem(paid: Voucher, lines: Sequence[EntryLine], made_by: Rules) -> Problem:
    decision = decide(paid, made_by, cleared=open_items([document(*lines)]))
    assert isinstance(decision, Held), decision
    (found,) = decision.problems
    return found


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
@pytest.mark.parametrize(("name", "skr03", "skr04", "key"), [*SALES, *PURCHASES])
def test_each_tax_case_has_its_account_and_key(
    name: str, skr03: str, skr04: str, key: str, chart: str
) -> None:
    direction = tax_cases()[name].direction
    paid = payment(cleared("RE-1", "980", "20"), direction=direction)
    (made,) = skonto(paid, [of_case(name)], by(chart))
    assert (made.contra_account, made.tax_key) == ({"SKR03": skr03, "SKR04": skr04}[chart], key)
    assert abs(made.amount) == 20


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
def test_every_case_has_one_that_takes_its_tax_back(chart: Chart) -> None:
    assert set(discount_accounts()) == set(tax_cases())
    seeds = seeded_accounts(chart, 4)
    for name, charts in discount_accounts().items():
        case, account = tax_cases()[name], seeds[charts[chart]]
        assert functions_of(account.number, chart) & {"M", "V"} == {
            "M" if case.direction == "sale" else "V"
        }, name
        if account.automatic:
            of = tax_cases()[account.tax_case]
            alike = (of.direction, of.rate, of.own_rate, of.deduction == "no")
            assert alike == (case.direction, case.rate, case.own_rate, case.deduction == "no"), name
        else:
            assert case.key or not case.boxes, name


class TestWhatTheDocumentTellsOfItsCase:
    def test_is_told_again_the_vat_id_above_all(self) -> None:
        (made,) = skonto(
            payment(cleared("RE-1", "970", "30"), party=party("AT", AUSTRIAN)),
            [of_case("eu_goods_vat_id", eu_vat_id=AUSTRIAN)],
            by("SKR03"),
        )
        assert (made.contra_account, made.eu_vat_id, made.tax_rate) == ("8743", AUSTRIAN, Decimal(0))

    def test_as_are_the_country_and_its_rate(self) -> None:
        known = of_case("oss_goods", tax_key="240", eu_vat_id="AT", eu_rate=Decimal(20), key_country="AT")
        known = msgspec.structs.replace(known, key_rate=Decimal(20))
        (made,) = skonto(payment(cleared("RE-1", "980", "20")), [known], by("SKR03"))
        assert (made.tax_key, made.eu_vat_id, made.eu_rate) == ("240", "AT", Decimal(20))
        assert (made.key_rate, made.key_country, made.tax_rate) == (Decimal(20), "AT", Decimal(20))

    def test_and_that_tax_comes_on_top(self) -> None:
        paid = payment(cleared("RE-1", "980", "20"), direction="purchase")
        (made,) = skonto(paid, [of_case("acquisition_19", "-1000")], by("SKR04"))
        assert (made.tax_added, made.tax_rate, made.amount) == (True, Decimal(19), Decimal(20))

    def test_a_key_of_the_clients_own_stays(self) -> None:
        paid = payment(cleared("RE-1", "1166.20", "23.80"))
        (made,) = skonto(
            paid, [of_case("domestic_19", "1190", tax_key="101")], by("SKR03", granted={"19": "8700"})
        )
        assert (made.contra_account, made.tax_key) == ("8700", "101")

    def test_a_key_of_2020_does_not(self) -> None:
        paid = payment(cleared("RE-1", "1136.80", "23.20"))
        (made,) = skonto(paid, [of_case("domestic_16", "1160", tax_key="3")], by("SKR03"))
        assert made.tax_key == "5"


class TestADocumentOfSeveralCases:
    LINES = (
        of_case("domestic_19", "1190"),
        of_case("domestic_7", "107"),
        of_case("reverse_charge_supplied", "300"),
    )
    PAID = payment(cleared("RE-1", "1565.06", "31.94"))

    @pytest.mark.parametrize(
        ("chart", "accounts"), [("SKR03", ["8736", "8731", "8741"]), ("SKR04", ["4736", "4731", "4741"])]
    )
    def test_shares_its_discount_in_proportion_to_the_cent(self, chart: str, accounts: list[str]) -> None:
        made = skonto(self.PAID, self.LINES, by(chart))
        assert [one.contra_account for one in made] == accounts
        assert [one.amount for one in made] == [Decimal("-23.80"), Decimal("-2.14"), Decimal("-6.00")]

    def test_puts_the_cents_that_are_left_on_the_largest(self) -> None:
        thirds = [of_case("domestic_19", "100"), of_case("domestic_7", "100.01"), of_case("tax_free", "100")]
        made = skonto(payment(cleared("RE-1", "290.01", "10")), thirds, by("SKR03"))
        assert [one.amount for one in made] == [Decimal("-3.33"), Decimal("-3.34"), Decimal("-3.33")]

    def test_gives_it_to_the_cases_of_the_rate_that_the_payment_names(self) -> None:
        paid = payment(cleared("RE-1", "1573.20", "23.80", "19"))
        assert [one.contra_account for one in skonto(paid, self.LINES, by("SKR03"))] == ["8736"]

    def test_waits_where_it_has_no_case_of_that_rate(self) -> None:
        found = problem(payment(cleared("RE-1", "1590", "7", "16")), self.LINES, by("SKR03"))
        assert (found.key, found.facts["rates"]) == ("discount_rate_differs", "0, 7, 19")

    @pytest.mark.parametrize("deducted", ["-107", "-1190"])
    def test_waits_where_a_case_reduces_the_total(self, deducted: str) -> None:
        lines = [of_case("domestic_19", "1190"), of_case("domestic_7", deducted)]
        assert problem(self.PAID, lines, by("SKR03")).key == "discount_not_divisible"

    def test_says_what_part_each_case_has(self) -> None:
        decision = decide(self.PAID, by("SKR03"), cleared=open_items([document(*self.LINES)]))
        assert isinstance(decision, Draft)
        said = [
            (one.line, one.value, one.facts["tax_case"])
            for one in decision.because
            if one.rule == "share_of_discount"
        ]
        assert said == [
            (2, "23.80", "domestic_19"),
            (3, "2.14", "domestic_7"),
            (4, "6.00", "reverse_charge_supplied"),
        ]

    def test_is_not_left_to_datevs_column(self) -> None:
        made = skonto(self.PAID, self.LINES, by("SKR03", discount="column"))
        assert len(made) == 3

    def test_adds_up_what_belongs_to_one_case(self) -> None:
        lines = [of_case("domestic_19", "595"), of_case("domestic_19", "595")]
        (made,) = skonto(payment(cleared("RE-1", "1166.20", "23.80")), lines, by("SKR03"))
        assert made.amount == Decimal("-23.80")


def test_a_refund_is_the_other_way_round() -> None:
    (made,) = skonto(payment(cleared("RE-1", "-970", "-30")), [of_case("export_goods", "-1000")], by("SKR03"))
    assert (made.contra_account, made.amount) == ("8705", Decimal(30))


def test_a_case_of_former_times_waits() -> None:
    former = replace_case(of_case("domestic_19"), "a case of former times")
    assert (
        problem(payment(cleared("RE-1", "980", "20")), [former], by("SKR03")).key == "discount_case_unknown"
    )


def replace_case(of: EntryLine, name: str) -> EntryLine:
    return msgspec.structs.replace(of, tax_case=name)


def test_an_account_that_the_client_names_for_a_rate_is_for_the_case_that_it_serves() -> None:
    named = {"19": "8736", "0": "8700"}
    (abroad,) = skonto(
        payment(cleared("RE-1", "980", "20")), [of_case("eu_taxed_19")], by("SKR03", granted=named)
    )
    assert abroad.contra_account == "8748"
    free = skonto(
        payment(cleared("RE-1", "980", "20")), [of_case("export_goods")], by("SKR03", granted=named)
    )
    assert [(one.contra_account, one.tax_key) for one in free] == [("8700", "173")]


def test_an_own_chart_has_to_name_its_accounts() -> None:
    paid = payment(cleared("RE-1", "980", "20"))
    found = problem(paid, [of_case("export_goods")], by("own"))
    assert found.cause == "discount_account_missing:tax_case=export_goods"
    chart = [{"number": "5500", "function": "none"}]
    named = rules({"chart": "own"}, chart, payments={"default": "1200", "granted": {"0": "5500"}})
    assert [one.contra_account for one in skonto(paid, [of_case("export_goods")], named)] == ["5500"]


class TestTheLinesOfBookedDocuments:
    def booked(self, of: Voucher, made_by: Rules, turn: int = 1) -> Entry:
        made = decide(of, made_by)
        assert isinstance(made, Draft)
        return entry(made, person="10001", document=None, revision=f"r{turn}", turn=turn)

    def test_are_what_is_handed_in(self) -> None:
        sold = voucher(line("1000", "0"), party=party("AT", AUSTRIAN))
        known = open_items([self.booked(sold, rules(supply="goods"))])
        paid = payment(cleared("RE-1", "970", "30"), party=party("AT", AUSTRIAN))
        (one,) = skonto(paid, known["RE-1"].lines, by("SKR03"))
        assert (one.contra_account, one.eu_vat_id) == ("8743", AUSTRIAN)

    def test_stand_under_the_number_of_the_open_item_that_they_clear(self) -> None:
        note = voucher(
            line("-100"), kind=Kind.CREDIT_NOTE, number="GS-1", refers_to="RE-1", external_id="816"
        )
        under = rules({"credit_note_number": "invoice"})
        known = open_items([self.booked(voucher(line("1000")), rules()), self.booked(note, under)])
        assert [one.amount for one in known["RE-1"].lines] == [Decimal("1190.00"), Decimal("-119.00")]

    def test_of_a_booking_that_was_taken_back_count_for_nothing(self) -> None:
        wrong = self.booked(voucher(line("1000")), rules())
        back = reversed_entry(wrong, revision="r2", turn=2)
        right = self.booked(voucher(line("1000", "7")), rules(), turn=2)
        known = open_items([wrong, back, right])
        made = skonto(payment(cleared("RE-1", "1048.60", "21.40")), known["RE-1"].lines, by("SKR03"))
        assert [(one.contra_account, one.amount) for one in made] == [("8731", Decimal("-21.40"))]

    def test_are_not_those_of_payments(self) -> None:
        assert open_items([self.booked(payment(cleared("RE-1", "1190")), by("SKR03"))]) == {}
