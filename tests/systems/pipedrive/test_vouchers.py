from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.systems.pipedrive.shapes import (
    Address,
    Deal,
    Instalment,
    Mailbox,
    Organization,
    Person,
)
from mlconnector.systems.pipedrive.vouchers import Belongings, Surroundings, final, withdrawn
from mlconnector.systems.source import Reading
from tests.systems.pipedrive.records import (
    CENTRE,
    DATE,
    DEBTOR,
    KNOWN,
    NUMBER,
    RATE,
    SERVICE,
    VAT,
    deal,
    product,
    settings,
)

MUNICH = Address(
    value="Hauptstraße 5, 80331 München, Deutschland",
    country="Deutschland",
    locality="München",
    route="Hauptstraße",
    street_number="5",
    postal_code="80331",
)


def organization(**values: Any) -> Organization:
    return Organization(**{"id": 17, "name": "Müller GmbH", "address": MUNICH, **values})


def reading_of(
    whole: Deal,
    *,
    company: Organization | None = None,
    person: Person | None = None,
    instalments: tuple[Instalment, ...] = (),
    currency: str = "EUR",
    **changed: Any,
) -> Reading:
    around = Surroundings(
        known=KNOWN,
        organizations={17: company or organization()},
        persons={person.id: person} if person else {},
        pipelines={1: "Projekte"},
    )
    lines = [product("100", currency=currency)]
    return final(whole, Belongings(products=lines, instalments=instalments), around, settings(**changed))


def voucher_of(whole: Deal, **given: Any) -> Voucher:
    reading = reading_of(whole, **given)
    assert reading.problems == ()
    assert reading.voucher is not None
    return reading.voucher


def keys(reading: Reading) -> list[str]:
    return [problem.key for problem in reading.problems]


