"""A record that comes in a shape nobody agreed on waits for a person; the others reach DATEV without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.store import vouchers
from tests.databases import copied_sqlite
from tests.flow.dynamics_rig import DynamicsRig, dynamics_rigs
from tests.flow.rig import DOMESTIC, EU_BUSINESS, MIXED_RATES, Rig, rig

CAUSE = "record_unreadable"


@pytest.fixture
def made(tmp_path: Path, sqlite_template: Path) -> Iterator[Rig]:
    with rig(tmp_path, copied_sqlite(sqlite_template, tmp_path), 3) as rig_:
        yield rig_


@pytest.fixture
def followed(tmp_path: Path, sqlite_template: Path) -> Iterator[DynamicsRig]:
    """Dynamics, whose customers are read on their own as well."""
    with dynamics_rigs(tmp_path, sqlite_template) as make:
        yield make('customers = "tracked"', 'send = "changes"')


def garble(made: Rig, deal_id: int) -> None:
    made.pipedrive.change_deal(deal_id, value="viel")


def mend(made: Rig, deal_id: int, value: object) -> None:
    made.pipedrive.change_deal(deal_id, value=value)


def reasons(made: Rig, deal_id: int) -> list[str]:
    with made.app.database.read() as db:
        (found,) = vouchers.problems_of(db, [made.key(deal_id)]).values()
    return [problem.facts["reason"] for problem in found]


def test_it_is_held_though_it_was_never_read_before(made: Rig) -> None:
    value = made.pipedrive.deal(MIXED_RATES).value
    garble(made, MIXED_RATES)
    made.work()
    assert made.states() == {"settled": 2, "needs_human": 1}
    assert made.causes() == [CAUSE]
    assert made.events(made.key(MIXED_RATES)) == ["held"]
    made.work()
    assert made.events(made.key(MIXED_RATES)) == ["held"]
    mend(made, MIXED_RATES, value)
    made.work()
    assert made.states() == {"settled": 3}
    assert made.verdict().ok


def test_what_is_wrong_now_is_said_and_not_what_was_wrong_before(made: Rig) -> None:
    value = made.pipedrive.deal(MIXED_RATES).value
    garble(made, MIXED_RATES)
    made.work()
    made.pipedrive.change_deal(MIXED_RATES, value=value, currency=4711)
    made.work()
    (problem,) = reasons(made, MIXED_RATES)
    assert "currency" in problem
    assert "value" not in problem
    assert made.events(made.key(MIXED_RATES)) == ["held", "held"]


def test_it_goes_on_with_a_replay(made: Rig) -> None:
    value = made.pipedrive.deal(MIXED_RATES).value
    garble(made, MIXED_RATES)
    made.work()
    assert made.replay(cause=CAUSE) == 1
    made.work()
    assert made.states() == {"settled": 2, "needs_human": 1}
    # Nothing but the content is mended, as by a new version that understands it.
    made.pipedrive.deal(MIXED_RATES).value = value
    assert made.replay(cause=CAUSE) == 1
    made.work()
    assert made.states() == {"settled": 3}


def test_what_was_booked_stays_booked_and_a_person_is_told(made: Rig) -> None:
    made.work()
    sums, value = made.outside.sums(), made.pipedrive.deal(EU_BUSINESS).value
    garble(made, EU_BUSINESS)
    made.work()
    assert made.outside.sums() == sums
    assert made.voucher(EU_BUSINESS).state == "settled"
    assert made.causes() == [CAUSE]
    mend(made, EU_BUSINESS, value)
    made.work()
    assert (made.causes(), made.outside.sums()) == ([], sums)


def test_what_waits_to_be_sent_does_not_go_as_it_was(made: Rig) -> None:
    run = made.begin()
    made.read(run)
    made.book(run)
    garble(made, DOMESTIC)
    made.work()
    assert made.voucher(DOMESTIC).state == "needs_human"
    assert made.entries(DOMESTIC) == []


def test_one_that_is_gone_meanwhile_waits_no_longer(made: Rig) -> None:
    garble(made, MIXED_RATES)
    made.work()
    made.pipedrive.account.remove_deal(MIXED_RATES)
    made.replay(cause=CAUSE)
    made.work()
    assert made.states() == {"settled": 2, "ignored": 1}
    assert made.causes() == []


def test_a_customer_on_its_own_waits_no_longer_once_it_can_be_read(followed: DynamicsRig) -> None:
    customer = followed.customer()
    name = followed.dynamics.environment.row("account", customer)["name"]
    followed.dynamics.change_record("account", customer, name=4711)
    followed.work()
    assert followed.causes() == [CAUSE]
    held = followed.states()["needs_human"]
    assert held == 2
    followed.dynamics.change_record("account", customer, name=name)
    followed.work()
    with followed.app.database.read() as db:
        left = [row.reason for row in vouchers.listed(db, followed.name, "ignored", 10)]
    assert left == ["no_document"]
