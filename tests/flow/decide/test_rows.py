"""What cannot be written waits before it gets near a batch."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.flow.decide.rows import books_the_same
from mlconnector.mapping.channels import Channel
from mlconnector.mapping.rules import Rules
from mlconnector.store import accounts
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig
from tests.formats.extf.examples import entry, line


def named(rig: Rig, deal_id: int, name: str) -> None:
    organisation = rig.pipedrive.account.deal(deal_id).org_id
    assert organisation is not None
    rig.pipedrive.change_organization(organisation, name=name)


def party_of(rig: Rig, deal_id: int) -> str:
    return f"organization/{rig.pipedrive.account.deal(deal_id).org_id}"


def in_windows_1252(rig: Rig) -> None:
    text = rig.text.replace("[books]", '[books]\nencoding = "windows-1252"')
    rig.connect(text)


def test_a_name_without_a_character_in_windows_1252_waits(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    in_windows_1252(rig)
    named(rig, DOMESTIC, "日本語の会社")
    named(rig, MIXED_RATES, "日本 GmbH")
    rig.work()
    assert [cause.partition(":")[0] for cause in rig.causes()] == ["name_not_writable"]
    assert rig.voucher(DOMESTIC).state == "needs_human"
    assert rig.voucher(MIXED_RATES).state == "settled"
    with rig.context.read() as db:
        numbered = accounts.given(db, rig.context.client, rig.name, [party_of(rig, DOMESTIC)], "receivable")
    assert numbered == {}, "no account without a name is opened"


def test_a_booked_document_whose_customer_is_renamed_so_stays_as_it_is(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    in_windows_1252(rig)
    rig.work()
    named(rig, DOMESTIC, "日本語の会社")
    rig.pipedrive.change_deal(DOMESTIC, title="Anders genannt")
    rig.work()
    assert (rig.states(), rig.causes(), len(rig.outside.rows())) == ({"settled": 1}, [], 1)


def test_the_same_name_is_written_in_utf_8(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    named(rig, DOMESTIC, "日本語の会社")
    rig.work()
    assert rig.states() == {"settled": 1}


class TestBooksTheSame:
    """A correction is made only where a written column or the tax case has another value."""

    @pytest.fixture
    def rules(self, make_rig: MakeRig) -> Rules:
        return make_rig(1).context.rules

    def written_with(self, rules: Rules, *, service_date: bool) -> Rules:
        return rules.model_copy(
            update={"books": rules.books.model_copy(update={"service_date": service_date})}
        )

    @pytest.mark.parametrize(
        "changed",
        [
            {"lines": (line(text="Müller GmbH, umbenannt"),)},
            {"lines": (line(net=Decimal("100.00")),)},
            {"document": uuid.UUID("8f7a9d2e-0000-5000-8000-000000000001")},
            {"posting_date": date(2026, 9, 1)},
            {"party_name": "Anders", "revision": "r2", "turn": 2},
        ],
        ids=["text", "net", "document", "day of a correction", "party and revision"],
    )
    @pytest.mark.parametrize("channel", ["extf", "dxso"])
    def test_texts_documents_and_the_day_of_a_correction_change_nothing(
        self, rules: Rules, changed: dict[str, Any], channel: Channel
    ) -> None:
        assert books_the_same(entry(), entry(**changed), channel, rules)

    @pytest.mark.parametrize(
        "changed",
        [
            {"lines": (line(amount=Decimal("120.00")),)},
            {"lines": (line(contra_account="8300"),)},
            {"lines": (line(tax_case="domestic_7"),)},
            {"number": "RE-2026-0002"},
            {"due_date": date(2026, 9, 30)},
        ],
        ids=["amount", "account", "tax case", "number", "due date"],
    )
    @pytest.mark.parametrize("channel", ["extf", "dxso"])
    def test_what_is_written_and_the_tax_case_are_another_booking(
        self, rules: Rules, changed: dict[str, Any], channel: Channel
    ) -> None:
        assert not books_the_same(entry(), entry(**changed), channel, rules)

    def test_a_date_of_supply_counts_where_it_is_written(self, rules: Rules) -> None:
        one, other = entry(service_date=date(2026, 7, 1)), entry(service_date=date(2026, 7, 2))
        assert books_the_same(one, other, "extf", self.written_with(rules, service_date=False))
        assert not books_the_same(one, other, "extf", self.written_with(rules, service_date=True))
