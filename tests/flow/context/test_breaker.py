"""Work stops before DATEV has refused too many requests, and goes on when a person says so."""

from __future__ import annotations

from functools import partial

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect import oauth_login, ping, setup
from mlconnector.flow.context import breaker
from mlconnector.flow.context.breaker import too_many
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.outcomes import Outcome, outcome_in, outcome_of
from mlconnector.flow.report import overview
from mlconnector.standins.faults import Fault
from mlconnector.store.refusals import Outcome as Request
from mlconnector.systems.registry import sink_systems
from tests.flow.conftest import MakeRig
from tests.flow.rig import REDIRECT, Rig

FINE, REFUSED, FAILED, SILENT = (
    Request(200, False),
    Request(403, False),
    Request(503, False),
    Request(None, False),
)
DOCUMENT = Request(400, True)

COURTESY = sink_systems()["datev"].courtesy
IN_A_ROW, AT_LEAST = COURTESY.refused_in_a_row, COURTESY.of_at_least


def look(rig: Rig) -> Outcome:
    """A run's first step, as the workflow does it, in which DATEV is asked for the client."""
    return outcome_in(outcome_of(rig.context, lambda: rig.services.sink(rig.name).client_facts()))


def asked_so_far(rig: Rig) -> int:
    return sum(rig.datev.statistics.by_path.values())


def refuse(rig: Rig, times: int) -> None:
    rig.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=403, times=times))
    for _ in range(times):
        look(rig)


