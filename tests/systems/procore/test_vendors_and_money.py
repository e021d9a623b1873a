"""Who is paid, and in which money: what Procore leaves open about either; each test names its case."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.standins.procore.identities import CREDITOR_FIELD
from mlconnector.systems.source import Reference
from tests.systems.procore.looking import alter, held_by, reading, status, voucher
from tests.systems.procore.rig import ProcoreRig, Row, name_of, of_case, plain, procore_rig, update

pytestmark = pytest.mark.xdist_group("procore-vendors")


class TestVendors:
    def test_one_that_is_inactive_is_paid_all_the_same(self, shared: ProcoreRig) -> None:
        record = of_case(shared.standin, "inactive_vendor")
        assert not shared.standin.vendors[record["vendor_id"]]["is_active"]
        found = voucher(shared, record)
        assert found.party is not None
        assert found.party.name == record["vendor_name"]

    def test_one_that_is_gone_holds_its_documents_and_no_others(self, rig: ProcoreRig) -> None:
        record = of_case(rig.standin, "eu_contractor")
        status(rig, rf"/vendors/{record['vendor_id']}$", 404)
        source = rig.open()
        references = [Reference(name_of(one)) for one in (record, of_case(rig.standin, "tax_19"))]
        gone, other = source.fetch(references)
        assert [one.key for one in gone.problems] == ["party_not_visible"]
        assert other.problems == ()

    def test_one_without_a_country_has_none_or_the_default(self) -> None:
        for country in (None, "DE"):
            with procore_rig(settings={"default_country": country} if country else {}) as rig:
                record = plain(rig.standin)
                rig.standin.update_vendor(record["vendor_id"], lambda row: row.update(country_code=None))
                found = voucher(rig, record)
                assert found.party is not None
                assert found.party.country == country

    def test_a_directory_that_may_not_be_read_is_a_matter_of_all_documents(self, rig: ProcoreRig) -> None:
        status(rig, r"/vendors/\d+$", 403, b'{"errors":"You do not have permission"}')
        with pytest.raises(NeedsHuman) as caught:
            reading(rig, plain(rig.standin))
        assert caught.value.problem.key == "procore_forbidden"

    def test_the_number_of_a_creditor_comes_from_the_first_field_that_is_filled(self) -> None:
        fields = {"parties": {"creditor_number": ["origin_code", CREDITOR_FIELD]}}
        with procore_rig(settings=fields) as rig:
            record = of_case(rig.standin, "eu_contractor")
            found = voucher(rig, record)
            assert found.party is not None
            assert found.party.account == "73001"

    def test_an_id_beyond_32_bit_is_the_same_vendor_as_a_text_and_as_a_number(self, rig: ProcoreRig) -> None:
        record = next(one for one in rig.standin.direct_costs.values() if (one["vendor_id"] or 0) > 2**31)
        before = reading(rig, record)

        def as_texts(value: Any) -> None:
            """Write every id as version 2 does."""
            for name, part in value.items() if isinstance(value, dict) else enumerate(value):
                if isinstance(part, dict | list):
                    as_texts(part)
                elif isinstance(part, int) and (name == "id" or str(name).endswith("_id")):
                    value[name] = str(part)

        alter(rig, r"/(direct_costs|vendors)/\d+$", as_texts)
        assert reading(rig, record) == before
        assert before.voucher is not None
        assert before.voucher.party is not None
        assert before.voucher.party.external_id == f"vendor/{record['vendor_id']}"

    def test_an_id_that_is_none_waits(self, rig: ProcoreRig) -> None:
        alter(rig, r"/direct_costs/\d+$", lambda row: row.update(vendor_id="../me"))
        assert held_by(rig, plain(rig.standin)) == ["record_unreadable"]


class TestMoney:
    RATES: tuple[tuple[str, Decimal | None, list[str]], ...] = (
        ("hold", None, ["procore_rate_direction"]),
        ("company_for_one", 1 / Decimal("0.9412"), []),
        ("foreign_for_one", Decimal("0.9412"), []),
    )

    @pytest.mark.parametrize(("rule", "rate", "keys"), RATES)
    def test_francs_wait_until_the_direction_of_rates_is_said(
        self, rule: str, rate: Decimal | None, keys: list[str]
    ) -> None:
        with procore_rig(settings={"exchange_rates": rule}) as rig:
            found = reading(rig, of_case(rig.standin, "foreign_chf"))
            assert [one.key for one in found.problems] == keys
            assert found.voucher is not None
            assert found.voucher.currency == "CHF"
            told = found.voucher.exchange_rate
            assert told is rate or (rate and told and abs(told - rate) < Decimal("0.00000001"))

    def money(self, rig: ProcoreRig, values: Row) -> Row:
        record = of_case(rig.standin, "foreign_chf")

        def edit(row: Row) -> None:
            row["currency_configuration"].update(values)

        update(rig.standin, name_of(record), edit)
        return record

    def test_a_rate_to_another_money_than_the_euro_waits(self, rig: ProcoreRig) -> None:
        record = self.money(rig, {"base_currency_iso_code": "USD"})
        assert held_by(rig, record) == ["procore_base_currency"]

    def test_a_rate_that_is_missing_or_nought_is_none(self, rig: ProcoreRig) -> None:
        for rate in (None, "0"):
            record = self.money(rig, {"currency_exchange_rate": rate})
            found = reading(rig, record)
            assert found.problems == ()
            assert found.voucher is not None
            assert found.voucher.exchange_rate is None

    def test_a_document_that_does_not_say_its_money_is_in_that_of_the_project(self, rig: ProcoreRig) -> None:
        record = self.money(rig, {"currency_iso_code": None})
        assert voucher(rig, record).currency == "EUR"

    def test_a_document_of_no_money_at_all_waits(self, rig: ProcoreRig) -> None:
        record = self.money(rig, {"currency_iso_code": None})
        status(rig, r"/currency_configuration$", 404)
        assert held_by(rig, record) == ["procore_currency_missing"]
