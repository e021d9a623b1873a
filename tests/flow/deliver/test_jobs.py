"""Jobs are asked after until DATEV has answered: patiently, and within a budget of queries."""

from __future__ import annotations

import pytest

from mlconnector.errors import RetryLater
from mlconnector.flow.deliver import jobs
from mlconnector.standins.faults import Fault
from mlconnector.systems.datev.job_waits import BUDGET
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MUSTERHOLZ, Rig

JOB = "GET /accounting-extf-files/clients/{client-id}/extf-files/jobs/{job-id}"


def submitted(rig: Rig) -> str:
    (batch,) = rig.prepare()
    rig.deliver(batch)
    return batch


def queries(rig: Rig) -> int:
    return rig.datev.statistics.by_path[JOB]


def test_a_job_that_ends_at_once_is_asked_after_once(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = submitted(rig)
    assert rig.follow(batch).state == "settled"
    assert queries(rig) == 1


def test_a_whole_run_asks_datev_no_more_than_it_must(make_rig: MakeRig) -> None:
    rig = make_rig(12)
    at_login = rig.datev.statistics.gets
    rig.work()
    transfers = len(rig.outside.documents()) + len(rig.outside.jobs())
    gets = rig.datev.statistics.gets - at_login
    assert gets == 4 + len(rig.outside.jobs()), (
        "the client, its basics, types and limits; then one for each job"
    )
    assert gets <= transfers
    assert rig.datev.statistics.errors == 0


def test_the_waits_for_a_long_job_grow_and_stay_within_the_budget(make_rig: MakeRig) -> None:
    rig = make_rig(1, delay=40.0)
    batch = submitted(rig)
    assert rig.follow(batch).state in {"settled", "parked"}
    assert queries(rig) <= BUDGET


def test_a_job_without_an_end_is_parked_and_asked_after_once_with_each_run(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1, delay=30_000)
    batch = submitted(rig)
    assert rig.follow(batch).state == "parked"
    assert (queries(rig), rig.batch(batch).parked) == (BUDGET, True)
    assert rig.states() == {"sent": 1}
    assert jobs.look(rig.context, batch, 0.0).state == "parked"
    rig.outside.clock.advance(30_000)
    assert jobs.look(rig.context, batch, 0.0).state == "settled"
    assert (queries(rig), rig.batch(batch).parked) == (BUDGET + 2, False)
    assert rig.events(batch).count("parked") == 1, "it is said once"


def test_a_settled_batch_is_not_asked_after_again(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = submitted(rig)
    rig.follow(batch)
    assert jobs.look(rig.context, batch, 0.0).state == "settled"
    assert queries(rig) == 1


def test_a_job_that_is_not_yet_known_is_waited_for(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = submitted(rig)
    rig.datev.faults.add(Fault("status", "GET", "/extf-files/jobs/", status=404))
    assert rig.follow(batch).state == "settled"
    assert queries(rig) == 2


def test_a_query_that_gets_no_answer_changes_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    batch = submitted(rig)
    rig.datev.faults.add(Fault("status", "GET", "/extf-files/jobs/", status=503, times=9))
    with pytest.raises(RetryLater):
        rig.follow(batch)
    rig.datev.faults.clear()
    assert (rig.batch(batch).state, rig.batch(batch).polls) == ("submitted", 0)
    assert rig.follow(batch).state == "settled"


def test_the_answer_of_a_rejected_job_is_kept_word_for_word(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    batch = submitted(rig)
    rig.follow(batch)
    (rejected,) = [event for event in rig.story(batch) if event.event == "failed"]
    assert rejected.detail["answer"]["validation_details"]["detail"] == "Fields with error"
    assert rig.batch(batch).cause in rig.causes()


def test_a_voucher_is_settled_when_its_last_batch_is(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.open_from("2026-01-01")
    rig.date(DOMESTIC)
    rig.work()
    rig.date(DOMESTIC, day="2026-09-01")
    back, again = rig.prepare()
    for batch in (back, again):
        rig.deliver(batch)
    rig.follow(back)
    assert rig.states() == {"sent": 1}
    rig.follow(again)
    assert rig.states() == {"settled": 1}
