"""Booking suggestions when something is killed, lost or answered badly: each is processed exactly once.

DATEV processes nothing before a transfer is finished, so one that is lost on the way stays open and empty.
"""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.deliver.delivery import submit
from mlconnector.standins.faults import Fault
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, Killed, Rig
from tests.flow.suggestions_rig import (
    CREATE,
    FILES,
    FINISH,
    OPEN,
    PROCESSED,
    counted,
    processed,
    suggestions,
    sums,
)

POINTS = (
    "batch_noted",
    "transfer_opened",
    "transfer_noted",
    "documents_sent",
    "batch_sent",
    "receipt_noted",
    "job_polled",
    "batch_settled",
)


@pytest.fixture
def made(make_any_rig: MakeRig) -> Rig:
    """Two invoices of one month for a client that gets booking suggestions, on each database."""
    rig = make_any_rig(2, text=suggestions)
    rig.date(DOMESTIC, MIXED_RATES)
    return rig


def arrived_once(rig: Rig) -> bool:
    """Whether everything is in Belege online once, from a single processed transfer, and settled."""
    assert set(counted(processed(rig.outside)).values()) == {1}
    deals, found = (DOMESTIC, MIXED_RATES), sums(rig.outside)
    assert sorted(found) == rig.numbers(deals)
    for deal, number in zip(deals, sorted(found), strict=True):
        assert abs(found[number] - rig.outside.gross(deal)) <= Decimal("0.02")
    assert rig.states() == {"settled": 2}
    assert [job.status for job in rig.datev.dxso_jobs if job.status != OPEN] == [PROCESSED]
    assert all(not job.files for job in rig.datev.dxso_jobs)
    assert len(rig.outside.documents()) == 2
    return rig.verdict().ok


def finishes(rig: Rig) -> int:
    return rig.datev.statistics.puts


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_and_begun_again(made: Rig, point: str) -> None:
    (batch,) = made.prepare()
    with made.dying_at(point):
        made.deliver(batch)
        made.follow(batch)
    made.outside.clock.advance(60)
    made.work()
    assert arrived_once(made)
    assert finishes(made) == 1


def test_a_transfer_that_was_opened_but_not_noted_stays_empty_and_unprocessed(made: Rig) -> None:
    (batch,) = made.prepare()
    with made.dying_at("transfer_opened"):
        made.deliver(batch)
    made.transfer()
    lost, used = made.datev.dxso_jobs
    assert (lost.status, lost.files, lost.protocol) == (OPEN, {}, [])
    assert used.status == PROCESSED
    assert arrived_once(made)


def test_a_transfer_whose_opening_got_no_answer_is_replaced(made: Rig) -> None:
    (batch,) = made.prepare()
    made.datev.faults.add(Fault("lose_answer", "POST", CREATE))
    with pytest.raises(RetryLater):
        made.deliver(batch)
    made.transfer()
    assert [job.status for job in made.datev.dxso_jobs] == [OPEN, PROCESSED]
    assert arrived_once(made)


def test_files_whose_answer_was_lost_are_attached_again_to_the_same_transfer(made: Rig) -> None:
    made.datev.faults.add(Fault("lose_answer", "POST", FILES, times=3))
    made.work()
    (job,) = made.datev.dxso_jobs
    assert sum("erneut empfangen" in line["text"] for line in job.protocol) == 3
    assert arrived_once(made)


