"""A trial: the disorder of a seed, then calm until everything is at rest, then the proof."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import assert_never

from chaos.installations import Kind, Make, Place
from chaos.outside import Outside, StandIns, outside
from chaos.plan import Change, Cut, Freeze, Jump, Kill, Plan, Start, Tell, Wait, plan
from chaos.product import Product
from chaos.proof import Outcome, faults_in
from mlconnector.commands.demonstration import Scene
from mlconnector.mapping.channels import Channel

_GLANCE = 0.02
_ROUNDS = 6
# Seconds without a call, of a process that has just begun and of one that works.
_STARTS_WITHIN = 20.0
_SILENT = 10.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried."""

    seed: int
    database: Kind
    channel: Channel
    source: str
    disasters: int

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.seed}-{self.database}-{self.channel}-{self.source}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a trial went: how much disorder there was, and what is wrong after it."""

    trial: Trial
    deaths: int
    frozen: int
    struck: int
    seconds: float
    wrong: tuple[str, ...]


class Trials:
    """Trials of one database each, with quiet runs that are made once for the same seed."""

    def __init__(self, folder: Path, places: Mapping[Kind, Make]) -> None:
        self._folder = folder
        self._places = places
        self._quiet = cache(self._quiet_outcome)

    def verdict(self, trial: Trial) -> Verdict:
        """Try it."""
        began = time.monotonic()
        quiet = self._quiet(trial.seed, trial.channel, trial.source, trial.disasters)
        folder = self._made(trial.name)
        place = self._places[trial.database](folder)
        planned, deaths, struck = plan(trial.seed, trial.disasters), 0, 0
        with outside(trial.source, folder) as around:
            product = Product(folder, place.url, trial.source, Scene(around.urls), trial.channel)
            try:
                product.set_up(planned.open_from)
                changed = _disorder(product, around, place, planned)
                deaths, struck = product.deaths(), sum(around.struck().values())
                wrong = tuple(faults_in(_calm(product, around, changed, quiet), quiet))
            except subprocess.TimeoutExpired as error:
                wrong = (f"a run in calm did not end within {error.timeout:.0f} s",)
            finally:
                product.end()
        return Verdict(trial, deaths, product.frozen, struck, time.monotonic() - began, wrong)

    def _quiet_outcome(self, seed: int, channel: Channel, source: str, disasters: int) -> Outcome:
        """The same changes before a single run, and nothing goes wrong."""
        folder = self._made(f"{seed}-quiet-{channel}-{source}")
        planned = plan(seed, disasters)
        with StandIns(source, folder).served() as around:
            product = Product(folder, self._places["sqlite"](folder).url, source, Scene(around.urls), channel)
            product.set_up(planned.open_from)
            changed = frozenset(around.change(change) for change in planned.changes)
            product.work()
            return product.outcome(around.arrived(), changed)

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True)
        return folder


def _disorder(product: Product, around: Outside, place: Place, planned: Plan) -> frozenset[str]:
    """Carry the plan out; gives the ids of the records that were changed."""
    changed: set[str] = set()
    around.storm(planned.seed, planned.faults)
    for step in planned.steps:
        product.note(f"{step}, {around.calls()} calls")
        if isinstance(step, Change):
            changed.add(around.change(step))
        else:
            _carry_out(step, product, around, place)
    product.end()
    around.storm(planned.seed, 0)
    product.set_clock(0)
    return frozenset(changed)


def _carry_out(
    step: Start | Wait | Kill | Freeze | Jump | Cut | Tell, product: Product, around: Outside, place: Place
) -> None:
    match step:
        case Start():
            product.start(step)
        case Wait():
            _wait(step, product, around)
        case Kill():
            product.kill(step.which)
        case Freeze():
            product.freeze(step)
        case Jump():
            product.set_clock(step.seconds)
        case Cut():
            place.cut(step.seconds)
        case Tell():
            for _ in range(step.times):
                around.tell(step.record, product.webhooks)
        case _:
            assert_never(step)


def _wait(step: Wait, product: Product, around: Outside) -> None:
    began = latest = around.calls()
    since = time.monotonic()
    while product.living() and latest < began + step.calls:
        if time.monotonic() - since > (_STARTS_WITHIN if latest == began else _SILENT):
            return
        time.sleep(_GLANCE)
        if (now := around.calls()) != latest:
            latest, since = now, time.monotonic()


def _calm(product: Product, around: Outside, changed: frozenset[str], quiet: Outcome) -> Outcome:
    """Run until all is as after the quiet run, and between two runs do what people are asked to do."""
    for _ in range(_ROUNDS):
        product.note("run in calm")
        product.run()
        product.note("look")
        outcome = product.outcome(around.arrived(), changed)
        if not faults_in(outcome, quiet):
            break
        product.repair()
    return outcome
