"""Whatever happens on the way, a row of master data arrives in one job, and no change of it is lost."""

from __future__ import annotations

from collections import Counter

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.deliver.second_transfer import resend
from mlconnector.standins.faults import Fault
from tests.flow.conftest import MakeRig
from tests.flow.master_data import (
    FIRST,
    PLAIN,
    difference,
    let_go,
    masters,
    move,
    party,
    sending,
    sent,
    sent_rows,
    states,
    stub,
    voucher,
)
from tests.flow.rig import MUSTERHOLZ, Rig


def on_the_way(rig: Rig, send: str, more: str = "") -> str:
    """The first file of master data, handed over and not answered yet, while the buyer moves."""
    sending(rig, send, more)
    master, bookings = rig.prepare()
    rig.deliver(master)
    rig.deliver(bookings)
    rig.follow(bookings)
    move(rig, "Neue Straße")
    rig.prepare()
    return master


def test_a_change_while_its_file_is_on_the_way_waits_and_does_not_count_as_sent(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    master = on_the_way(rig, "changes")
    assert states(rig) == {FIRST: "waiting"}
    rig.follow(master)
    assert states(rig) == {FIRST: "waiting"}
    (before,) = sent_rows(rig)
    assert difference(rig).fields == (("Straße", before["Straße"], "Neue Straße 1"),)
    let_go(rig, FIRST)
    rig.work()
    assert [row["Straße"] for row in sent_rows(rig)] == [before["Straße"], "Neue Straße 1"]
    assert states(rig) == {FIRST: "sent"}


def test_two_files_with_one_account_are_never_on_the_way_together(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    master = on_the_way(rig, "changes", 'overwrite = "send"')
    assert (states(rig), len(masters(rig))) == ({FIRST: "due"}, 1)
    rig.follow(master)
    assert states(rig) == {FIRST: "due"}
    rig.work()
    assert (states(rig), len(sent(rig))) == ({FIRST: "sent"}, 2)


def test_a_change_that_is_taken_back_while_the_file_is_on_the_way_needs_no_second_one(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, "changes", **PLAIN)
    source = stub(rig, monkeypatch, voucher("R-1", party(city="Köln")))
    master, _ = rig.prepare()
    rig.deliver(master)
    for number, city in (("R-2", "Bonn"), ("R-3", "Köln")):
        source.vouchers.append(voucher(number, party(city=city)))
        rig.prepare()
        assert states(rig) == {FIRST: "waiting"}
    rig.follow(master)
    assert states(rig) == {FIRST: "sent"}


def test_what_goes_back_to_what_datev_had_is_sent_after_the_file_that_changes_it(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, "changes", 'overwrite = "send"', **PLAIN)
    source = stub(rig, monkeypatch, voucher("R-1", party(city="Köln")))
    rig.work()
    source.vouchers.append(voucher("R-2", party(city="Bonn")))
    master, _ = rig.prepare()
    rig.deliver(master)
    source.vouchers.append(voucher("R-3", party(city="Köln")))
    rig.prepare()
    rig.transfer()
    rig.work()
    assert [row["Ort"] for row in sent_rows(rig)] == ["Köln", "Bonn", "Köln"]


@pytest.mark.parametrize("point", ["batch_frozen", "batch_noted", "batch_sent", "receipt_noted"])
def test_killed_on_the_way_every_row_arrives_in_one_job(make_any_rig: MakeRig, point: str) -> None:
    rig = make_any_rig(3)
    sending(rig)
    with rig.dying_at(point):
        rig.work()
    rig.outside.clock.advance(60)
    rig.work()
    assert len(sent(rig)) == len(states(rig)) > 1
    assert Counter(sent(rig)) == dict.fromkeys(states(rig), 1)
    assert set(states(rig).values()) == {"sent"}
    assert rig.states() == {"settled": 3}
    assert len({job.reference_id for job in rig.datev.jobs}) == len(rig.datev.jobs)
    assert rig.verdict().ok


@pytest.mark.parametrize("point", ["job_polled", "batch_settled"])
def test_killed_at_the_answer_it_is_asked_for_again(make_rig: MakeRig, point: str) -> None:
    rig = make_rig(1)
    sending(rig)
    with rig.dying_at(point):
        rig.work()
    rig.work()
    assert (sent(rig), states(rig)) == ([FIRST], {FIRST: "sent"})


def test_a_lost_answer_is_looked_for_before_anything_goes_again(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig)
    master, _ = rig.prepare()
    rig.datev.faults.add(Fault("lose_answer", "POST", "/extf-files/import"))
    with pytest.raises(RetryLater):
        rig.deliver(master)
    assert rig.batch(master).state == "unknown"
    rig.transfer()
    assert sent(rig) == [FIRST]
    assert len(rig.datev.jobs) == 2


def test_bookings_go_on_without_a_file_that_failed_which_can_be_let_go_again(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    sending(rig)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    (failed,) = masters(rig)
    assert (failed.state, set(states(rig).values())) == ("failed", {"failed"})
    assert rig.states() == {"settled": 2}
    rig.work()
    assert len(masters(rig)) == 1, "it does not go again by itself"
    numbers = list(states(rig))
    assert let_go(rig, *numbers) == numbers
    rig.work()
    again = masters(rig)[-1]
    assert (again.state, again.id != failed.id, again.sha256 != failed.sha256) == ("succeeded", True, True)
    assert sent(rig) == numbers
    assert set(states(rig).values()) == {"sent"}


def test_the_same_rows_may_fail_again_and_again(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    for _ in range(3):
        rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
        rig.work()
        let_go(rig, FIRST)
    rig.work()
    assert [row.state for row in masters(rig)] == ["failed", "failed", "failed", "succeeded"]
    assert sent(rig) == [FIRST]


def test_a_new_account_that_changed_since_its_file_failed_goes_by_itself(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    assert [row["Straße"] for row in sent_rows(rig)] == ["Neue Straße 1"]
    assert states(rig) == {FIRST: "sent"}


def test_a_change_while_a_file_is_on_the_way_that_fails_is_not_lost(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.follow(on_the_way(rig, "new"))
    assert (states(rig), sent(rig)) == ({FIRST: "failed"}, [])
    let_go(rig, FIRST)
    rig.work()
    assert [row["Straße"] for row in sent_rows(rig)] == ["Neue Straße 1"]


def test_datevs_own_error_lets_the_same_file_go_again(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    rig.work()
    assert len(masters(rig)) == 1
    assert (sent(rig), states(rig)) == ([FIRST], {FIRST: "sent"})


def test_a_file_that_the_adviser_lost_goes_once_more(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig)
    rig.work()
    (master,) = masters(rig)
    resend(rig.services, master.id, "deleted by mistake", "Erika", again=True)
    assert states(rig) == {FIRST: "batched"}
    rig.transfer()
    assert sent(rig) == [FIRST, FIRST]
    assert states(rig) == {FIRST: "sent"}


def test_a_failed_file_goes_once_more_as_it_is(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    resend(rig.services, masters(rig)[0].id, "the data centre had the wrong client", "Erika")
    rig.transfer()
    assert (sent(rig), states(rig)) == ([FIRST], {FIRST: "sent"})


def test_a_second_job_that_fails_does_not_take_back_the_first(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    rig.work()
    resend(rig.services, masters(rig)[0].id, "deleted by mistake", "Erika", again=True)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.transfer()
    assert states(rig) == {FIRST: "sent"}


def test_an_old_file_does_not_bring_old_names_back(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    sending(rig, "changes", 'overwrite = "send"')
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    first, second = masters(rig)
    with pytest.raises(NeedsHuman, match="persons_moved_on"):
        resend(rig.services, first.id, "deleted by mistake", "Erika", again=True)
    assert rig.batch(first.id).state == "succeeded"
    resend(rig.services, second.id, "deleted by mistake", "Erika", again=True)
    rig.transfer()
    assert sent_rows(rig)[-1]["Straße"] == "Neue Straße 1"
