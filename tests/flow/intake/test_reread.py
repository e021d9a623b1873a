"""Reading a source again: on request, and where what was kept of it does not fit any more."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect import ping
from mlconnector.flow.context.context import Context
from mlconnector.flow.intake import records, reread
from mlconnector.store import connections
from mlconnector.systems.kit.check_steps import CheckStep
from tests.conformance.source_suite import whole_pass
from tests.flow.dynamics_rig import DynamicsRig, MakeRig
from tests.flow.rig import Rig

OFF = 'send = "off"'
FEW = 3


def cursor_step(rig: Rig) -> CheckStep:
    return next(step for step in ping.check(rig.context) if step.key == ping.CURSOR)


def read_by(rig: Rig, run: str | None = None) -> int:
    """How many records a run reads, which begins now unless it is named."""
    run, position, read = run or rig.begin(), None, 0
    cursor = records.since(rig.context)
    while True:
        taken = records.take_page(rig.context, run, cursor, position)
        position, read = taken.position, read + taken.read
        if position is None:
            return read


def spoil(rig: Rig, before: str, after: str) -> None:
    """Let what was kept of the source become something else."""
    with rig.app.database.write() as db:
        kept = connections.cursor(db, rig.name) or ""
        assert before in kept
        connections.move_cursor(db, rig.name, kept.replace(before, after), rig.context.now())


@pytest.fixture
def rig(make_dynamics_rig: MakeRig) -> DynamicsRig:
    """A connection that was just set up."""
    return make_dynamics_rig("", OFF, FEW)


@pytest.fixture
def booked(rig: DynamicsRig) -> DynamicsRig:
    """A connection whose invoices were booked as far as they can be."""
    rig.work()
    return rig


class TestOnRequest:
    def test_everything_is_read_once_more_and_nothing_sent_twice(self, booked: DynamicsRig) -> None:
        before = (booked.states(), len(booked.outside.jobs()), booked.outside.sums())
        seen = len(booked.dynamics.invoices())
        assert reread.ask(booked.context, None, "Anna") == reread.Reread(None)
        assert reread.asked_for(booked.context) == reread.Reread(None)
        assert read_by(booked) >= seen, "all of them, not what changed alone"
        booked.work()
        assert (booked.states(), len(booked.outside.jobs()), booked.outside.sums()) == before
        assert reread.asked_for(booked.context) is None, "once"

    def test_what_went_unseen_is_found(self, booked: DynamicsRig) -> None:
        """A cursor that has passed over a change tells of it never again."""
        taken_back = booked.dynamics.cancel(1)
        _, cursor = whole_pass(booked.context.source, records.since(booked.context))
        with booked.app.database.write() as db:
            connections.move_cursor(db, booked.name, cursor or "", booked.context.now())
        booked.work()
        assert booked.outside.sums()[taken_back["invoicenumber"]] > 0
        reread.ask(booked.context, None, "Anna")
        booked.work()
        assert booked.outside.sums()[taken_back["invoicenumber"]] == 0

    def test_since_a_day_only_later_changes_are_read(self, booked: DynamicsRig) -> None:
        booked.outside.clock.advance(30 * 86_400)
        booked.dynamics.touch(1)
        reread.ask(booked.context, booked.context.now().date(), "Anna")
        assert read_by(booked) == 1

    def test_a_run_under_way_does_not_lose_what_was_asked_for(self, booked: DynamicsRig) -> None:
        run = booked.begin()
        reread.ask(booked.context, None, "Anna")
        assert read_by(booked, run) == 0
        assert reread.asked_for(booked.context) is not None
        assert read_by(booked) >= FEW

    def test_a_step_that_is_repeated_after_a_crash_begins_at_the_same_place(self, rig: DynamicsRig) -> None:
        reread.ask(rig.context, None, "Anna")
        assert reread.begin_at(rig.context) == reread.begin_at(rig.context)

    def test_who_asked_and_when_it_began_is_in_the_audit_trail(self, rig: DynamicsRig) -> None:
        reread.ask(rig.context, date(2026, 7, 1), "Anna")
        rig.begin()
        events = rig.events(rig.name)
        assert events.index("reread_asked") < events.index("reread_began")
        assert rig.verdict().ok

    def test_a_connection_that_does_not_exist_is_not_read(self, rig: DynamicsRig) -> None:
        with pytest.raises(NeedsHuman):
            reread.ask(Context(rig.services, "nobody"), None, "Anna")


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("http://127.0.0.1", "https://renamed.crm4.dynamics.com"),
            ("$deltatoken=", "$deltatoken=rubbish"),
            ("{", ""),
        ],
    )
    def test_is_given_up_and_doubles_nothing(self, booked: DynamicsRig, before: str, after: str) -> None:
        was = (booked.states(), len(booked.outside.jobs()), booked.outside.sums())
        spoil(booked, before, after)
        assert cursor_step(booked) == CheckStep(ping.CURSOR, "warning", "cursor_unfit")
        booked.work()
        assert (booked.states(), len(booked.outside.jobs()), booked.outside.sums()) == was
        assert booked.events(booked.name).count("cursor_given_up") == 1
        assert cursor_step(booked).outcome == "ok"
        booked.work()
        assert booked.events(booked.name).count("cursor_given_up") == 1, "the next one goes on"


class TestPing:
    def test_says_that_reading_goes_on(self, booked: DynamicsRig) -> None:
        step = cursor_step(booked)
        assert (step.outcome, step.cause) == ("ok", "")
        assert datetime.fromisoformat(step.facts["moved"]) <= booked.context.now()

    def test_before_the_first_run_there_is_nothing_to_fit(self, rig: DynamicsRig) -> None:
        assert cursor_step(rig) == CheckStep(ping.CURSOR, "ok")

    def test_says_what_was_asked_for(self, rig: DynamicsRig) -> None:
        reread.ask(rig.context, None, "Anna")
        assert cursor_step(rig).cause == "reread_everything"
        reread.ask(rig.context, date(2026, 7, 1), "Anna")
        step = cursor_step(rig)
        assert (step.cause, step.facts) == ("reread_since", {"since": "2026-07-01"})

    def test_of_a_source_that_does_not_answer_nothing_is_said(self, rig: DynamicsRig) -> None:
        rig.dynamics.set_member(is_member=False)
        assert cursor_step(rig) == CheckStep(ping.CURSOR, "skipped")
