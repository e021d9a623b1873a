"""A record that holds several documents: each is a voucher of its own, and what it holds no longer goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from mlconnector.flow.preview.preview import preview
from mlconnector.flow.report import inbox
from mlconnector.model.problems import Problem
from mlconnector.store import lookup, vouchers
from mlconnector.store.vouchers import VoucherRow
from mlconnector.systems.source import NOTHING_FINAL, Page, Reading, Reference, Source
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, EU_BUSINESS, Rig, bookings_only

SALE = "sale"


@dataclass
class OneSale:
    """The source of a rig whose deals are the documents of a single record."""

    source: Source
    holds: list[int] = field(default_factory=list)
    instead: Reading | None = None

    def changes(self, since: str | None, position: str | None) -> Page:
        return replace(self.source.changes(since, position), references=(Reference(SALE),))

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        if self.instead is not None:
            return [self.instead for _ in references]
        deals = self.source.fetch([Reference(str(deal)) for deal in self.holds])
        return [replace(each, record=SALE) for each in deals for _ in references]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    made = make_rig(EU_BUSINESS, text=bookings_only)
    source = OneSale(made.services.source(made.name), [DOMESTIC, EU_BUSINESS])
    made.services.source = lambda name: source  # type: ignore[method-assign]  # a record of two
    return made


def sale(rig: Rig) -> OneSale:
    source = rig.context.source
    assert isinstance(source, OneSale)
    return source


def rows(rig: Rig) -> dict[str, VoucherRow]:
    with rig.app.database.read() as db:
        return {row.external_id: row for row in vouchers.of_records(db, rig.name, [SALE])}


def number(deal: int) -> str:
    return f"RE-2026-{deal:05d}"


def test_each_document_is_booked_for_itself(rig: Rig) -> None:
    rig.work()
    assert {one: row.state for one, row in rows(rig).items()} == {
        str(DOMESTIC): "settled",
        str(EU_BUSINESS): "settled",
    }
    assert set(rig.outside.sums()) == {number(DOMESTIC), number(EU_BUSINESS)}


def test_reading_the_record_again_doubles_nothing(rig: Rig) -> None:
    rig.work()
    before = rig.outside.rows()
    rig.work()
    assert rig.outside.rows() == before


def test_a_document_that_the_record_holds_no_longer_is_taken_back(rig: Rig) -> None:
    rig.work()
    sale(rig).holds.remove(EU_BUSINESS)
    rig.work()
    assert rig.outside.sums()[number(EU_BUSINESS)] == 0
    assert rig.outside.sums()[number(DOMESTIC)] != 0
    assert rows(rig)[str(EU_BUSINESS)].is_reversed


def test_all_documents_of_a_record_without_any_are_taken_back(rig: Rig) -> None:
    rig.work()
    sale(rig).instead = Reading(SALE, None, reason=NOTHING_FINAL)
    rig.work()
    assert set(rig.outside.sums().values()) == {0}


def test_a_document_that_comes_back_is_booked_again(rig: Rig) -> None:
    rig.work()
    booked = rig.outside.sums()
    sale(rig).holds.remove(EU_BUSINESS)
    rig.work()
    sale(rig).holds.append(EU_BUSINESS)
    rig.work()
    assert rig.outside.sums() == booked


def test_a_record_that_cannot_be_seen_takes_nothing_back_and_asks(rig: Rig) -> None:
    rig.work()
    booked = rig.outside.sums()
    sale(rig).instead = Reading(SALE, None, reason="gone")
    rig.work()
    assert rig.outside.sums() == booked
    with rig.app.database.read() as db:
        asked = [waits.problem.key for waits in lookup.waiting(db, rig.name)]
    assert asked == ["record_gone", "record_gone"]


def test_a_record_that_cannot_be_read_leaves_its_documents_as_they_are(rig: Rig) -> None:
    rig.work()
    booked = rig.outside.sums()
    unreadable = Problem("record_unreadable", {"record": SALE, "reason": "no number"})
    sale(rig).instead = Reading(SALE, None, (unreadable,))
    rig.work()
    assert rig.outside.sums() == booked
    assert rows(rig)[SALE].state == "needs_human"
    sale(rig).instead = None
    rig.work()
    assert (rows(rig)[SALE].state, rows(rig)[SALE].reason) == ("ignored", NOTHING_FINAL)
    assert rig.causes() == []


def test_a_document_that_is_replayed_is_read_with_its_record(rig: Rig) -> None:
    source = sale(rig)
    held = Problem("party_missing", {"title": "ohne Kunde"})
    true_fetch = source.source.fetch

    def without_party(references: Sequence[Reference]) -> list[Reading]:
        return [
            each
            if each.external_id != str(EU_BUSINESS) or each.voucher is None
            else replace(each, voucher=msgspec.structs.replace(each.voucher, party=None), problems=(held,))
            for each in true_fetch(references)
        ]

    source.source = _Instead(source.source, without_party)
    rig.work()
    assert rows(rig)[str(EU_BUSINESS)].state == "needs_human"
    source.source = source.source.source
    inbox.replay(rig.context, [number(EU_BUSINESS)], None, by="test")
    rig.work()
    assert rows(rig)[str(EU_BUSINESS)].state == "settled"


def test_a_preview_of_one_document_shows_that_one(rig: Rig) -> None:
    rig.work()
    shown = list(preview(rig.context, 10, [number(EU_BUSINESS)]))
    assert [one.external_id for one in shown] == [str(EU_BUSINESS)]


@dataclass
class _Instead:
    source: Any
    fetch: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)