@pytest.mark.parametrize(
    ("latest", "opens"),
    [
        ([], False),
        ([REFUSED] * (IN_A_ROW - 1), False),
        ([REFUSED] * IN_A_ROW, True),
        ([REFUSED] * (IN_A_ROW - 1) + [FINE] + [REFUSED] * IN_A_ROW, False),
        ([FAILED] * 40, False),
        ([SILENT] * 40, False),
        ([Request(429, False)] * 40, False),
        ([DOCUMENT] * 40, False),
        ([DOCUMENT] * 5 + [REFUSED] * IN_A_ROW, True),
        ([FINE] * (AT_LEAST - 7) + [DOCUMENT] * 6, False),
        ([FINE] * (AT_LEAST - 5) + [DOCUMENT] * 5, False),
        ([FINE] * (AT_LEAST - 6) + [DOCUMENT] * 6, True),
        ([FINE, REFUSED] * (AT_LEAST // 2), True),
    ],
)
def test_ten_refusals_in_a_row_or_a_tenth_of_fifty_requests_are_too_many(
    latest: list[Request], opens: bool
) -> None:
    assert (too_many(latest, COURTESY) is not None) is opens


def test_a_connection_that_is_refused_all_the_time_stops_asking(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    refuse(rig, IN_A_ROW)
    assert rig.connection() == ("degraded", "breaker_open")
    asked = asked_so_far(rig)
    run = rig.name + ":run"
    begun = outcome_in(outcome_of(rig.context, partial(progress.begin, rig.context, run, "schedule")))
    assert (begun.outcome, begun.reason) == ("needs_human", "breaker_open")
    progress.end(rig.context, run, begun)
    for step in (
        partial(delivery.file_set, rig.context, batch),
        partial(delivery.submit, rig.context, batch),
    ):
        with pytest.raises(NeedsHuman, match="breaker_open"):
            step()
    assert progress.unfinished(rig.context, parked=True) == []
    assert asked_so_far(rig) == asked, "DATEV hears nothing"
    assert rig.states() == {"batched": 1}, "nothing is lost"


def test_a_job_is_not_asked_after_while_work_rests(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    refuse(rig, IN_A_ROW)
    with pytest.raises(NeedsHuman, match="breaker_open"):
        jobs.look(rig.context, batch, 0.0)


def test_it_says_what_was_refused_and_how_to_go_on(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    refuse(rig, IN_A_ROW)
    trouble = overview.connection(rig.context)["trouble"]
    assert "10 in a row" in trouble["what"]
    assert "ml-connector resume NAME" in trouble["do"]
    assert trouble["who"] == "Your IT"


def test_work_goes_on_when_a_person_says_so(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    refuse(rig, IN_A_ROW)
    breaker.resume(rig.context, "Erika")
    assert rig.connection() == ("ready", "")
    rig.work()
    assert rig.states() == {"settled": 1}
    (resumed,) = [event for event in rig.story(rig.name) if event.event == "resumed"]
    assert resumed.detail == {"by": "Erika"}


def test_earlier_refusals_do_not_count_after_that(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    refuse(rig, IN_A_ROW)
    breaker.resume(rig.context, "Erika")
    refuse(rig, 1)
    assert rig.connection()[1].startswith("datev_right_missing")
    refuse(rig, IN_A_ROW)
    assert rig.connection() == ("degraded", "breaker_open")


def test_only_what_rests_can_be_resumed(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with pytest.raises(NeedsHuman) as error:
        breaker.resume(rig.context, "Erika")
    assert error.value.problem.key == "nothing_to_resume"


def test_nothing_but_a_person_or_a_login_ends_the_rest(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    refuse(rig, IN_A_ROW)
    assert look(rig).outcome == "done"
    run = rig.name + ":run"
    progress.end(rig.context, run, Outcome(outcome="done"))
    assert rig.connection() == ("degraded", "breaker_open")
    rig.log_in()
    assert rig.connection() == ("ready", "")
    assert "resumed" in rig.events(rig.name)


def test_a_ping_may_still_be_given(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    refuse(rig, IN_A_ROW)
    assert {step.outcome for step in ping.check(rig.context)} == {"ok"}


def test_a_disconnected_connection_stays_paused(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    refuse(rig, IN_A_ROW)
    setup.disconnect(rig.context)
    assert rig.connection() == ("paused", "disconnected")


def test_refused_documents_count_and_are_no_longer_sent_one_by_one(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.prepare()
    for _ in range(AT_LEAST):
        look(rig)
    body = b'{"error": "#DCO01015", "error_description": "restapi.UnsupportedFileTypeFault"}'
    rig.datev.faults.add(Fault("status", "PUT", "/documents/", status=400, body=body, times=99))
    for _ in range(30):
        rig.replay()
        for batch in (
            rig.prepare() if rig.states().get("received") else [one.id for one in rig.batches("frozen")]
        ):
            outcome_of(rig.context, partial(delivery.file_set, rig.context, batch))
        if rig.connection()[1] == "breaker_open":
            break
    assert rig.connection() == ("degraded", "breaker_open")


def test_a_login_may_be_begun_while_work_rests(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    refuse(rig, IN_A_ROW)
    assert oauth_login.begin(rig.context, "datev", REDIRECT)


def test_a_healthy_day_raises_no_alarm(make_rig: MakeRig) -> None:
    rig = make_rig(12)
    rig.work()
    asked = overview.connection(rig.context)["sink_requests"]
    assert asked["alarms"] == []
    assert asked["transfers"] == len(rig.outside.documents()) + len(rig.outside.jobs())
    assert asked["gets_per_transfer"] < COURTESY.gets_for_a_transfer
    assert asked["error_share"] == 0


def test_too_many_queries_for_each_transfer_raise_an_alarm(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.work()
    for _ in range(10):
        look(rig)
    asked = overview.connection(rig.context)["sink_requests"]
    assert asked["gets"] > 5 * asked["transfers"]
    assert asked["alarms"] == ["gets"]


def test_queries_without_any_transfer_raise_an_alarm_too(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    for _ in range(10):
        look(rig)
    asked = overview.connection(rig.context)["sink_requests"]
    assert (asked["transfers"], asked["gets_per_transfer"]) == (0, None)
    assert asked["alarms"] == ["gets"]


def test_a_tenth_of_failed_requests_raises_an_alarm(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    for _ in range(15):
        look(rig)
    rig.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=500, times=12))
    for _ in range(12):
        look(rig)
    assert "errors" in overview.connection(rig.context)["sink_requests"]["alarms"]
