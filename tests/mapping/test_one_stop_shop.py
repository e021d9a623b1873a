"""The one-stop shop: sales to consumers in other member states, at the rate of their country."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.eu_rates import rates_of, read_rates
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import EntryLine
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import AUSTRIAN, cases, draft, keys, line, party, problems, rules, voucher

FRENCH = Decimal(20)
_MEMBER_STATES = (
    *("AT", "BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)


def sold_to(country: str, rate: str, consumer: bool | None = True, **facts: Any) -> Voucher:
    kind = None if consumer is None else not consumer
    customer = party(country, facts.pop("vat_id", None), is_business=kind)
    return voucher(line(rate=rate), party=customer, **facts)


def oss(supply: str | None = "goods", **mapping: Any) -> Rules:
    return rules(oss=True, supply=supply, **mapping)


def only(of: Voucher, by: Rules) -> EntryLine:
    (found,) = draft(of, by).lines
    return found


class TestASaleToAConsumer:
    def test_is_taxed_at_the_rate_of_the_country(self) -> None:
        assert cases(sold_to("FR", "20"), oss()) == ["oss_goods"]
        assert cases(sold_to("FR", "5.5"), oss()) == ["oss_goods"]
        assert cases(sold_to("FR", "20"), oss("service")) == ["oss_service"]

    def test_names_country_and_rate_of_destination(self) -> None:
        made = only(sold_to("FR", "20"), oss())
        assert (made.contra_account, made.tax_key, made.amount) == ("8320", "10", Decimal("120.00"))
        assert (made.eu_vat_id, made.eu_rate, made.tax_rate) == ("FR", FRENCH, FRENCH)
        assert (made.key_rate, made.key_country) == (None, "")

    def test_names_them_again_beside_a_key_without_a_rate_of_its_own(self) -> None:
        made = only(sold_to("FR", "20"), oss("service"))
        assert (made.tax_key, made.key_rate, made.key_country) == ("250", FRENCH, "FR")

    def test_may_have_another_key_by_a_row(self) -> None:
        row = {"tax_case": "oss_goods", "account": "8320", "tax_key": "240"}
        made = only(sold_to("FR", "20"), oss(revenue=[row]))
        assert (made.tax_key, made.key_rate, made.key_country) == ("240", FRENCH, "FR")

    def test_in_greece_is_written_with_its_prefix_where_datev_wants_one(self) -> None:
        made = only(sold_to("GR", "24"), oss("service"))
        assert (made.eu_vat_id, made.key_country) == ("EL", "GR")

    def test_in_monaco_counts_as_one_in_france(self) -> None:
        made = only(sold_to("MC", "20"), oss("service"))
        assert (made.eu_vat_id, made.key_country) == ("FR", "FR")

    def test_waits_while_nobody_has_said_what_was_sold(self) -> None:
        assert keys(sold_to("FR", "20"), oss(None)) == ["supply_unknown"]

    def test_at_a_rate_that_the_country_does_not_have_waits(self) -> None:
        assert keys(sold_to("FR", "21"), oss()) == ["tax_case_unknown"]
        assert keys(sold_to("FR", "0"), oss()) == ["tax_case_unknown"]

    def test_before_the_one_stop_shop_began_waits(self) -> None:
        early = sold_to("FR", "20", document_date=date(2021, 6, 30))
        assert keys(early, oss()) == ["rate_not_valid"]


class TestWhoTheCustomerIs:
    def test_has_to_be_said(self) -> None:
        (problem,) = problems(sold_to("FR", "20", consumer=None), oss())
        assert (problem.cause, problem.facts["tax_case"]) == (
            "customer_kind_missing:party_id=organization/7",
            "oss_goods",
        )

    def test_keeps_businesses_out(self) -> None:
        assert keys(sold_to("FR", "20", consumer=False), oss()) == ["tax_case_unknown"]

    def test_keeps_customers_with_a_vat_id_out(self) -> None:
        assert keys(sold_to("AT", "20", vat_id=AUSTRIAN), oss()) == ["tax_case_unknown"]

    def test_matters_for_a_row_too(self) -> None:
        row = {"rate": 20, "region": "eu", "case": "oss_goods"}
        assert keys(sold_to("FR", "20", consumer=None), rules(tax_case=[row])) == ["customer_kind_missing"]
        assert cases(sold_to("FR", "20"), rules(tax_case=[row])) == ["oss_goods"]


def test_newer_rates_of_a_file_go_before_those_that_are_known() -> None:
    newer = read_rates("country,rates,from,until\nFR,21 10,2026-07-01,\n")
    by = oss().model_copy(update={"vat_rates": newer})
    assert cases(sold_to("FR", "21"), by) == ["oss_goods"]
    assert keys(sold_to("FR", "20"), by) == ["tax_case_unknown"]
    assert cases(sold_to("FR", "20", document_date=date(2026, 6, 30)), by) == ["oss_goods"]


class TestARateThatGermanyHasToo:
    @pytest.mark.parametrize(("country", "rate"), [("CY", "19"), ("CZ", "21"), ("SK", "19"), ("LU", "17")])
    def test_is_a_rate_of_that_country(self, country: str, rate: str) -> None:
        assert Decimal(rate) in rates_of(country, date(2026, 7, 31))

    def test_is_left_to_a_row(self) -> None:
        (problem,) = problems(sold_to("CY", "19"), oss())
        assert problem.cause == "tax_case_ambiguous:direction=sale,rate=19,region=eu,vat_id=no"
        assert problem.facts["cases"] == "eu_taxed_19, oss_goods"

    def test_is_not_taken_for_the_german_one_while_nobody_has_said_what_was_sold(self) -> None:
        assert keys(sold_to("CY", "19"), oss(None)) == ["supply_unknown"]

    def test_is_decided_by_the_row(self) -> None:
        row = {"rate": 19, "region": "eu", "vat_id": "no", "case": "oss_goods"}
        assert cases(sold_to("CY", "19"), oss(tax_case=[row])) == ["oss_goods"]

    def test_is_the_german_one_for_a_business(self) -> None:
        assert cases(sold_to("CY", "19", consumer=False), oss()) == ["eu_taxed_19"]


class TestARegionBelowTheCountry:
    """Territories that have rates of their own, or another law than their country."""

    def at(self, country: str, postal_code: str, rate: str) -> Voucher:
        return voucher(line(rate=rate), party=party(country, is_business=False, postal_code=postal_code))

    def test_has_its_own_rate(self) -> None:
        # § 10 Abs. 4 öUStG for Jungholz and Mittelberg, Art. 18 CIVA for Madeira and the Azores.
        jungholz = only(self.at("AT", "6691", "19"), oss())
        assert (jungholz.tax_case, jungholz.eu_vat_id, jungholz.eu_rate) == ("oss_goods", "AT", Decimal(19))
        madeira = only(self.at("PT", "9000-018", "22"), oss())
        assert (madeira.tax_case, madeira.eu_vat_id, madeira.eu_rate) == ("oss_goods", "PT", Decimal(22))
        assert cases(self.at("PT", "9500", "16"), oss()) == ["oss_goods"]
        assert cases(self.at("AT", "6993", "19"), oss()) == ["oss_goods"]

    def test_has_it_under_a_german_postal_code_too(self) -> None:
        kleinwalsertal = only(self.at("DE", "87568", "19"), oss())
        assert (kleinwalsertal.tax_case, kleinwalsertal.eu_vat_id) == ("oss_goods", "AT")

    def test_does_not_have_the_rate_of_its_country(self) -> None:
        assert keys(self.at("AT", "6691", "20"), oss()) == ["tax_case_unknown"]
        assert keys(self.at("PT", "9500", "23"), oss()) == ["tax_case_unknown"]

    def test_gives_its_rate_to_no_other_place_of_the_country(self) -> None:
        assert keys(self.at("AT", "1010", "19"), oss()) == ["oss_rate_differs"]
        assert keys(self.at("PT", "1000-001", "22"), oss()) == ["tax_case_unknown"]

    def test_outside_the_union_is_an_export(self) -> None:
        assert cases(self.at("ES", "35001", "0"), oss()) == ["export_goods"]
        assert keys(self.at("ES", "35001", "21"), oss()) == ["tax_case_unknown"]
        assert keys(self.at("IT", "23041", "22"), oss()) == ["tax_case_unknown"]

    def test_of_northern_ireland_is_in_the_union_for_goods(self) -> None:
        made = only(self.at("GB", "BT1 5GS", "20"), oss())
        assert (made.tax_case, made.eu_vat_id) == ("oss_goods", "XI")
        assert keys(self.at("GB", "SW1A 1AA", "20"), oss()) == ["tax_case_unknown"]


class TestWithoutTheSetting:
    def test_foreign_rates_wait(self) -> None:
        assert keys(sold_to("FR", "20"), rules(supply="goods")) == ["tax_case_unknown"]

    def test_german_rates_are_german(self) -> None:
        assert cases(sold_to("CY", "19"), rules()) == ["eu_taxed_19"]


class TestTheRatesOfTheMemberStates:
    @pytest.mark.parametrize(
        ("country", "day", "standard"),
        [
            ("EE", date(2023, 12, 31), 20),
            ("EE", date(2024, 1, 1), 22),
            ("EE", date(2025, 7, 1), 24),
            ("SK", date(2024, 12, 31), 20),
            ("SK", date(2025, 1, 1), 23),
            ("FI", date(2024, 8, 31), 24),
            ("RO", date(2025, 8, 1), 21),
            ("MC", date(2026, 1, 1), 20),
        ],
    )
    def test_follow_the_day(self, country: str, day: date, standard: int) -> None:
        assert rates_of(country, day)[0] == standard

    def test_are_those_of_the_day_of_supply(self) -> None:
        late = sold_to("SK", "20", document_date=date(2025, 1, 10), service_date=date(2024, 12, 20))
        assert cases(late, oss()) == ["oss_goods"]
        assert keys(sold_to("SK", "20", document_date=date(2025, 1, 10)), oss()) == ["tax_case_unknown"]

    @pytest.mark.parametrize("country", ["DE", "CH", "GB", ""])
    def test_are_none_elsewhere(self, country: str) -> None:
        assert rates_of(country, date(2026, 1, 1)) == ()

    @pytest.mark.parametrize("day", [date(2021, 7, 1), date(2024, 1, 1), date(2026, 7, 1)])
    def test_are_known_for_every_member_state(self, day: date) -> None:
        assert [state for state in _MEMBER_STATES if not rates_of(state, day)] == []


def test_a_row_that_names_the_one_stop_shop_has_to_be_about_the_eu() -> None:
    with pytest.raises(ValidationError, match='needs region = "eu"'):
        rules(tax_case=[{"tax_code": "OSS", "case": "oss_goods"}])
