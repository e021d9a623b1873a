"""Customers that are followed on their own: accounts and contacts that change without an invoice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mlconnector.systems.dynamics.webhook_setup import register
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Hint, Reading, Reference, Source, SourceContext
from tests.conformance.source_suite import revisions, whole_pass
from tests.systems.dynamics.records import CUSTOMER, account, around, invoice, read, settings
from tests.systems.dynamics.rig import DynamicsRig, customer_ids, dynamics_rig, final_ids, proved

WEEK = 7 * 86_400
TRACKED = {"customers": "tracked"}
NEW = {
    "name": "Neukunde AG",
    "address1_line1": "Am Kai 7",
    "address1_postalcode": "24103",
    "address1_city": "Kiel",
    "address1_country": "Germany",
    "emailaddress1": "post@neukunde.example.com",
    "new_vatid": "DE 136 695 976",
}


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    with dynamics_rig(settings=TRACKED) as rig:
        yield rig


@pytest.fixture
def source(rig: DynamicsRig) -> Source:
    return rig.open()


def ids_of(source: Source, since: str | None) -> list[str]:
    return [each.external_id for each in whole_pass(source, since)[0]]


def cursor_of(source: Source) -> str:
    cursor = whole_pass(source, None)[1]
    assert cursor is not None
    return cursor


def one(rig: DynamicsRig, table: str) -> str:
    return next(iter(rig.standin.environment.rows[table]))


def fetched(source: Source, external_id: str) -> Reading:
    (reading,) = source.fetch([Reference(external_id)])
    return reading


class TestPasses:
    def test_the_first_load_tells_of_all_customers_after_the_invoices(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        listed = ids_of(source, None)
        invoices = final_ids(rig.standin)
        assert set(listed[: len(invoices)]) == invoices
        assert set(listed[len(invoices) :]) == customer_ids(rig.standin)
        assert len(listed) == len(set(listed))

    def test_later_passes_tell_of_those_that_are_new_or_changed(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        cursor = cursor_of(source)
        assert ids_of(source, cursor) == []
        contact = one(rig, "contact")
        rig.standin.change_record("contact", contact, fullname="Anna Anders")
        new = rig.standin.add_record("account", **NEW)["accountid"]
        touched = rig.standin.touch(1)["invoiceid"]
        assert ids_of(source, cursor) == [touched, f"account/{new}", f"contact/{contact}"]

    def test_pages_follow_one_another(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        new = [
            rig.standin.add_record("account", name=f"Kunde {number}")["accountid"] for number in range(1100)
        ]
        before = rig.standin.statistics.by_path["/api/data/v9.2/accounts"]
        assert ids_of(source, cursor) == [f"account/{id_}" for id_ in new]
        assert rig.standin.statistics.by_path["/api/data/v9.2/accounts"] - before == 3

    def test_by_default_nobody_asks_for_them(self) -> None:
        with dynamics_rig() as rig:
            source = rig.open()
            cursor = cursor_of(source)
            assert "/api/data/v9.2/accounts" not in rig.standin.statistics.by_path
            new = rig.standin.add_record("account", **NEW)["accountid"]
            assert ids_of(source, cursor) == []
            assert fetched(source, f"account/{new}").party is None

    def test_a_cursor_that_expires_doubles_nothing(self, rig: DynamicsRig, source: Source) -> None:
        references, cursor = whole_pass(source, None)
        before = revisions(source.fetch(references))
        rig.outside.time.pass_by(WEEK + 3600)
        again, later = whole_pass(source, cursor)
        listed = [each.external_id for each in again]
        assert set(listed) == {row["invoiceid"] for row in rig.standin.invoices()} | customer_ids(rig.standin)
        assert len(listed) == len(set(listed))
        after = revisions(source.fetch(again))
        assert {id_: after[id_] for id_ in before} == before
        assert whole_pass(source, later)[0] == []

    def test_a_link_of_customers_alone_that_expired_begins_the_pass_anew(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        cursor = cursor_of(source)
        rig.standin.add_column("contact", "new_hobby")
        again, later = whole_pass(source, cursor)
        assert {each.external_id for each in again} > customer_ids(rig.standin)
        assert whole_pass(source, later)[0] == []

    def test_a_cursor_from_before_they_were_followed_reads_everything_again(self) -> None:
        with dynamics_rig() as rig:
            cursor = cursor_of(rig.open())
            rig.settings = {**rig.settings, **TRACKED}
            source = rig.open()
            again, later = whole_pass(source, cursor)
            assert {each.external_id for each in again} > customer_ids(rig.standin)
            assert whole_pass(source, later)[0] == []

    def test_a_cursor_of_two_fixed_tables_reads_everything_again(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        links = json.loads(cursor_of(source))["links"]
        cursor = {"columns": "0123456789ab", "lines": links["invoicedetail"], "invoices": links["invoice"]}
        assert set(ids_of(source, json.dumps(cursor))) > customer_ids(rig.standin)

    def test_a_pass_that_began_with_other_tables_begins_anew(self, rig: DynamicsRig) -> None:
        source = rig.open()
        position: str | None = None
        for _ in range(3):
            position = source.changes(None, position).position
        rig.settings = {**rig.settings, "customers": "with_invoices"}
        page = rig.open().changes(None, position)
        assert page.references == ()
        assert page.position is not None
        assert ids_of(rig.open(), rig.open().changes(None, page.position).cursor) == []


class TestReading:
    def test_a_customer_is_a_party_and_no_voucher(self, rig: DynamicsRig, source: Source) -> None:
        new = rig.standin.add_record("account", **NEW)["accountid"]
        reading = fetched(source, f"account/{new}")
        assert (reading.voucher, reading.problems, reading.ledger) == (None, (), "receivable")
        assert reading.party is not None
        assert {name: getattr(reading.party, name) for name in reading.party.__struct_fields__} == {
            "external_id": f"account/{new}",
            "name": "Neukunde AG",
            "is_business": True,
            "vat_id": "DE136695976",
            "country": "DE",
            "street": "Am Kai 7",
            "postal_code": "24103",
            "city": "Kiel",
            "email": "post@neukunde.example.com",
            "account": None,
        }

    def test_what_a_page_brought_is_not_asked_for_again(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        rig.standin.add_record("contact", fullname="Ute Neu", new_debtornumber="70123")
        references, _ = whole_pass(source, cursor)
        before = len(rig.outside.log.exchanges)
        (reading,) = source.fetch(references)
        assert len(rig.outside.log.exchanges) == before
        assert reading.party is not None
        assert (reading.party.name, reading.party.is_business) == ("Ute Neu", False)
        assert (reading.party.account, reading.party.country) == ("70123", None)

    def test_invoices_and_customers_are_read_together_in_their_order(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        asked = [
            f"contact/{one(rig, 'contact')}",
            min(final_ids(rig.standin)),
            f"account/{one(rig, 'account')}",
            "account/none",
            "contact/",
        ]
        readings = source.fetch([Reference(external_id) for external_id in asked])
        assert [each.external_id for each in readings] == asked
        told = [(each.voucher is not None, each.party is not None) for each in readings]
        assert told == [(False, True), (True, False), (False, True), (False, False), (False, False)]
        assert [each.reason for each in readings[3:]] == ["gone", "gone"]

    def test_one_that_was_deleted_is_gone(self, rig: DynamicsRig, source: Source) -> None:
        new = rig.standin.add_record("account", **NEW)["accountid"]
        cursor = cursor_of(source)
        rig.standin.environment.remove("account", new)
        references, _ = whole_pass(source, cursor)
        assert [each.external_id for each in references] == [f"account/{new}"]
        assert source.fetch(references) == [Reading(f"account/{new}", None, reason="gone")]

    @pytest.mark.parametrize(
        ("table", "values", "reason"),
        [
            ("account", {"statecode": 1, "statuscode": 2}, "inactive"),
            ("account", {"name": " "}, "nameless"),
            ("contact", {"fullname": None}, "nameless"),
            ("contact", {"parentcustomerid": "account"}, "contact_person"),
            ("contact", {"parentcustomerid": "contact"}, ""),
        ],
    )
    def test_who_needs_no_number_is_left_alone(
        self, rig: DynamicsRig, source: Source, table: str, values: dict[str, Any], reason: str
    ) -> None:
        of = values.get("parentcustomerid")
        parent = {"parentcustomerid": (of, one(rig, of))} if of else {}
        who = rig.standin.change_record(table, one(rig, table), **{**values, **parent})[f"{table}id"]
        reading = fetched(source, f"{table}/{who}")
        assert (reading.party is None, reading.reason) == (bool(reason), reason)

    def test_a_country_that_nobody_knows_is_left_out(self, rig: DynamicsRig, source: Source) -> None:
        new = rig.standin.add_record("account", **{**NEW, "address1_country": "siehe oben"})["accountid"]
        party = fetched(source, f"account/{new}").party
        assert party is not None
        assert (party.country, party.city) == (None, "Kiel")


class TestInvoices:
    BILLED = invoice(billto_line1="Weg 1", billto_postalcode="1010", billto_city="Wien", billto_country="AT")
    OWN = around(
        customers={f"account/{CUSTOMER}": account(address1_line1="Ring 2", address1_country="Germany")}
    )

    def address(self, **values: Any) -> tuple[str | None, ...]:
        voucher = read(self.BILLED, surroundings=self.OWN, rule=settings(**values)).voucher
        assert voucher is not None
        assert voucher.party is not None
        party = voucher.party
        return party.street, party.postal_code, party.city, party.country

    def test_the_address_is_the_customers_own_and_the_invoice_says_where_it_is_taxed(self) -> None:
        assert self.address(**TRACKED) == ("Ring 2", None, "Köln", "AT")

    def test_by_default_the_address_is_that_of_the_invoice(self) -> None:
        assert self.address() == ("Weg 1", "1010", "Wien", "AT")

    def test_both_tell_the_same_of_a_customer(self, rig: DynamicsRig, source: Source) -> None:
        place = rig.standin.place_of("domestic")
        rig.standin.change_invoice(place, billto_line1="Baustelle 3", billto_city="Ulm")
        voucher = fetched(source, rig.standin.invoice(place)["invoiceid"]).voucher
        assert voucher is not None
        assert voucher.party is not None
        assert voucher.party == fetched(source, voucher.party.external_id).party


class TestChecking:
    def steps(self, rig: DynamicsRig) -> dict[str, CheckStep]:
        return {step.key: step for step in rig.open().check()}

    @pytest.mark.parametrize(("rule", "off"), [(TRACKED, "contact"), ({"customers": "with_invoices"}, None)])
    def test_they_have_to_be_tracked_only_where_they_are_followed(
        self, rig: DynamicsRig, rule: dict[str, str], off: str | None
    ) -> None:
        rig.settings = {**rig.settings, **rule}
        rig.standin.set_tracking("contact", enabled=False)
        step = self.steps(rig)["dynamics.tracking"]
        assert step.cause == ("dynamics_tracking_missing" if off else "")
        assert step.facts.get("tables") == off

    @pytest.mark.parametrize(
        ("rule", "missing"), [(TRACKED, "prvReadAccount"), ({"customers": "with_invoices"}, None)]
    )
    def test_the_right_for_ones_own_is_enough_only_where_they_are_not(
        self, rig: DynamicsRig, rule: dict[str, str], missing: str | None
    ) -> None:
        rig.settings = {**rig.settings, **rule}
        rig.standin.set_privilege("account", "basic")
        step = self.steps(rig)["dynamics.right"]
        assert step.facts.get("privileges") == missing


class TestWebhooks:
    @pytest.mark.parametrize("table", ["account", "contact"])
    @pytest.mark.parametrize("message", ["Create", "Update"])
    def test_new_and_changed_ones_are_hinted_at(
        self, rig: DynamicsRig, source: Source, table: str, message: Any
    ) -> None:
        body, _ = rig.standin.record_delivery(table, one(rig, table), message=message)
        assert source.verify(proved(body)) == Hint(None, (f"{table}/{one(rig, table)}",))

    def test_other_events_and_records_are_not(self, rig: DynamicsRig, source: Source) -> None:
        deleted, _ = rig.standin.record_delivery("account", one(rig, "account"), message="Delete")
        product, _ = rig.standin.record_delivery("product", one(rig, "product"))
        assert source.verify(proved(deleted)).external_ids == ()
        assert source.verify(proved(product)).external_ids == ()

    def test_by_default_they_are_ignored(self, rig: DynamicsRig) -> None:
        rig.settings = {**rig.settings, "customers": "with_invoices"}
        body, _ = rig.standin.record_delivery("account", one(rig, "account"))
        assert rig.open().verify(proved(body)).external_ids == ()

    def test_they_are_registered_where_they_are_followed(self, rig: DynamicsRig) -> None:
        outside = rig.outside
        context = SourceContext(
            settings=rig.system.settings_model.model_validate(dict(rig.settings)),
            secrets=rig.secrets,
            tokens=outside.tokens,
            http=outside.http,
            memory=outside.memory,
            now=outside.time.now,
            budget=outside.budget,
        )
        told = register(context, "https://connector.example.com/webhooks/my-dynamics")
        of_customers = [
            f"{message} {table}" for table in ("account", "contact") for message in ("Create", "Update")
        ]
        assert [event for event in told if "invoice" not in event.lower()] == of_customers
