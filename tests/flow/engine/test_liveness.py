"""Signs of life: who is silent or dead loses its work to others, and nobody else does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from dbos import DBOS

from mlconnector.flow.context import processes
from mlconnector.flow.context.processes import is_alive, machine
from mlconnector.flow.engine.liveness import Liveness
from mlconnector.store import executors, leases
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def register(rig: Rig, name: str, host: str, process: int) -> None:
    with rig.app.database.write() as db:
        executors.register(db, name, host, process, rig.services.now())


def nobody() -> set[str]:
    """Nobody has work in hand."""
    return set()


def watched(rig: Rig, carriers: Callable[[], set[str]] = nobody) -> tuple[list[str], list[str]]:
    """Whom a watch finds gone, and whose work it handed over."""
    handed: list[str] = []
    return Liveness(rig.services, carriers, handed.extend).watch(), handed


def test_a_dead_process_of_this_machine_is_found_at_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "dead", machine(), ended_process())
    assert watched(rig) == (["dead"], ["dead"])
    assert watched(rig) == ([], []), "it is forgotten once its work is in other hands"


def test_who_is_gone_is_remembered_until_no_work_is_in_its_hands(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "dead", machine(), ended_process())
    assert watched(rig, lambda: {"dead"}) == ([], ["dead"]), "its work could not be handed over"
    assert watched(rig) == (["dead"], ["dead"])


def test_an_unknown_process_with_work_is_given_the_time_to_show_a_sign_of_life(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    assert watched(rig, lambda: {"sleeper"}) == ([], [])
    rig.outside.clock.advance(rig.app.settings.silent_after_seconds + 1)
    assert watched(rig) == (["sleeper"], ["sleeper"])


def test_a_living_process_is_left_alone(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "living", machine(), os.getpid())
    rig.outside.clock.advance(rig.app.settings.silent_after_seconds - 1)
    assert watched(rig) == ([], [])


def test_a_process_elsewhere_is_found_when_it_was_silent_for_long_enough(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "elsewhere", "another-host", ended_process())
    rig.outside.clock.advance(rig.app.settings.silent_after_seconds - 1)
    assert watched(rig) == ([], []), "its process number means nothing here"
    rig.outside.clock.advance(2)
    assert watched(rig) == (["elsewhere"], ["elsewhere"])


def test_containers_that_share_a_host_name_are_different_machines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not Path("/proc/self/ns/pid").exists():
        pytest.skip("there are no containers here")
    here = machine()
    assert here == machine()
    (tmp_path / "pid").touch()
    monkeypatch.setattr(
        processes,
        "Path",
        lambda path: tmp_path / "pid" if path == "/proc/self/ns/pid" else Path(path),
    )
    assert machine() != here


def test_the_locks_of_a_dead_process_end_with_it(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "dead", machine(), ended_process())
    assert leases.acquire(rig.app.database, "tokens", "dead", 1000.0, rig.services.now())
    assert not leases.acquire(rig.app.database, "tokens", "me", 1000.0, rig.services.now())
    watched(rig)
    assert leases.acquire(rig.app.database, "tokens", "me", 1000.0, rig.services.now())


def test_one_process_at_a_time_looks_after_the_others(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    register(rig, "dead", machine(), ended_process())
    assert leases.acquire(rig.app.database, "watch", "somebody-else", 30.0, rig.services.now())
    assert watched(rig) == ([], [])


def test_who_died_while_looking_after_others_does_not_keep_them_unwatched_for_long(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    settings = rig.app.settings.model_copy(update={"silent_after_seconds": 3.0})
    monkeypatch.setattr(rig.services, "settings", settings)
    register(rig, "first", machine(), ended_process())
    monkeypatch.setattr(leases, "release", lambda *_: None)
    assert watched(rig) == (["first"], ["first"])
    monkeypatch.setattr(rig.services, "owner", "next")
    register(rig, "second", machine(), ended_process())
    assert watched(rig) == ([], [])
    rig.outside.clock.advance(3)
    assert watched(rig) == (["second"], ["second"])


def test_a_process_that_ends_in_good_order_lets_nobody_wait_for_its_silence(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    ending = Liveness(rig.services, nobody, lambda _: None)
    ending.begin()
    ending.end()
    ending.resign()
    ended, rig.services.owner = rig.services.owner, "next"
    assert watched(rig) == ([ended], [ended])


def test_who_was_held_up_itself_listens_before_it_takes_others_for_silent(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    patience, clock = rig.app.settings.silent_after_seconds, rig.outside.clock
    handed: list[str] = []
    living = Liveness(rig.services, nobody, handed.extend)
    living.show_life()
    register(rig, "elsewhere", "another-host", ended_process())
    register(rig, "dead", machine(), ended_process())
    clock.advance(patience + 1)
    living.show_life()
    assert living.watch() == ["dead"], "the machine slept, or the database was out of reach: of both"
    for _ in range(3):
        clock.advance(patience / 3)
        living.show_life()
    assert living.watch() == ["elsewhere"], "nothing was heard of it, by one who listened"
    assert handed == ["dead", "elsewhere"]


def test_signs_of_life_begin_before_the_engine_is_launched(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, shown = make_rig(1), threading.Event()
    usual_launch, usual_beat = DBOS.launch, executors.beat

    def beat(*arguments: object) -> bool:
        shown.set()
        return usual_beat(*arguments)  # type: ignore[arg-type]

    def launch() -> None:
        assert shown.wait(30), "a launch takes long on a machine that has much to do"
        usual_launch()

    settings = rig.app.settings.model_copy(update={"heartbeat_seconds": 0.01})
    monkeypatch.setattr(rig.services, "settings", settings)
    monkeypatch.setattr(executors, "beat", beat)
    monkeypatch.setattr(DBOS, "launch", launch)
    with rig.app.working():
        pass


def test_a_watch_that_fails_does_not_end_the_signs_of_life(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig, failed, beaten = make_rig(1), threading.Event(), threading.Event()
    usual = executors.beat

    def beat(*arguments: object) -> bool:
        if failed.is_set():
            beaten.set()
        return usual(*arguments)  # type: ignore[arg-type]

    def fail(_executors: Collection[str]) -> None:
        failed.set()
        raise ZeroDivisionError("in the engine")

    monkeypatch.setattr(executors, "beat", beat)
    living = Liveness(rig.services, nobody, fail)
    monkeypatch.setattr(
        rig.services, "settings", rig.app.settings.model_copy(update={"heartbeat_seconds": 0.01})
    )
    living.begin()
    living.begin_to_watch()
    register(rig, "dead", machine(), ended_process())
    assert beaten.wait(30)
    living.end()
    assert "the watch over other processes failed" in caplog.text


def test_a_process_that_only_waits_to_be_collected_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    assert process.stdout is None
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        pass
    assert not is_alive(process.pid)
    process.wait()
    assert not is_alive(process.pid)
    assert is_alive(os.getpid())


def test_a_process_is_known_before_it_takes_any_work(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, known = make_rig(1), []
    usual = DBOS.launch

    def launch() -> None:
        with rig.app.database.read() as db:
            known.append(executors.last_seen(db, rig.services.owner))
        usual()

    monkeypatch.setattr(DBOS, "launch", launch)
    with rig.app.working():
        assert known != [None]
    with rig.app.database.read() as db:
        ended = executors.last_seen(db, rig.services.owner)
    assert ended is not None
    assert ended.year == 1970, "who ended in good order is looked after at once"
