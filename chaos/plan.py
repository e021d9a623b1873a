"""What a seed decides: what is started, killed, frozen and changed, when, and how bad the network is."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from mlconnector.flow.context.kill_points import POINTS

RECORDS = 12
# Of the generated records, those that can be booked before and after any of the changes below.
_CHANGEABLE = (1, 2, 3, 4)
# A killed refresh costs the login; that is said in docs/explanation/exactly-once.md and tested beside it.
_POINTS = tuple(point for point in POINTS if point != "refresh_answered")
# Around the call that hands a batch over, only what was written down before keeps it from being doubled.
_WEIGHTS = tuple(
    4 if point in ("batch_noted", "transfer_noted", "batch_sent", "receipt_noted") else 1 for point in _POINTS
)

Command = Literal["run", "worker", "serve"]
Kind = Literal["price", "lost", "won"]
_COMMANDS: tuple[Command, ...] = ("run", "run", "worker", "serve")
_KINDS: tuple[Kind, ...] = ("price", "price", "price", "price", "lost", "won")


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody does to a record of the source; `price` is that of its first line."""

    record: int
    kind: Kind
    price: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """A process of the product begins; it dies by itself at `crash_at`, as in the setting of that name."""

    command: Command
    crash_at: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes until the outside was asked so many times, or asks no more."""

    calls: int


@dataclass(frozen=True, slots=True)
class Kill:
    """A living process, counted round, gets SIGKILL."""

    which: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """A living process gets SIGSTOP and, after so many seconds, SIGCONT or SIGKILL."""

    which: int
    seconds: float
    wakes: bool


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock of the product is set to so many seconds beside the right time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The database's connections are cut, where it has any, or it is locked for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tell:
    """A webhook speaks of a record, so many times."""

    record: int
    times: int


Step = Start | Wait | Kill | Freeze | Jump | Cut | Tell | Change


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole disorder: its steps, and the share of calls to the outside that go wrong."""

    seed: int
    faults: float
    open_from: str
    steps: tuple[Step, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes in the source in their order."""
        return tuple(step for step in self.steps if isinstance(step, Change))


def plan(seed: int, disasters: int = 9) -> Plan:
    """What the seed decides, with so many disasters."""
    random = Random(f"chaos-{seed}")
    steps: list[Step] = [_start(random)]
    for _ in range(disasters):
        steps.append(Wait(random.randint(1, 40)))
        steps += _disaster(random)
    faults, closed = random.choice((0.1, 0.2, 0.3, 0.5)), random.random() < 0.5
    return Plan(seed, faults, "" if closed else "2026-01-01", tuple(steps))


def _disaster(random: Random) -> list[Step]:
    which = random.randrange(6)
    match random.choices(("kill", "freeze", "jump", "cut", "tell", "change"), weights=(8, 3, 2, 2, 1, 3)):
        case ["kill"]:
            return [Kill(which), _start(random)]
        case ["freeze"]:
            wakes = random.random() < 0.7
            frozen = Freeze(which, round(random.uniform(0.2, 1.2 if wakes else 3.0), 1), wakes)
            return [frozen] if wakes else [frozen, _start(random)]
        case ["jump"]:
            return [Jump(random.choice((-3600, -90, -5, 5, 90, 3600)))]
        case ["cut"]:
            return [Cut(round(random.uniform(0.1, 2.0), 1))]
        case ["tell"]:
            return [Tell(random.choice(_CHANGEABLE), random.randint(1, 3))]
    return [_change(random), *([] if random.random() < 0.3 else [_start(random)])]


def _start(random: Random) -> Start:
    command = random.choice(_COMMANDS)
    if random.random() < 0.6:
        (point,) = random.choices(_POINTS, weights=_WEIGHTS)
        return Start(command, f"{point}:{random.choice((1, 1, 1, 2))}")
    return Start(command)


def _change(random: Random) -> Change:
    return Change(random.choice(_CHANGEABLE), random.choice(_KINDS), random.randint(100, 900))
