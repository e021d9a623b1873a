"""Payments: every open item is cleared under its own number, and Skonto takes its tax back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Ignored, entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import EntryLine
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import AUSTRIAN, cleared, draft, keys, party, payment, problems, rules

BANK = "1200"


def paying(**payments: Any) -> Rules:
    mapping = {name: payments.pop(name) for name in ("input_tax", "small_business") if name in payments}
    return rules(payments={"default": BANK, **payments}, **mapping)


def moved(of: Voucher, by: Rules | None = None) -> list[tuple[str, str, str, str]]:
    """Contra account, tax key, amount and open item of each line."""
    lines = draft(of, by or paying()).lines
    return [(one.contra_account, one.tax_key, f"{one.amount:f}", one.number) for one in lines]


def first(of: Voucher, by: Rules) -> EntryLine:
    return draft(of, by).lines[0]


class TestMoney:
    def test_from_a_customer_credits_the_debtor(self) -> None:
        paid = payment(cleared("RE-1", "119"))
        assert moved(paid) == [(BANK, "", "-119.00", "RE-1")]
        assert draft(paid, paying()).ledger == "receivable"

    def test_to_a_supplier_debits_the_creditor(self) -> None:
        paid = payment(cleared("4711", "119"), direction="purchase")
        assert moved(paid) == [(BANK, "", "119.00", "4711")]
        assert draft(paid, paying()).ledger == "payable"

    def test_that_goes_back_is_the_other_way_round(self) -> None:
        assert moved(payment(cleared("RE-1", "-119"))) == [(BANK, "", "119.00", "RE-1")]
        back = payment(cleared("4711", "-119"), direction="purchase")
        assert moved(back) == [(BANK, "", "-119.00", "4711")]

    def test_for_a_part_clears_a_part(self) -> None:
        assert moved(payment(cleared("RE-1", "50"))) == [(BANK, "", "-50.00", "RE-1")]

    def test_for_several_documents_clears_each_under_its_number(self) -> None:
        paid = payment(cleared("RE-1", "119"), cleared("RE-2", "107"))
        assert moved(paid) == [(BANK, "", "-119.00", "RE-1"), (BANK, "", "-107.00", "RE-2")]

    def test_for_no_document_is_on_account_under_the_payments_own_number(self) -> None:
        paid = payment(cleared("RE-1", "119"), cleared(None, "10"))
        assert moved(paid)[1] == (BANK, "", "-10.00", "Z-1")
        assert draft(paid, paying()).lines[1].text == "Holzbau Müller GmbH a conto Z-1"

    def test_carries_no_tax(self) -> None:
        made = first(payment(cleared()), paying())
        assert (made.tax_case, made.tax_rate, made.tax_key) == ("payment", Decimal(0), "")

    def test_needs_a_number_of_its_own_only_on_account(self) -> None:
        assert moved(payment(cleared("RE-1"), number=None))
        assert keys(payment(cleared(None), number=None), paying()) == ["number_missing"]

    def test_needs_a_party(self) -> None:
        assert keys(payment(cleared(), party=None), paying()) == ["party_missing"]

    def test_needs_neither_country_nor_tax_case(self) -> None:
        assert moved(payment(cleared(), party=party(None)))

    def test_of_a_party_with_a_wrong_number_waits(self) -> None:
        wrong = party(account="70000")
        assert keys(payment(cleared(), party=wrong), paying()) == ["debtor_number_invalid"]
        assert moved(payment(cleared(), direction="purchase", party=wrong))

    @pytest.mark.parametrize("amount", ["0", "0.001"])
    def test_of_nothing_books_nothing(self, amount: str) -> None:
        assert decide(payment(cleared(amount=amount)), paying()) == Ignored("zero_value")
        assert decide(payment(), paying()) == Ignored("zero_value")

    def test_makes_an_entry_that_balances(self) -> None:
        paid = payment(cleared("RE-1", "116.62", "2.38", "19"), cleared(None, "10"))
        made = entry(draft(paid, paying()), person="10001", document=None, revision="r1", turn=1)
        assert made.total == Decimal("-129.00")
        assert sum(amount for _, amount in made.legs()) == 0


class TestTheTotal:
    def test_that_the_source_states_has_to_be_allocated(self) -> None:
        assert moved(payment(cleared("RE-1", "119"), stated_total=Decimal(119)))
        (problem,) = problems(payment(cleared("RE-1", "119"), stated_total=Decimal(129)), paying())
        assert (problem.key, problem.facts["stated"], problem.facts["allocated"]) == (
            "payment_not_allocated",
            "129",
            "119.00",
        )

    def test_is_money_without_skonto(self) -> None:
        paid = payment(cleared("RE-1", "116.62", "2.38", "19"), stated_total=Decimal("116.62"))
        assert len(moved(paid)) == 2


class TestTheMoneyAccount:
    def test_follows_from_the_payment_method(self) -> None:
        by = rules(payments={"default": BANK, "table": {"PayPal": "1360"}})
        assert moved(payment(cleared(), attributes={"payment_method": "PayPal"}), by)[0][0] == "1360"
        assert moved(payment(cleared()), by)[0][0] == BANK

    def test_may_follow_from_another_attribute(self) -> None:
        by = rules(payments={"attribute": "bank", "table": {"Sparkasse": "1210"}})
        assert moved(payment(cleared(), attributes={"bank": "Sparkasse"}), by)[0][0] == "1210"

    def test_of_a_method_that_the_table_does_not_have_is_not_guessed(self) -> None:
        by = rules(payments={"default": BANK, "table": {"PayPal": "1360"}})
        (problem,) = problems(payment(cleared(), attributes={"payment_method": "Klarna"}), by)
        assert problem.cause == "payment_account_missing:attribute=payment_method,value=Klarna"

    def test_has_to_be_named_at_all(self) -> None:
        assert keys(payment(cleared()), rules()) == ["payment_account_missing"]

    @pytest.mark.parametrize(
        ("payments", "said"),
        [
            ({"default": "12000"}, "account 12000 must be written with 4 digits"),
            ({"table": {"Bar": "100"}}, "account 100 must be written with 4 digits"),
            ({"default": "8400"}, "8400 is the automatic account"),
            ({"default": "1400"}, "1400 is the collective account"),
            ({"default": "1776"}, "1776 is the tax account"),
        ],
    )
    def test_that_takes_no_money_is_refused(self, payments: dict[str, Any], said: str) -> None:
        with pytest.raises(ValidationError, match=said):
            rules(payments=payments)


class TestSkonto:
    PAID = cleared("RE-1", "116.62", "2.38", "19")

    def test_has_an_account_for_each_rate(self) -> None:
        paid = payment(self.PAID, cleared("RE-1", "104.86", "2.14", "7"))
        assert [one for one in moved(paid) if one[0] != BANK] == [
            ("8736", "", "-2.38", "RE-1"),
            ("8731", "", "-2.14", "RE-1"),
        ]

    def test_received_from_a_supplier_has_its_own(self) -> None:
        paid = payment(
            self.PAID,
            cleared("4711", "104.86", "2.14", "7"),
            direction="purchase",
        )
        assert [one[:3] for one in moved(paid) if one[0] != BANK] == [
            ("3736", "", "2.38"),
            ("3731", "", "2.14"),
        ]

    def test_has_the_accounts_of_the_chart_at_the_clients_length(self) -> None:
        by = rules({"chart": "SKR04", "account_length": 6}, payments={"default": "180000"})
        assert moved(payment(self.PAID), by)[1][0] == "473600"

    def test_clears_together_with_the_money(self) -> None:
        assert sum(Decimal(amount) for _, _, amount, _ in moved(payment(self.PAID))) == Decimal("-119.00")

    def test_says_its_rate(self) -> None:
        assert draft(payment(self.PAID), paying()).lines[1].tax_rate == 19

    def test_of_a_refund_is_the_other_way_round(self) -> None:
        refund = payment(cleared("RE-1", "-116.62", "-2.38", "19"))
        assert [one[2] for one in moved(refund)] == ["116.62", "2.38"]

    def test_may_come_alone(self) -> None:
        assert moved(payment(cleared("RE-1", "0", "2.38", "19"))) == [("8736", "", "-2.38", "RE-1")]

    @pytest.mark.parametrize(
        "one", [cleared(None, "116.62", "2.38", "19"), cleared("RE-1", "116.62", "-2.38", "19")]
    )
    def test_without_a_document_or_against_the_money_waits(self, one: Any) -> None:
        assert keys(payment(one), paying()) == ["discount_without_document"]

    @pytest.mark.parametrize("rate", [None, "0", "18"])
    def test_on_a_document_that_is_not_known_waits_where_its_rate_does_not_tell_the_case(
        self, rate: str | None
    ) -> None:
        paid = payment(cleared("RE-1", "98", "2", rate))
        for by in (paying(), paying(granted={"0": "8700"}), paying(discount="column")):
            (problem,) = problems(paid, by)
            assert problem.cause == "discount_case_unknown:number=RE-1"

    @pytest.mark.parametrize("direction", ["sale", "purchase"])
    def test_on_a_document_across_the_border_that_is_not_known_waits(self, direction: str) -> None:
        paid = payment(self.PAID, direction=direction, party=party("AT", AUSTRIAN))
        assert keys(paid, paying()) == ["discount_case_unknown"]

    def test_of_a_small_business_needs_no_rate(self) -> None:
        paid = payment(cleared("RE-1", "98", "2"))
        assert moved(paid, paying(small_business=True))[1] == ("8707", "", "-2.00", "RE-1")


class TestAccountsForSkontoOfTheClientsOwn:
    SALE = payment(cleared("RE-1", "116.62", "2.38", "19"))
    BOUGHT = payment(cleared("4711", "116.62", "2.38", "19"), direction="purchase")

    def test_take_the_tax_back_by_a_key_where_they_do_not_do_it_themselves(self) -> None:
        assert moved(self.SALE, paying(granted={"19": "8700"}))[1][:2] == ("8700", "3")
        assert moved(self.BOUGHT, paying(received={"19": "3200"}))[1][:2] == ("3200", "9")

    def test_have_no_key_where_they_are_automatic(self) -> None:
        chart = [{"number": "8730", "function": "automatic", "tax_case": "domestic_19"}]
        by = rules(chart=chart, payments={"default": BANK, "granted": {"19": "8730"}})
        assert moved(self.SALE, by)[1][:2] == ("8730", "")

    def test_take_back_the_rates_of_2020_too(self) -> None:
        paid = payment(cleared("RE-1", "113.68", "2.32", "16"))
        assert moved(paid, paying(granted={"16": "8700"}))[1][:2] == ("8700", "5")

    def test_at_a_rate_that_has_no_key_wait(self) -> None:
        paid = payment(cleared("RE-1", "98", "2", "20"))
        assert keys(paid, paying(granted={"20": "8700"})) == ["discount_case_unknown"]

    @pytest.mark.parametrize("setting", [{"input_tax": False}, {"small_business": True}])
    def test_take_no_tax_back_where_none_was_deducted(self, setting: dict[str, Any]) -> None:
        assert moved(self.BOUGHT, paying(**setting))[1][:2] == ("3700", "")
        by = paying(received={"19": "3200"}, **setting)
        assert moved(self.BOUGHT, by)[1][:2] == ("3200", "")

    @pytest.mark.parametrize(
        ("payments", "said"),
        [
            ({"granted": {"19": "8731"}}, "automatic for domestic_7 and would correct another tax"),
            ({"granted": {"19": "3736"}}, "automatic for input_tax_19 and would correct another tax"),
            ({"received": {"19": "8736"}}, "automatic for domestic_19 and would correct another tax"),
            ({"granted": {"0": "8736"}}, "would correct another tax"),
            ({"received": {"19": "3736"}, "input_tax": False}, "would correct another tax"),
            ({"granted": {"19": "8730"}}, "account 8730 is not known in the chart SKR03"),
            ({"granted": {"19": "1776"}}, "DATEV itself fills 1776"),
            ({"granted": {"19": "87000"}}, "must be written with 4 digits"),
            ({"granted": {"19.0": "8700"}}, "pattern"),
            ({"granted": {"neunzehn": "8700"}}, "pattern"),
        ],
    )
    def test_that_would_correct_another_tax_are_refused(self, payments: dict[str, Any], said: str) -> None:
        with pytest.raises(ValidationError, match=said):
            paying(**payments)


class TestSkontoInDatevsColumn:
    PAID = payment(cleared("RE-1", "116.62", "2.38", "19"))

    def test_stands_beside_the_money_on_its_side(self) -> None:
        (made,) = draft(self.PAID, paying(discount="column")).lines
        assert (made.amount, made.discount, made.discount_account) == (
            Decimal("-116.62"),
            Decimal("-2.38"),
            "",
        )

    def test_may_have_an_account_of_its_own(self) -> None:
        made = first(self.PAID, paying(discount="column", discount_account="8736"))
        assert made.discount_account == "8736"

    def test_names_no_account_where_no_skonto_was_taken(self) -> None:
        made = first(payment(cleared()), paying(discount="column", discount_account="8736"))
        assert (made.discount, made.discount_account) == (None, "")

    @pytest.mark.parametrize("settings", [{}, {"discount_account": "8736"}])
    def test_is_for_the_full_rate_alone_since_datev_takes_that_without_a_key(
        self, settings: dict[str, str]
    ) -> None:
        paid = payment(cleared("RE-1", "104.86", "2.14", "7"))
        assert moved(paid, paying(discount="column", **settings)) == [
            (BANK, "", "-104.86", "RE-1"),
            ("8731", "", "-2.14", "RE-1"),
        ]

    def test_may_be_for_another_case_by_its_account(self) -> None:
        paid = payment(cleared("RE-1", "104.86", "2.14", "7"))
        (made,) = draft(paid, paying(discount="column", discount_account="8731")).lines
        assert (made.discount, made.discount_account) == (Decimal("-2.14"), "8731")

    def test_goes_to_an_account_where_no_money_came_with_it(self) -> None:
        alone = payment(cleared("RE-1", "0", "2.38", "19"))
        assert moved(alone, paying(discount="column")) == [("8736", "", "-2.38", "RE-1")]

    def test_has_an_account_only_since_format_version_13(self) -> None:
        with pytest.raises(ValidationError, match="discount_account: needs format_version 13"):
            rules({"format_version": 12}, payments={"default": BANK, "discount_account": "8736"})


class TestForeignMoney:
    def test_has_the_rate_of_the_payment(self) -> None:
        paid = payment(cleared(None), currency="CHF", exchange_rate=Decimal("0.95"))
        assert draft(paid, paying()).exchange_rate == Decimal("0.95")

    def test_has_the_rate_of_the_month_otherwise(self) -> None:
        by = rules(payments={"default": BANK}, exchange_rates={"CHF 2026-07": "0.96"})
        assert draft(payment(cleared(None), currency="CHF"), by).exchange_rate == Decimal("0.96")

    def test_without_a_rate_waits(self) -> None:
        assert keys(payment(cleared(None), currency="CHF"), paying()) == ["exchange_rate_missing"]


def test_everything_that_is_missing_is_said_at_once() -> None:
    paid = payment(cleared("RE-1", "98", "2"), cleared(None, "1"), number=None, party=None, currency="CHF")
    assert keys(paid, rules()) == [
        "party_missing",
        "number_missing",
        "payment_account_missing",
        "exchange_rate_missing",
        "cleared_document_unknown",
        "discount_case_unknown",
    ]


def test_every_line_says_why_it_is_there() -> None:
    paid = payment(cleared("RE-1", "116.62", "2.38", "19"), cleared(None, "10"))
    because = draft(paid, paying()).because
    values = {(one.field, one.value) for one in because}
    assert {("number", "RE-1"), ("number", "Z-1")} <= values
    assert {BANK, "8736"} <= {value for _, value in values}
