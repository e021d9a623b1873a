"""The product under trial: an installation with one released connection, and its processes."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from tests.flow.rig import log_in

from chaos.arrived import Arrived
from chaos.plan import Freeze, Start
from chaos.processes import ended, started
from chaos.program import CLOCK, hurried
from chaos.proof import Outcome
from mlconnector.app import Application, opened
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.commands.working import work_through
from mlconnector.environment import PREFIX
from mlconnector.flow.agree import open_day, release
from mlconnector.flow.connect import setup
from mlconnector.flow.context import breaker
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.report import inbox, overview, record_lists
from mlconnector.flow.report.search import Search
from mlconnector.mapping.channels import Channel
from mlconnector.settings import Settings
from mlconnector.store import audit
from mlconnector.store.seals import generate_master_key

_AT_ONCE = 3
_SECONDS = 240.0
# With seconds, which nobody is told of: no trial waits for a minute.
_EVERY_FEW_SECONDS = "*/2 * * * * *"
# Silence is longer than any sleep that ends well, or the sleeper would be taken for dead.
_LIVELY = {"heartbeat_seconds": "0.3", "silent_after_seconds": "2.0", "lookup_seconds": "1.0"}


@dataclass
class Product:
    """An installation in a folder, with how often its processes died and slept."""

    folder: Path
    url: str
    source: str
    scene: Scene
    channel: Channel
    processes: list[subprocess.Popen[Any]] = field(default_factory=list)
    killed: int = 0
    frozen: int = 0

    @property
    def name(self) -> str:
        """The connection."""
        return f"demo-{self.source}"

    @cached_property
    def webhooks(self) -> str:
        """Where the source sends its webhooks."""
        return f"http://127.0.0.1:{self._port}/webhooks/{self.name}"

    @cached_property
    def _port(self) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    @contextmanager
    def within(self) -> Iterator[Application]:
        """The installation seen from within."""
        key = self.folder / "master.key"
        if not key.exists():
            key.touch(mode=0o600)
            key.write_text(generate_master_key() + "\n", encoding="utf-8")
        settings = Settings(
            data_dir=self.folder, database_url=SecretStr(self.url), master_key_file=key, queue_seconds=0.05
        )
        with opened(settings) as app:
            yield app

    def set_up(self, open_from: str) -> None:
        """Connect, log in and release, as people do; perhaps their adviser has closed no month."""
        self.set_clock(0)
        text = connection_text(self.source, self.scene, self.channel)
        text = text.replace('cron = ""', f'cron = "{_EVERY_FEW_SECONDS}"')
        tables = tomllib.loads(secrets_text(self.source))
        secrets = {f"{system}.{key}": value for system, rows in tables.items() for key, value in rows.items()}
        with self.within() as app:
            setup.connect(app.services, read_connection(text, "the trial's connection"), secrets)
            log_in(app.services, self.name)
            release.release(app.context(self.name), "Frau Beispiel")
            if open_from:
                day = date.fromisoformat(open_from)
                open_day.name_open_day(app.context(self.name), day, "Kanzlei", "chaos")

    def set_clock(self, seconds: float) -> None:
        """Set the clock of all processes to so many seconds beside the right time."""
        written = self.folder / "clock.new"
        written.write_text(str(seconds), "utf-8")
        written.replace(self.folder / "clock")

    def living(self) -> list[subprocess.Popen[Any]]:
        """The processes that have not ended."""
        return [process for process in self.processes if process.poll() is None]

    def start(self, what: Start) -> None:
        """Start a process of the plan, unless enough of them live."""
        if len(self.living()) >= _AT_ONCE:
            return
        words = {"run": [self.name], "worker": [], "serve": ["--port", str(self._port)]}[what.command]
        self._started(what.command, *words, crash_at=what.crash_at)

    def kill(self, which: int) -> None:
        """Let a living process die at once."""
        living = self.living()
        if living:
            ended(living[which % len(living)])

    def freeze(self, how: Freeze) -> None:
        """Let a living process stand still for a while, and then go on or die."""
        living = self.living()
        if not living:
            return
        process = living[how.which % len(living)]
        process.send_signal(signal.SIGSTOP)
        self.frozen += 1
        time.sleep(how.seconds)
        if how.wakes:
            process.send_signal(signal.SIGCONT)
        else:
            ended(process)

    def end(self) -> None:
        """Let everything that lives die."""
        for process in self.living():
            ended(process)

    def deaths(self) -> int:
        """How many processes died by SIGKILL, at a point of the way or by the plan."""
        return sum(process.poll() == -signal.SIGKILL for process in self.processes)

    def run(self) -> int:
        """Run to the end; gives the exit code."""
        return self._started("run", self.name).wait(_SECONDS)

    def note(self, what: str) -> None:
        """Note in the trial's folder what happens next, for whoever looks for a fault."""
        with (self.folder / "steps.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S.%f} {what}\n")

    def work(self) -> None:
        """Run to the end in this process."""
        with hurried(), self.within() as app, app.working() as workflows:
            work_through(app, workflows, [self.name], None)

    def outcome(self, arrived: Arrived, changed: Iterable[str]) -> Outcome:
        """How it stands, beside what DATEV has; `changed` are ids of records."""
        with self.within() as app:
            found = record_lists.vouchers_of(app.services, self.name, Search(), limit=1000)["vouchers"]
            batches = record_lists.batches_of(app.services, self.name, Search(), limit=1000)["batches"]
            is_whole = audit.verify(app.database).ok
        ids = frozenset(changed)
        return Outcome(
            arrived,
            states={one["external_id"]: one["state"] for one in found},
            numbers={one["external_id"]: one["number"] or "" for one in found},
            batches={one["file"]: one["state"] for one in batches},
            changed=frozenset(
                one["external_id"] for one in found if any(is_of(one["external_id"], each) for each in ids)
            ),
            is_whole=is_whole,
        )

    def repair(self) -> None:
        """Do what the product asks people to do: log in again, let go on what rests, try what waits."""
        with self.within() as app:
            context = app.context(self.name)
            state = overview.connection(context)
            if state["state"] == "needs_login":
                log_in(app.services, self.name)
            if state["state_reason"] == "breaker_open":
                breaker.resume(context, "Frau Beispiel")
            inbox.replay(context, [], None, "Frau Beispiel")

    def _started(self, *words: str, crash_at: str = "") -> subprocess.Popen[Any]:
        given = {
            "data_dir": str(self.folder),
            "database_url": self.url,
            "queue_seconds": "0.1",
            "crash_at": crash_at,
            **_LIVELY,
        }
        settings = {f"{PREFIX}{name.upper()}": value for name, value in given.items()}
        settings[CLOCK] = str(self.folder / "clock")
        log = self.folder / f"{len(self.processes):02d}-{words[0]}.log"
        with log.open("wb") as said:
            process = started("chaos.program", *words, folder=self.folder, log=said, settings=settings)
        self.processes.append(process)
        return process


def is_of(external_id: str, record: str) -> bool:
    """Whether a voucher is a record, or a document of it; its kind may stand before, e.g. `invoice/4711`."""
    return f"/{record}/" in f"/{external_id}/"
