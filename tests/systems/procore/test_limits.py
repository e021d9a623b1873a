"""Procore's limits on calls, of an hour and of ten seconds, and load; each test names its case."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.errors import RetryLater
from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.procore.limits import call_limit
from tests.conformance.source_suite import whole_pass
from tests.systems.procore.rig import ProcoreRig, names, procore_rig

pytestmark = pytest.mark.xdist_group("procore-limits")

SPIKE = {"per_spike": "25"}


def limit_of(rig: ProcoreRig) -> Any:
    settings = rig.system.settings_model.model_validate(dict(rig.settings))
    return call_limit(settings, rig.secrets)


def full(rig: ProcoreRig, spike: float, hour: float = 0.0) -> None:
    """Let the windows be full for so many seconds more."""
    now = rig.outside.time.clock()
    for window, left in ((rig.standin.limits.spike, spike), (rig.standin.limits.hour, hour)):
        if left:
            window.began, window.spent = now + left - window.seconds, window.limit


class TestRefusals:
    # Seconds until the reset, seconds of Retry-After, and how long nobody may call.
    WAITS = ((8, None, 8), (8, 3, 8), (3, 8, 8), (5, 5, 5), (8, 0, 8))

    @pytest.mark.parametrize(("reset", "retry_after", "wait"), WAITS)
    def test_the_longer_of_reset_and_retry_after_is_waited_for(
        self, rig: ProcoreRig, reset: int, retry_after: int | None, wait: int
    ) -> None:
        rig.open().changes(None, None)
        full(rig, reset)
        rig.standin.limits.retry_after = retry_after
        began = rig.outside.time.clock()
        rig.open().changes(None, None)
        assert wait <= rig.outside.time.clock() - began < wait + 2
        assert len(rig.standin.limits.refused) == 1
        assert rig.standin.limits.too_early == []

    def test_a_refusal_that_says_nothing_lasts_as_long_as_the_shorter_limit(self, rig: ProcoreRig) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=429))
        began = rig.outside.time.clock()
        rig.open().changes(None, None)
        assert 10 <= rig.outside.time.clock() - began < 12

    def test_a_long_refusal_is_left_to_the_flow_and_closes_the_limit_for_all(self, rig: ProcoreRig) -> None:
        rig.open().changes(None, None)
        full(rig, 0, hour=1_800)
        with pytest.raises(TooMany) as caught:
            rig.open().changes(None, None)
        assert 1_800 <= (caught.value.after or 0) < 1_802
        calls = len(rig.standin.limits.calls)
        with pytest.raises(RetryLater):
            rig.open().changes(None, None)
        assert len(rig.standin.limits.calls) == calls, "another process was let through"
        assert rig.outside.budget.left(limit_of(rig)).closed_for > 1_790

    def test_a_reset_that_makes_no_sense_puts_nothing_off_for_ever(self, rig: ProcoreRig) -> None:
        rig.open().changes(None, None)
        full(rig, 1e10)
        with pytest.raises(TooMany) as caught:
            rig.open().changes(None, None)
        assert (caught.value.after or 0) < 3_700

    def test_load_is_waited_for_as_it_is_told(self, rig: ProcoreRig) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=503, retry_after="7"))
        began = rig.outside.time.clock()
        rig.open().changes(None, None)
        assert rig.outside.time.clock() - began >= 7
        rig.faults.add(Fault("status", path=rig.listing, status=503, retry_after="900"))
        with pytest.raises(RetryLater) as caught:
            rig.open().changes(None, None)
        assert caught.value.after == 900


class TestPace:
    def test_after_the_last_call_that_is_allowed_the_next_one_waits_by_itself(self) -> None:
        with procore_rig(extra=SPIKE) as rig:
            source = rig.open()
            references, _ = whole_pass(source, None)
            assert {each.external_id for each in references} == names(rig.standin)
            for first in range(0, len(references), 5):
                source.fetch(references[first : first + 1])
            assert len(rig.standin.limits.calls) > 50
            assert rig.standin.limits.refused == []

    def test_of_threads_that_read_at_once_only_calls_under_way_meet_a_refusal(self) -> None:
        with procore_rig(extra=SPIKE) as rig:
            source = rig.open()
            references, _ = whole_pass(source, None)
            left, readings = list(references), 0
            for _ in range(40):
                if not left:
                    break
                try:
                    readings += len(source.fetch(left[:4]))
                    left = left[4:]
                except RetryLater:
                    rig.outside.time.pass_by(11)
            assert readings == len(references)
            limits = rig.standin.limits
            # Three others of four threads may be asking while one hears of it.
            assert len(limits.too_early) <= 3 * len(limits.calls) / 25

    def test_our_own_limit_is_never_passed(self) -> None:
        with procore_rig(settings={"calls_per_minute": 30}) as rig:
            whole_pass(rig.open(), None)
            whole_pass(rig.open(), None)
            calls = rig.standin.limits.calls
            assert max(sum(one <= other < one + 60 for other in calls) for one in calls) <= 31
