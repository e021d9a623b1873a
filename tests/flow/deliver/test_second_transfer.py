"""A batch is handed over a second time only because a person says so, with a reason that stays."""

from __future__ import annotations

import hashlib

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.deliver import delivery
from mlconnector.flow.deliver.second_transfer import resend
from mlconnector.standins.faults import Fault
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, Rig

WHY = "the adviser deleted the batch"


def settled(rig: Rig) -> str:
    (batch,) = rig.prepare()
    rig.transfer()
    assert rig.batch(batch).state == "succeeded"
    return batch


def rejected(rig: Rig) -> str:
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    (batch,) = rig.prepare()
    rig.transfer()
    assert rig.batch(batch).state == "failed"
    return batch


def problem(rig: Rig, batch: str, reason: str = WHY, **more: bool) -> str:
    with pytest.raises(NeedsHuman) as error:
        resend(rig.services, batch, reason, "Erika", **more)
    return error.value.problem.key


def test_a_batch_has_two_jobs_only_after_somebody_said_so(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    batch = settled(rig)
    before = rig.content(batch)
    rig.transfer()
    rig.work()
    assert len(rig.datev.jobs) == 1
    resend(rig.services, batch, WHY, "Erika", again=True)
    rig.transfer()
    first, second = rig.datev.jobs
    assert (first.id != second.id, first.reference_id, second.reference_id) == (True, batch, batch)
    assert first.filename == second.filename
    assert first.sha256 == second.sha256 == hashlib.sha256(before).hexdigest()
    assert rig.batch(batch).state == "succeeded"
    assert rig.batch(batch).job_id == second.id
    assert rig.states() == {"settled": 1}
    rig.work()
    assert len(rig.datev.jobs) == 2


def test_its_documents_are_not_filed_again(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = settled(rig)
    puts = rig.datev.statistics.puts
    resend(rig.services, batch, WHY, "Erika", again=True)
    rig.transfer()
    assert rig.datev.statistics.puts == puts


def test_the_reason_and_the_person_stay_in_the_trail(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = settled(rig)
    job = rig.batch(batch).job_id
    resend(rig.services, batch, WHY, "Erika", again=True)
    (resent,) = [event for event in rig.story(batch) if event.event == "resent"]
    assert resent.detail == {"reason": WHY, "by": "Erika", "before": "succeeded", "job_id": job}
    assert rig.verdict().ok


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_is_sent_again(make_rig: MakeRig, reason: str) -> None:
    rig = make_rig(1)
    assert problem(rig, settled(rig), reason, again=True) == "resend_without_reason"


def test_a_batch_that_succeeded_has_to_be_meant(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = settled(rig)
    assert problem(rig, batch) == "batch_succeeded_already"
    assert rig.batch(batch).state == "succeeded"
    resend(rig.services, rig.batch(batch).file_name, WHY, "Erika", again=True)
    assert rig.batch(batch).state == "frozen", "it may be named by its file, too"


def test_a_batch_that_failed_goes_as_it_is_when_the_fault_was_at_datev(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    batch = rejected(rig)
    assert rig.states() == {"rejected": 2}
    resend(rig.services, batch, "the data centre had the wrong client", "Erika")
    assert (rig.states(), rig.causes()) == ({"batched": 2}, [])
    rig.transfer()
    assert rig.states() == {"settled": 2}
    assert [job.result for job in rig.datev.jobs] == ["failed", "succeeded"]
    assert rig.batch(batch).state == "succeeded"


def test_vouchers_that_are_in_another_batch_already_are_not_sent_twice(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    batch = rejected(rig)
    rig.replay("RE-2026-00001")
    assert problem(rig, batch) == "batch_moved_on"
    rig.work()
    assert problem(rig, batch) == "batch_moved_on"
    assert rig.batch(batch).state == "failed"
    assert [job.result for job in rig.datev.jobs] == ["failed", "succeeded"]


def test_what_is_on_its_way_is_left_alone(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    assert problem(rig, batch, again=True) == "batch_not_answered"
    rig.deliver(batch)
    assert problem(rig, batch, again=True) == "batch_not_answered"
    assert problem(rig, "unheard-of") == "batch_unknown"


def test_after_an_unknown_outcome_the_second_job_is_looked_for_and_not_the_first(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    batch = settled(rig)
    resend(rig.services, batch, WHY, "Erika", again=True)
    rig.datev.faults.add(Fault("lose_answer", "POST", "/extf-files/import"))
    with pytest.raises(RetryLater):
        rig.deliver(batch)
    assert rig.batch(batch).state == "unknown"
    delivery.submit(rig.context, batch)
    rig.transfer()
    assert len(rig.datev.jobs) == 2
    assert rig.batch(batch).job_id == rig.datev.jobs[-1].id


def test_a_second_job_that_fails_does_not_take_back_the_first(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    batch = settled(rig)
    resend(rig.services, batch, WHY, "Erika", again=True)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.transfer()
    row = rig.batch(batch)
    assert (row.state, row.cause) == ("succeeded", "batch_header_refused")
    assert rig.states() == {"settled": 1}
    assert rig.events(batch).count("failed") == 1, "and that it failed is told"
    rig.work()
    assert len(rig.datev.jobs) == 2


def test_a_correction_that_came_between_is_not_undone(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.date(DOMESTIC)
    batch = settled(rig)
    rig.date(DOMESTIC, day="2026-09-01")
    rig.work()
    jobs = len(rig.datev.jobs)
    resend(rig.services, batch, WHY, "Erika", again=True)
    rig.work()
    rig.work()
    assert len(rig.datev.jobs) == jobs + 1
    assert rig.states() == {"settled": 1}