class TestTheDocument:
    def test_number_dates_and_attributes_come_from_the_fields(self) -> None:
        fields = {
            NUMBER: " RE-1 ",
            DATE: "2026-07-03",
            SERVICE: {"value": "2026-06-01", "until": "2026-06-28"},
            CENTRE: 31,
        }
        voucher = voucher_of(deal(custom_fields=fields, pipeline_id=1, owner_id=101))
        assert voucher.number == "RE-1"
        assert voucher.document_date == date(2026, 7, 3)
        assert voucher.service_date == date(2026, 6, 28), "the last day of the range"
        assert voucher.attributes == {"pipeline": "Projekte", "owner": "101", "cost_centre": "100 Verwaltung"}
        assert voucher.title == "Dach Müller"

    def test_without_an_invoice_date_the_day_of_winning_counts_in_the_time_zone(self) -> None:
        won = deal(won_time=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
        assert voucher_of(won).document_date == date(2026, 7, 1)
        assert voucher_of(won, timezone="Europe/London").document_date == date(2026, 6, 30)

    def test_a_time_without_a_zone_is_one_in_utc(self) -> None:
        won = deal(won_time=datetime(2026, 6, 30, 22, 30))  # noqa: DTZ001 that is how it may come
        assert voucher_of(won).document_date == date(2026, 7, 1)

    def test_the_day_that_pipedrive_itself_gives_may_be_no_other_one(self) -> None:
        assert voucher_of(deal(local_won_date=date(2026, 7, 1))).document_date == date(2026, 7, 1)
        (problem,) = reading_of(deal(local_won_date=date(2026, 6, 30))).problems
        assert problem.key == "won_day_unclear"
        assert (problem.facts["user_day"], problem.facts["zone_day"]) == ("2026-06-30", "2026-07-01")

    def test_where_there_is_an_invoice_date_the_day_of_winning_may_be_any(self) -> None:
        won = deal(local_won_date=date(2026, 6, 30), custom_fields={NUMBER: "RE-1", DATE: "2026-07-03"})
        assert reading_of(won).problems == ()

    def test_an_empty_number_is_none(self) -> None:
        assert voucher_of(deal(custom_fields={NUMBER: None})).number is None
        assert voucher_of(deal(custom_fields={NUMBER: "  "})).number is None

    def test_a_negative_value_makes_a_credit_note(self) -> None:
        around = Surroundings(known=KNOWN, organizations={17: organization()})
        reading = final(deal("-100"), Belongings(products=[product("-100")]), around, settings())
        assert reading.voucher is not None
        assert reading.voucher.kind is Kind.CREDIT_NOTE
        assert reading.problems == ()

    def test_the_value_is_the_stated_total_and_may_be_net_or_gross(self) -> None:
        voucher = voucher_of(deal("119.00"))
        assert (voucher.stated_total, voucher.stated_total_is) == (Decimal(119), "either")

    def test_instalments_are_more_than_one_invoice(self) -> None:
        part = Instalment(deal_id=7, amount=Decimal(50))
        assert keys(reading_of(deal(), instalments=(part, part))) == ["deal_has_instalments"]

    @pytest.mark.parametrize("written", ["1.10", "1.1", "1.100"])
    def test_the_writing_of_numbers_does_not_change_the_revision(self, written: str) -> None:
        fields = {NUMBER: "RE-1", RATE: Decimal(written)}
        voucher = voucher_of(deal("119.0", currency="CHF", custom_fields=fields), currency="CHF")
        assert voucher.exchange_rate == Decimal("1.1")
        other = voucher_of(
            deal("119", currency="CHF", custom_fields={NUMBER: "RE-1", RATE: Decimal("1.1")}), currency="CHF"
        )
        assert voucher.revision() == other.revision()


class TestForeignMoney:
    def test_the_rate_is_read_as_number_or_text(self) -> None:
        for value in (Decimal("0.9385"), "0,9385", "0.9385"):
            fields = {NUMBER: "RE-1", RATE: value}
            voucher = voucher_of(deal("100", currency="CHF", custom_fields=fields), currency="CHF")
            assert voucher.exchange_rate == Decimal("0.9385")

    def test_a_missing_rate_is_left_to_the_mapping(self) -> None:
        assert voucher_of(deal("100", currency="CHF"), currency="CHF").exchange_rate is None

    @pytest.mark.parametrize("value", [Decimal(0), "-1,2", "eins", "1.234,5"])
    def test_a_rate_that_is_none_is_a_problem(self, value: Any) -> None:
        fields = {NUMBER: "RE-1", RATE: value}
        reading = reading_of(deal("100", currency="CHF", custom_fields=fields), currency="CHF")
        assert keys(reading) == ["field_unreadable"]

    def test_euros_need_no_rate_and_none_is_read(self) -> None:
        assert voucher_of(deal(custom_fields={NUMBER: "RE-1", RATE: "eins"})).exchange_rate is None

    def test_a_currency_of_the_accounts_own_is_a_problem(self) -> None:
        reading = reading_of(deal("100", currency="PKT"), currency="PKT")
        assert keys(reading) == ["currency_unknown"]
        assert reading.problems[0].cause == "currency_unknown:currency=PKT"


class TestTheParty:
    def test_an_organisation_is_a_business_with_its_address(self) -> None:
        fields = {VAT: "de 136.695 976", DEBTOR: "10017"}
        party = voucher_of(deal(), company=organization(custom_fields=fields)).party
        assert party is not None
        assert (party.external_id, party.is_business) == ("organization/17", True)
        assert (party.vat_id, party.account) == ("DE136695976", "10017")
        assert (party.country, party.street, party.postal_code, party.city) == (
            "DE",
            "Hauptstraße 5",
            "80331",
            "München",
        )

    def test_without_an_organisation_the_person_buys(self) -> None:
        mails = [Mailbox(value="a@example.com"), Mailbox(value="b@example.com", primary=True)]
        person = Person(id=4, name="Zoë Weiß", emails=mails)
        party = voucher_of(deal(org_id=None, person_id=4), person=person, default_country="DE").party
        assert party is not None
        assert (party.external_id, party.is_business, party.email) == ("person/4", False, "b@example.com")
        assert party.country == "DE"

    def test_a_deal_without_anybody_is_a_problem(self) -> None:
        reading = reading_of(deal(org_id=None))
        assert keys(reading) == ["party_missing"]
        assert reading.voucher is not None
        assert reading.voucher.party is None

    def test_an_organisation_that_cannot_be_seen_is_not_replaced_by_its_contact(self) -> None:
        reading = reading_of(deal(org_id=18, person_id=4), person=Person(id=4, name="Zoë Weiß"))
        assert keys(reading) == ["party_not_visible"]

    def test_an_unknown_country_is_a_problem_and_never_the_default(self) -> None:
        lost = organization(address=Address(country="Atlantis"))
        reading = reading_of(deal(), company=lost, default_country="DE")
        assert keys(reading) == ["country_unknown"]
        assert reading.problems[0].cause == "country_unknown:country=Atlantis"

    @pytest.mark.parametrize("address", [None, Address(value="Gewerbegebiet Nord, Tor 3")])
    def test_no_country_is_left_to_the_mapping_unless_there_is_a_default(
        self, address: Address | None
    ) -> None:
        company = organization(address=address)
        party = voucher_of(deal(), company=company).party
        assert party is not None
        assert party.country is None
        assert party.street == (address.value if address else None)
        with_default = voucher_of(deal(), company=company, default_country="AT").party
        assert with_default is not None
        assert with_default.country == "AT"


class TestFields:
    def test_a_field_that_does_not_exist_is_a_problem_shared_by_all_deals(self) -> None:
        reading = reading_of(deal(), fields={"invoice_number": NUMBER, "due_date": "Fällig am"})
        assert keys(reading) == ["field_missing"]
        assert reading.problems[0].cause == "field_missing:entity=deal,field=Fällig am"

    def test_an_unreadable_date_is_a_problem_and_the_day_of_winning_is_taken(self) -> None:
        reading = reading_of(deal(custom_fields={NUMBER: "RE-1", DATE: "31.02.2026"}))
        assert keys(reading) == ["field_unreadable"]
        assert reading.problems[0].facts["value"] == "31.02.2026"
        assert reading.voucher is not None
        assert reading.voucher.document_date == date(2026, 7, 1)


class TestWithdrawn:
    @pytest.mark.parametrize(
        "values", [{"status": "open", "won_time": None}, {"status": "lost"}, {"is_deleted": True}]
    )
    def test_a_deal_that_is_not_won_keeps_its_identity(self, values: dict[str, Any]) -> None:
        before = voucher_of(deal())
        reading = withdrawn(deal(**values), settings(), KNOWN)
        assert reading.voucher is not None
        assert reading.voucher.standing == "withdrawn"
        assert reading.voucher.identity == before.identity
        assert reading.voucher.number == before.number
        assert reading.problems == ()
        assert reading.voucher.lines == ()
