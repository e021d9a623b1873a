"""A seed decides everything that is decided, and the same each time."""

from __future__ import annotations

from collections import Counter

from chaos.changes import CHANGES, WEBHOOKS
from chaos.plan import RECORDS, Change, Kill, Start, Tell, Wait, plan
from chaos.product import is_of
from chaos.storm import Storm

from mlconnector.systems.registry import source_systems

CALLS = [("GET", f"/deals/{number}") for number in range(200)]


def test_a_seed_decides_the_same_each_time() -> None:
    assert plan(7) == plan(7)
    assert len({plan(seed).steps for seed in range(20)}) == 20


def test_all_kinds_of_disasters_come_to_pass() -> None:
    kinds = Counter(type(step).__name__ for seed in range(50) for step in plan(seed).steps)
    assert {"Start", "Wait", "Kill", "Freeze", "Jump", "Cut", "Tell", "Change"} == set(kinds)
    assert kinds["Kill"] >= 50


def test_after_a_killed_process_another_begins() -> None:
    for seed in range(20):
        steps = plan(seed).steps
        for place, step in enumerate(steps):
            if isinstance(step, Kill):
                assert isinstance(steps[place + 1], Start)


def test_a_disaster_comes_when_the_outside_was_asked_often_enough_and_not_after_a_time() -> None:
    waits = [step for seed in range(20) for step in plan(seed).steps if isinstance(step, Wait)]
    assert len({wait.calls for wait in waits}) > 20


def test_only_records_that_there_are_get_changed_or_told_of() -> None:
    for seed in range(50):
        for step in plan(seed).steps:
            if isinstance(step, Change | Tell):
                assert 1 <= step.record <= RECORDS


def test_every_source_can_be_changed_and_tells_of_changes() -> None:
    assert set(CHANGES) == set(WEBHOOKS) == set(source_systems())


def storm(seed: int, share: float) -> Storm:
    made = Storm("pipedrive")
    made.begin(seed, share)
    return made


def kinds(one: Storm, calls: list[tuple[str, str]]) -> list[str | None]:
    faults = [one.take(*call) for call in calls]
    return [None if fault is None else fault.kind for fault in faults]


def test_what_becomes_of_a_call_depends_on_the_seed_and_not_on_other_calls() -> None:
    alone, among_others = storm(3, 0.5), storm(3, 0.5)
    expected = kinds(alone, CALLS)
    found = []
    for call in CALLS:
        among_others.take("POST", "/token")
        found += kinds(among_others, [call])
    assert found == expected != kinds(storm(4, 0.5), CALLS)


def test_a_call_that_is_repeated_succeeds_in_the_end() -> None:
    made = kinds(storm(1, 1.0), CALLS)
    assert made[2::3] == [None] * len(made[2::3])
    assert None not in made[0::3] + made[1::3]


def test_without_a_storm_nothing_goes_wrong_and_calls_are_counted() -> None:
    calm = storm(1, 0.0)
    assert set(kinds(calm, CALLS)) == {None}
    assert (calm.calls, calm.struck.total()) == (len(CALLS), 0)


def test_a_changed_record_takes_its_documents_along_and_no_others() -> None:
    assert is_of("sale/ab-1/invoice/cd-2", "sale/ab-1")
    assert is_of("sale/ab-1/invoice/cd-2", "cd-2")
    assert is_of("invoice/4711", "4711")
    assert is_of("4711", "4711")
    assert not is_of("sale/ab-12/invoice/cd-2", "sale/ab-1")
    assert not is_of("invoice/47110", "4711")
