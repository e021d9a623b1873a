"""Two at the same work: a process that was taken for dead and wakes up again finds that others went on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from mlconnector.app import opened
from mlconnector.errors import RetryLater
from mlconnector.flow.batches import entry_batches
from mlconnector.flow.decide import book
from mlconnector.flow.decide.documents.booking_documents import documents_for
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.store import vouchers
from mlconnector.systems.datev.sink import DatevSink
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, NAME, Rig, counted, log_in, second_connection


def meanwhile(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, others: Callable[[], object]) -> None:
    """Let others do something once, just before `owner.name` is called for the first time."""
    usual, first = getattr(owner, name), [True]

    def called(*arguments: Any, **named: Any) -> Any:
        if first and first.pop():
            others()
        return usual(*arguments, **named)

    monkeypatch.setattr(owner, name, called)


def test_what_others_have_booked_and_frozen_meanwhile_is_not_booked_again(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(2)
    run = rig.begin()
    rig.read(run)

    def others() -> None:
        rig.book(rig.begin())
        rig.freeze()

    meanwhile(monkeypatch, rig.services, "client_facts", others)
    rig.book(run)
    assert rig.freeze() == []
    assert [len(rig.entries(deal)) for deal in (DOMESTIC, MIXED_RATES)] == [1, 1]
    rig.transfer()
    assert set(counted(rig.outside.rows()).values()) == {1}


def test_two_who_freeze_at_the_same_time_make_one_batch(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    meanwhile(monkeypatch, entry_batches, "batch_id", rig.freeze)
    with pytest.raises(RetryLater):
        rig.freeze()
    assert len(rig.batches()) == 1
    rig.transfer()
    assert len(rig.outside.jobs()) == 1


def test_bookings_that_others_have_taken_are_not_in_a_second_batch(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    rig.hint(DOMESTIC)
    run = rig.begin("webhook")
    rig.read_hints(run)
    rig.book(run)

    def others() -> None:
        rig.read(rig.begin())
        rig.book(rig.begin())
        rig.freeze()

    meanwhile(monkeypatch, entry_batches, "batch_id", others)
    with pytest.raises(RetryLater):
        rig.freeze()
    rig.transfer()
    assert set(counted(rig.outside.rows()).values()) == {1}
    assert len(rig.outside.jobs()) == 1


def test_a_batch_that_others_have_submitted_meanwhile_is_not_submitted_again(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    delivery.file_set(rig.context, batch)
    meanwhile(monkeypatch, rig.services, "sink", lambda: delivery.submit(rig.context, batch))
    with pytest.raises(RetryLater):
        delivery.submit(rig.context, batch)
    assert len(rig.datev.jobs) == 1
    rig.transfer()
    assert rig.states() == {"settled": 1}


def test_an_answer_that_comes_late_does_not_settle_a_batch_again(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    usual = DatevSink.status

    def late(sink: DatevSink, job: str) -> Any:
        answer = usual(sink, job)
        monkeypatch.setattr(DatevSink, "status", usual)
        rig.follow(batch)
        rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": None})
        rig.work()
        return answer

    monkeypatch.setattr(DatevSink, "status", late)
    jobs.look(rig.context, batch, 0.0)
    assert rig.states() == {"needs_human": 1}
    assert rig.events(batch).count("succeeded") == 1


def test_a_wish_to_send_again_that_comes_late_sends_nothing(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    usual = DatevSink.status

    def late(sink: DatevSink, job: str) -> Any:
        answer = usual(sink, job)
        monkeypatch.setattr(DatevSink, "status", usual)
        rig.transfer()
        return answer

    monkeypatch.setattr(DatevSink, "status", late)
    assert jobs.look(rig.context, batch, 0.0).state == "settled"
    assert rig.batch(batch).state == "succeeded"
    assert len(rig.outside.jobs()) == 1


def until_somebody_waits_or(done: threading.Event, rig: Rig) -> None:
    """Until `done`, or until a transaction waits for the lock of another one."""
    for _ in range(1000):
        with rig.app.database.read() as db:
            waiting = db.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
        if waiting or done.wait(0.01):
            return
    raise AssertionError("nothing happened")


def test_what_changed_while_its_batch_was_settled_waits_for_its_decision(
    make_postgres_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_postgres_rig(1)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    settled = threading.Event()

    def settle() -> None:
        rig.follow(batch)
        settled.set()

    with ThreadPoolExecutor(1) as other:

        def others() -> None:
            other.submit(settle)
            until_somebody_waits_or(settled, rig)

        meanwhile(monkeypatch, vouchers, "insert_vouchers", others)
        rig.hint(DOMESTIC)
        rig.read_hints(rig.begin("webhook"))
    assert settled.is_set()
    assert rig.states() == {"received": 1}, "whoever came first"
    rig.work()
    assert rig.states() == {"settled": 1}
    assert rig.outside.sums() == {"RE-2026-00001": rig.outside.gross(DOMESTIC)}


def test_two_connections_of_one_client_never_share_a_number(
    make_postgres_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_postgres_rig(3)
    both = (rig, second_connection(rig))
    runs = [one.begin() for one in both]
    for one, run in zip(both, runs, strict=True):
        one.read(run)
    together = threading.Barrier(2)
    usual = documents_for

    def papers(*arguments: Any) -> Any:
        made = usual(*arguments)
        together.wait(10)
        return made

    monkeypatch.setattr(book, "documents_for", papers)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda work: work[0].book(work[1]), zip(both, runs, strict=True)))
    counts = [one.states() for one in both]
    assert sorted(counts, key=str) == [{"bookable": 3}, {"needs_human": 3}], "each number has one holder"


def test_many_threads_refresh_a_token_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.outside.clock.advance(900)
    with ThreadPoolExecutor(8) as threads:
        found = set(
            threads.map(lambda _: rig.services.tokens(NAME, "datev").current().access_token, range(16))
        )
    assert len(found) == 1
    assert (rig.datev.tokens.refreshes, rig.datev.tokens.replays) == (1, 0)


def test_two_processes_refresh_a_token_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.outside.clock.advance(900)
    with opened(rig.app.settings, rig.services.now) as other:
        keepers = [rig.services.tokens(NAME, "datev"), other.services.tokens(NAME, "datev")]
        for keeper in keepers:
            keeper._local = threading.Lock()
        with ThreadPoolExecutor(2) as threads:
            found = set(threads.map(lambda keeper: keeper.current().access_token, keepers))
    assert len(found) == 1
    assert (rig.datev.tokens.refreshes, rig.datev.tokens.replays) == (1, 0)


def test_the_tokens_of_a_login_elsewhere_are_taken_up(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.services.client_facts(NAME)
    with opened(rig.app.settings, rig.services.now) as other:
        log_in(other.services, NAME)
    rig.work()
    assert rig.states() == {"settled": 1}
    assert rig.datev.tokens.replays == 0
