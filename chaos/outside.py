"""The outside as a process of its own: a source and DATEV, told by lines of JSON what happens to them.

`python -m chaos.outside SOURCE FOLDER` says its addresses in its first line and answers each line with one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from chaos.arrived import Arrived, arrived
from chaos.changes import CHANGES, PREPARED, WEBHOOKS
from chaos.plan import RECORDS, Change
from chaos.processes import ended, started
from chaos.storm import Storm
from mlconnector.standins.base import Options, create
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.faults import FaultyApp
from mlconnector.standins.serving import serve

_JOB_SECONDS = 0.3


class Outside:
    """The stand-ins in a process of their own, as the trial sees them."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.urls: dict[str, str] = json.loads(self._line())

    def storm(self, seed: int, share: float) -> None:
        """As `StandIns.storm`."""
        self._asked("storm", seed, share)

    def calls(self) -> int:
        """As `StandIns.calls`."""
        return int(self._asked("calls"))

    def struck(self) -> dict[str, int]:
        """As `StandIns.struck`."""
        return dict(self._asked("struck"))

    def change(self, change: Change) -> str:
        """As `StandIns.change`."""
        return str(self._asked("change", msgspec.to_builtins(change)))

    def tell(self, record: int, url: str) -> int:
        """As `StandIns.tell`."""
        return int(self._asked("tell", record, url))

    def arrived(self) -> Arrived:
        """As `StandIns.arrived`."""
        return msgspec.convert(self._asked("arrived"), Arrived)

    def _asked(self, *words: object) -> Any:
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        line: str = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the stand-ins have ended; see outside.log")
        return line


@contextmanager
def outside(source: str, folder: Path) -> Iterator[Outside]:
    """A running outside that keeps what it received in the folder; it ends with the block."""
    with (folder / "outside.log").open("wb") as log:
        process = started("chaos.outside", source, str(folder), folder=folder, log=log, talks=True)
    try:
        yield Outside(process)
    finally:
        ended(process)


class StandIns:
    """A source and DATEV within this process, and what happens to them."""

    def __init__(self, source: str, folder: Path) -> None:
        self.name = source
        self.urls: dict[str, str] = {}
        self.source: Any = create(source, Options(records=RECORDS))
        if source in PREPARED:
            PREPARED[source](self.source)
        self.datev = DatevStandIn(Options(received=folder / "received", delay=_JOB_SECONDS))
        self.storms = [Storm(source), Storm(self.datev.name)]

    @contextmanager
    def served(self) -> Iterator[StandIns]:
        """They listen until the block ends."""
        apps = {self.name: self.source.app, self.datev.name: self.datev.app}
        with ExitStack() as running:
            for (name, app), storm in zip(apps.items(), self.storms, strict=True):
                self.urls[name] = running.enter_context(serve(FaultyApp(app, storm)))
            yield self

    def storm(self, seed: int, share: float) -> None:
        """Let a share of all calls go wrong."""
        for one in self.storms:
            one.begin(seed, share)

    def calls(self) -> int:
        """How often the outside was called."""
        return sum(one.calls for one in self.storms)

    def struck(self) -> dict[str, int]:
        """How many calls went wrong, and how."""
        together = self.storms[0].struck + self.storms[1].struck
        return dict(sorted(together.items()))

    def change(self, change: Change) -> str:
        """Change a record of the source; gives its id."""
        made = CHANGES.get(self.name)
        return "" if made is None else made(self.source, change)

    def tell(self, record: int, url: str) -> int:
        """Let the source tell an address of a record; gives the status, 0 where nobody listened."""
        told = WEBHOOKS.get(self.name)
        try:
            return 0 if told is None else told(self.source, record, url).status_code
        except httpx.HTTPError:
            return 0

    def arrived(self) -> Arrived:
        """What DATEV has."""
        return arrived(self.datev)


def main() -> None:
    """Serve both stand-ins until standard input ends."""
    with StandIns(sys.argv[1], Path(sys.argv[2])).served() as here:
        verbs: dict[str, Callable[..., object]] = {
            "storm": here.storm,
            "calls": here.calls,
            "struck": here.struck,
            "change": lambda change: here.change(msgspec.convert(change, Change)),
            "tell": here.tell,
            "arrived": lambda: msgspec.to_builtins(here.arrived()),
        }
        _say(here.urls)
        for line in sys.stdin:
            verb, *words = json.loads(line)
            _say(verbs[verb](*words))


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
