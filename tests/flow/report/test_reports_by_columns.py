"""Reports by columns and kept sums are those that every booking, decoded and gone through, comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from mlconnector.flow.report.balances import balances
from mlconnector.flow.report.completeness import by_outcome, carried, compared
from mlconnector.flow.report.completeness_report import completeness_of
from mlconnector.flow.report.costs import costs
from mlconnector.flow.report.ledger_reports import NotCounted, balances_of, costs_of, open_items_of
from mlconnector.flow.report.open_items import Person, persons
from mlconnector.flow.report.search import period_of
from mlconnector.flow.report.told_reports import open_items_told
from mlconnector.flow.report.transferred import Booked
from mlconnector.flow.report.vat_check import vat_cases, vat_of
from mlconnector.mapping.costs import has_costs
from mlconnector.mapping.movements import gross_of
from mlconnector.model.voucher_facts import facts_of
from mlconnector.model.vouchers import Voucher, encode
from mlconnector.store import batches, entries
from mlconnector.store.booked import Stand
from mlconnector.store.database import Database
from mlconnector.store.derived import thousandths
from mlconnector.store.read_vouchers import BookedSum, Read
from tests.clock import Clock
from tests.flow.report.bookings import Ledger, movements
from tests.flow.report.stored import NAMES, Stored, at_random, books
from tests.mapping.builders import cleared, payment, purchase, voucher

DAYS = (date(2026, 9, 30), date(2026, 7, 10))
PERIODS = (None, "2026-07", "2026-06..2026-07", "2026-06-10..2026-08-05", "2026-07-10..2026-07-12")
SEEDS = range(4)


@pytest.fixture
def stored(database: Database, clock: Clock) -> Stored:
    return Stored(database, clock)


def filled(stored: Stored, seed: int) -> list[Voucher]:
    random = Random(seed)
    ledger, said = at_random(random)
    stored.store(ledger, random)
    for one in said:
        stored.say(one)
    return said


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whole_client", [False, True])
def test_open_items_are_those_of_every_row(stored: Stored, seed: int, whole_client: bool) -> None:
    filled(stored, seed)
    names = NAMES if whole_client else NAMES[:1]
    here = stored.in_order(names)
    for on in DAYS:
        for stands in ({"accepted"}, {"accepted", "under_way", "planned"}):
            for all_items in (False, True):
                asked: Any = {"on": on, "planned": len(stands) > 1, "all_items": all_items}
                report = open_items_of(stored.services, NAMES[0], whole_client=whole_client, **asked)
                counted = [one for one in here if one.stand in stands and one.entry.posted_on <= on]
                moved = [each for one in counted for each in movements(one)]
                expected = persons(moved, on, {}, all_items=all_items)
                assert report.persons == tuple(nameless(stored, names, one) for one in expected)
                left_out: Counter[str] = Counter(
                    one.stand for one in here if one.entry.posted_on <= on and one.stand not in stands
                )
                left_out["later"] = sum(one.entry.posted_on > on and one.stand in stands for one in here)
                assert report.not_counted == NotCounted(**left_out)


def nameless(stored: Stored, names: tuple[str, ...], person: Person) -> Person:
    """A person without the name where several parties are booked on the account."""
    return replace(person, name="") if len(stored.parties_of(person.account, names)) > 1 else person


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("all_items", [False, True])
def test_the_pages_of_open_items_together_are_the_whole_list(
    stored: Stored, seed: int, planned: bool, all_items: bool
) -> None:
    filled(stored, seed)
    pages_are_the_whole(stored, 7, planned=planned, all_items=all_items)


def pages_are_the_whole(stored: Stored, size: int, **more: bool) -> None:
    asked: Any = {"on": DAYS[0], "whole_client": True, **more}
    whole = open_items_told(open_items_of(stored.services, NAMES[0], **asked), "de")
    rows = max(table.length for _, table in whole.tables[:-1])
    for first in range(0, rows, size):
        last = first + size

        def window(found: int, shown: tuple[int, int] = (first, last)) -> tuple[int, int]:
            assert found == rows
            return shown

        page = open_items_told(open_items_of(stored.services, NAMES[0], window=window, **asked), "de")
        assert (page.title, page.notes, page.empty) == (whole.title, whole.notes, whole.empty)
        assert [title for title, _ in page.tables] == [title for title, _ in whole.tables]
        for (_, part), (_, full) in zip(page.tables, whole.tables, strict=True):
            table, everything = part.shown, full.shown
            assert (table.keys, table.numbers) == (everything.keys, everything.numbers)
            assert table.length == everything.length
            begin, end = (max(one - table.before, 0) for one in (first, last))
            assert list(table.rows[begin:end]) == list(everything.rows[first:last])


def taken_back(ledger: Ledger) -> None:
    ledger.take_back(ledger.book(voucher(external_id="2", number="RE-2"), account="10002"))


def returned_money(ledger: Ledger) -> None:
    for key, amount in (("z1", "50"), ("z2", "-50")):
        ledger.book(
            payment(cleared(None, amount), number="Z-7", external_id=key, direction="sale"), account="10002"
        )


def paid_ahead(ledger: Ledger) -> None:
    ledger.book(voucher(external_id="2", number="RE-2"), account="10002")
    ledger.book(payment(cleared("RE-2"), external_id="z2", number="Z-2"), account="10002", stand="planned")


def paid_with_skonto(ledger: Ledger) -> None:
    ledger.book(voucher(external_id="2", number="RE-2"), account="10002")
    taken = cleared("RE-2", "116.62", "2.38", "19")
    ledger.book(payment(taken, external_id="z2", number="Z-2"), account="10002")


def with_a_due_date(ledger: Ledger) -> None:
    ledger.book(voucher(external_id="2", number="RE-2", due_date=date(2026, 8, 14)), account="10002")
    ledger.book(payment(cleared("RE-2"), external_id="z2", number="Z-2"), account="10002")


@pytest.mark.parametrize(
    "happens", [taken_back, returned_money, paid_ahead, paid_with_skonto, with_a_due_date]
)
@pytest.mark.parametrize("planned", [False, True])
def test_a_page_knows_of_columns_and_notes_that_others_than_its_items_give_reason_for(
    stored: Stored, happens: Callable[[Ledger], None], planned: bool
) -> None:
    ledger = Ledger(books())
    ledger.book(voucher())
    ledger.book(payment(cleared(), external_id="z1", number="Z-1"))
    happens(ledger)
    for number, one in enumerate(ledger.bookings, start=1):
        state: batches.BatchState | None = "succeeded" if one.stand == "accepted" else None
        stored.add(one, "b" if state else None, state, turn=number)
    pages_are_the_whole(stored, 1, all_items=True, planned=planned)


def days(period: str | None) -> tuple[date | None, date | None]:
    return period_of(period) if period else (None, None)


def is_in(one: Booked, period: str | None) -> bool:
    first, last = days(period)
    day = one.entry.posted_on
    return (first is None or day >= first) and (last is None or day <= last)


def not_counted(some: list[Booked]) -> NotCounted:
    left: Counter[str] = Counter(one.stand for one in some if one.stand != "accepted")
    return NotCounted(**left)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whole_client", [False, True])
def test_sums_of_batches_come_to_what_all_bookings_come_to(
    stored: Stored, seed: int, whole_client: bool
) -> None:
    filled(stored, seed)
    names = NAMES if whole_client else NAMES[:1]
    for period in (*PERIODS, *PERIODS):
        here = [one for one in stored.in_order(names) if is_in(one, period)]
        accepted = [(one, stored.by[one.connection]) for one in here if one.stand == "accepted"]
        asked: Any = {"period": period, "whole_client": whole_client}
        of_balances = balances_of(stored.services, NAMES[0], **asked)
        assert of_balances.balances == balances(accepted, {})
        assert of_balances.not_counted == not_counted(here)
        assert vat_of(stored.services, NAMES[0], **asked).cases == vat_cases(accepted)
        of_costs = costs_of(stored.services, NAMES[0], **asked)
        assert of_costs.costs == costs(accepted)
        assert of_costs.not_counted == not_counted(
            [one for one in here if has_costs(one.entry, stored.by[one.connection])]
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_completeness_is_that_of_every_voucher_and_booking(stored: Stored, seed: int) -> None:
    said = {one.identity: one for one in filled(stored, seed)}
    for period in PERIODS:
        first, last = days(period)
        read = [
            Read(
                *(
                    key,
                    one.kind.value,
                    facts.direction,
                    facts.currency,
                    thousandths(facts.owed or Decimal(0)),
                    "settled",
                    False,
                    False,
                ),
                one.number,
            )
            for key, one in said.items()
            if (first is None or one.document_date >= first) and (last is None or one.document_date <= last)
            for facts in (facts_of(encode(one).decode()),)
        ]
        made = [
            BookedSum(
                one.voucher,
                one.stand,
                one.entry.currency,
                1 if one.entry.kind == "original" else -1,
                thousandths(gross_of(one.entry)),
            )
            for one in stored.in_order(NAMES)
        ]
        report = completeness_of(stored.services, NAMES[0], period=period, whole_client=True)
        assert report.compared == compared(read, carried(made))
        assert report.outcomes == by_outcome(read)


def sums(stored: Stored) -> dict[str, Decimal]:
    """The balance of each account."""
    made = balances_of(stored.services, NAMES[0], period="2026-07").balances
    return {one.number: one.euro.balance for one in made.accounts}


@pytest.fixture
def kept(stored: Stored) -> Stored:
    """An invoice in an accepted batch, whose sums were asked for."""
    ledger = Ledger(books())
    stored.add(ledger.book(voucher()), "b1")
    assert sums(stored) == {"10001": Decimal("119.00"), "8400": Decimal("-100.00"), "1776": Decimal("-19.00")}
    return stored


def by_other_rules(stored: Stored) -> None:
    """The account is no automatic one in the client's own chart any more."""
    own = [{"number": "1776", "name": "Eigene Umsatzsteuer", "function": "tax"}]
    changed = stored.by["north"].model_dump() | {"chart": own}
    stored.by["north"] = type(stored.by["north"]).model_validate(changed)