def test_killed_between_two_files_the_transfer_is_filled_up(
    made: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch,) = made.prepare()
    attach, count = made.services.sink(made.name).attach, iter(range(1, 100))

    def dying(*given: object) -> None:
        if next(count) == 3:
            raise Killed
        attach(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(made.services.sink(made.name), "attach", dying)
        with pytest.raises(Killed):
            made.deliver(batch)
    assert made.batch(batch).state == "submitting"
    made.transfer()
    assert len(made.datev.dxso_jobs) == 1
    assert arrived_once(made)


def test_a_finish_that_got_no_answer_is_asked_after_and_not_repeated(made: Rig) -> None:
    (batch,) = made.prepare()
    made.datev.faults.add(Fault("lose_answer", "PUT", FINISH))
    with pytest.raises(RetryLater):
        made.deliver(batch)
    assert made.batch(batch).state == "unknown"
    made.transfer()
    assert finishes(made) == 1
    assert arrived_once(made)


def test_a_finish_that_did_not_arrive_is_repeated(made: Rig) -> None:
    (batch,) = made.prepare()
    made.datev.faults.add(Fault("status", "PUT", FINISH, status=504))
    with pytest.raises(RetryLater):
        made.deliver(batch)
    made.transfer()
    assert len(made.datev.dxso_jobs) == 1
    assert arrived_once(made)


def test_that_a_transfer_is_about_to_be_finished_is_on_record_before(made: Rig) -> None:
    """From then on only DATEV knows whether the batch was processed; before, it surely was not."""
    (batch,) = made.prepare()
    with made.dying_at("documents_sent"):
        made.deliver(batch)
    assert made.batch(batch).state == "submitting"
    with made.dying_at("batch_sent"):
        made.deliver(batch)
    assert made.batch(batch).state == "unknown"


def test_a_refused_finish_leaves_the_transfer_open_for_later(made: Rig) -> None:
    (batch,) = made.prepare()
    body = b'{"error": "#DCO01013", "error_description": "restapi.AuthentificationTypeFault"}'
    made.datev.faults.add(Fault("status", "PUT", FINISH, status=400, body=body))
    with pytest.raises(NeedsHuman) as refused:
        made.deliver(batch)
    assert refused.value.problem.key == "datev_app_not_permitted"
    assert made.batch(batch).state == "submitting"
    made.transfer()
    assert len(made.datev.dxso_jobs) == 1
    assert arrived_once(made)


def test_a_slow_status_is_waited_for(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2, text=suggestions, delay=40.0)
    rig.date(DOMESTIC, MIXED_RATES)
    rig.work()
    assert len(rig.waits) > 1
    assert arrived_once(rig)


def test_an_unavailable_service_changes_nothing(made: Rig) -> None:
    (batch,) = made.prepare()
    for method, path in (("POST", CREATE), ("POST", FILES), ("PUT", FINISH), ("GET", FINISH)):
        made.datev.faults.add(Fault("status", method, path, status=503, retry_after="0"))
    for _ in range(4):
        try:
            made.deliver(batch)
        except RetryLater:
            continue
    made.transfer()
    assert arrived_once(made)


def test_a_transfer_that_was_deleted_at_datev_before_its_end_is_begun_anew(made: Rig) -> None:
    (batch,) = made.prepare()
    with made.dying_at("transfer_noted"):
        made.deliver(batch)
    job = made.batch(batch).job_id
    assert job is not None
    made.services.sink(made.name).drop_transfer(job)
    with pytest.raises(RetryLater):
        made.deliver(batch)
    made.transfer()
    assert made.batch(batch).job_id != job
    assert arrived_once(made)


def test_a_refused_file_after_which_the_process_dies_is_not_lost(made: Rig) -> None:
    (batch,) = made.prepare()
    body = b'{"error": "#DCO01015", "error_description": "restapi.UnsupportedFileTypeFault"}'
    made.datev.faults.add(Fault("status", "POST", FILES, status=400, body=body))
    sink, usual = made.services.sink(made.name), made.services.sink(made.name).drop_transfer

    def dying(job: str) -> None:
        usual(job)
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sink, "drop_transfer", dying)
        with pytest.raises(Killed):
            made.deliver(batch)
    with pytest.raises(RetryLater):
        made.deliver(batch)
    made.transfer()
    assert arrived_once(made)


def test_two_processes_never_finish_two_transfers(made: Rig) -> None:
    """One slept after it had opened its transfer; the other has gone on meanwhile."""
    (batch,) = made.prepare()
    asleep, awake = threading.Event(), threading.Event()
    usual, sleeper = made.services.reached, threading.get_ident()
    outcome: list[Exception] = []

    def reached(point: str) -> None:
        if point == "transfer_opened" and threading.get_ident() == sleeper:
            asleep.set()
            assert awake.wait(30)
        usual(point)

    def sleeping() -> None:
        nonlocal sleeper
        sleeper = threading.get_ident()
        try:
            submit(made.context, batch)
        except RetryLater as error:
            outcome.append(error)

    made.services.reached = reached
    slow = threading.Thread(target=sleeping)
    slow.start()
    assert asleep.wait(30)
    made.transfer()
    awake.set()
    slow.join(30)
    assert len(outcome) == 1
    assert arrived_once(made)
    assert finishes(made) == 1


def test_the_new_belege_online_may_begin_between_two_files(made: Rig) -> None:
    (batch,) = made.prepare()
    with made.dying_at("transfer_noted"):
        made.deliver(batch)
    made.datev.client(MUSTERHOLZ).belege_online_next = True
    with pytest.raises(NeedsHuman) as refused:
        made.deliver(batch)
    assert refused.value.problem.key == "dxso_new_belege_online"
    assert made.batch(batch).state == "submitting", "it was surely not processed"
