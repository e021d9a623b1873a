"""What a run tells of systems that cannot be reached, and when it gives up."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime

from mlconnector.app import Application
from mlconnector.commands.output import complaints, named, phrase, print_line
from mlconnector.settings import UnreadableSettings
from mlconnector.store import outages
from mlconnector.store.outages import Outage

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
# How long a step that is being tried gets to end by itself before the run ends without it.
_GRACE_SECONDS = 5.0


def duration(text: str) -> float:
    """The seconds that `90`, `90s`, `10m` or `1h` stands for. Raises UnreadableSettings."""
    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", text.strip())
    if found is None:
        raise UnreadableSettings("--wait", None, f"90s / 10m / 1h, not {text}")
    return float(int(found[1]) * _UNITS[found[2]])


def in_words(seconds: float) -> str:
    """A number of seconds as people say it."""
    if seconds >= 120 and seconds % 60 == 0:
        return phrase("minutes", count=int(seconds // 60))
    return phrase("seconds", count=round(seconds))


class OutageWatch:
    """Tells on standard error what cannot be reached, as soon as that is known, and each next try.

    Looks at what this process knows itself, and at what others noted that have the work in hand.
    """

    def __init__(self, app: Application, names: Sequence[str], wait: float | None) -> None:
        self._app = app
        self._names = names
        self._wait = wait
        self._began = app.services.now()
        self._told: dict[tuple[str, str], Outage] = {}
        self._since: float | None = None

    def look(self) -> bool:
        """Tell what is new; whether something could not be reached for longer than is to be waited."""
        current = {(name, one.system): one for name in self._names for one in self._outages(name)}
        for key, outage in current.items():
            self._tell(key[0], outage, self._told.get(key))
        for name, system in sorted(set(self._told) - set(current)):
            self._say("reached_again", name=name, system=named("system", system))
        self._told = current
        if not current:
            self._since = None
        elif self._since is None:
            self._since = time.monotonic()
        return (
            self._wait is not None
            and self._since is not None
            and time.monotonic() - self._since > self._wait + _GRACE_SECONDS
        )

    def gave_up(self) -> bool:
        """Whether something could still not be reached when nothing was under way any more."""
        self.look()
        return bool(self._told)

    def _outages(self, name: str) -> list[Outage]:
        with self._app.database.read() as db:
            noted = {one.system: one for one in outages.of(db, name) if one.tried_at >= self._began}
        own = {one.system: one for one in self._app.services.reach.silent(name) if one.system not in noted}
        return [*noted.values(), *own.values()]

    def _tell(self, name: str, outage: Outage, before: Outage | None) -> None:
        system = named("system", outage.system)
        if before is None:
            self._say(
                "busy_now" if outage.cause == "busy" else "out_of_reach_now",
                name=name,
                system=system,
                cause=named("outage", outage.cause),
                address=outage.address,
                answer=outage.answer,
                wait=in_words(self._wait) if self._wait is not None else None,
            )
        if outage.next_at is not None and (before is None or before.next_at != outage.next_at):
            left = None if outage.until is None else in_words(self._seconds_to(outage.until))
            seconds = round(self._seconds_to(outage.next_at))
            self._say("next_try", name=name, system=system, seconds=seconds, left=left)

    def _seconds_to(self, moment: datetime) -> float:
        return max((moment - self._app.services.now()).total_seconds(), 0.0)

    def _say(self, key: str, **facts: object) -> None:
        print_line(phrase(key, **facts), to=complaints)