def test_other_rules_are_seen_at_once(kept: Stored) -> None:
    by_other_rules(kept)
    made = balances_of(kept.services, NAMES[0], period="2026-07").balances
    assert [one.name for one in made.accounts if one.number == "1776"] == ["Eigene Umsatzsteuer"]


@pytest.mark.parametrize("state", ["failed", "submitted", "dissolved"])
def test_a_batch_that_is_not_accepted_any_more_does_not_count(kept: Stored, state: Stand) -> None:
    with kept.database.write() as db:
        batches.change(db, "b1", kept.clock(), state=state)
    assert sums(kept) == {}
    with kept.database.write() as db:
        batches.change(db, "b1", kept.clock(), state="succeeded")
    assert sums(kept)["10001"] == Decimal("119.00")


def test_what_is_taken_out_of_a_batch_does_not_count(kept: Stored) -> None:
    ledger = Ledger(books())
    ledger.book(voucher())
    kept.add(ledger.book(voucher(external_id="2", number="RE-2")), "b1")
    assert sums(kept)["10001"] == Decimal("238.00")
    with kept.database.write() as db:
        entries.take_out_these(db, ["e1"])
    assert sums(kept)["10001"] == Decimal("119.00")


def test_a_batch_of_the_same_name_with_other_bookings_is_added_up_anew(kept: Stored) -> None:
    ledger = Ledger(books())
    ledger.book(voucher())
    other = ledger.book(purchase(external_id="2", number="RE-2"))
    with kept.database.write() as db:
        entries.take_out(db, "b1")
        batches.change(db, "b1", kept.clock(), state="dissolved")
    kept.add(other, "b1")
    with kept.database.write() as db:
        batches.change(db, "b1", kept.clock(), state="succeeded")
    found = sums(kept)
    assert "70001" in found
    assert "10001" not in found


def test_a_reversal_in_another_batch_takes_off_what_it_takes_back(kept: Stored) -> None:
    ledger = Ledger(books())
    kept.add(ledger.take_back(ledger.book(voucher())), "b2", turn=2)
    assert set(sums(kept).values()) == {Decimal("0.00")}


def test_what_is_kept_is_not_added_up_again(kept: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sums(kept)
    monkeypatch.setattr("mlconnector.flow.report.batch_sums.of_batches", _nothing)
    assert sums(kept) == before


def _nothing(_db: object, some: list[object]) -> list[Any]:
    assert not some
    return []
