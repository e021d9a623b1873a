"""The product as processes of their own, beside stand-ins that live on in the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from mlconnector.app import opened
from mlconnector.commands.demonstration import Scene
from mlconnector.standins.pipedrive.records import Labels
from mlconnector.store import audit, vouchers
from tests.flow.rig import NAME, Rig, StandIns, bookings_only, counted, settings_of, stand_ins

RECORDS = 12
# A guard against what never ends; on a machine with much to do everything takes ten times as long.
SECONDS = 300.0


@dataclass
class Product:
    """An installation with one connection that is set up and released, and the processes that work on it."""

    folder: Path
    url: str
    outside: StandIns
    text: Callable[[Scene], str] = bookings_only
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: str, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a command of `ml-connector`; `settings` are given as environment variables."""
        given = {
            "data_dir": str(self.folder),
            "database_url": self.url,
            "queue_seconds": "0.1",
            "lookup_seconds": "0.5",
            **settings,
        }
        environment = {name: value for name, value in os.environ.items() if "MLCONNECTOR" not in name}
        environment |= {f"MLCONNECTOR_{name.upper()}": value for name, value in given.items()}
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "mlconnector", command, *arguments],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def run(self, **settings: str) -> int:
        """Run once to the end; returns the exit code, which is negative when the process was killed."""
        return self.start("run", NAME, "--json", **settings).wait(SECONDS)

    def end(self) -> None:
        """End what still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(SECONDS)

    def logs(self) -> str:
        """What the processes said."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """The installation seen from within, while no process of it has to be alive."""
        with opened(settings_of(self.folder, self.url)) as app:
            yield Rig(app, self.outside, self.text(Scene(self.outside.urls)))

    def states(self) -> dict[str, int]:
        with opened(settings_of(self.folder, self.url)) as app, app.database.read() as db:
            return vouchers.states(db, NAME).get(NAME, {})


@contextmanager
def product(
    folder: Path, url: str, *, delay: float = 0.3, text: Callable[[Scene], str] = bookings_only
) -> Iterator[Product]:
    """An installation with this database; all its processes end with the block."""
    with stand_ins(folder, RECORDS, delay=delay) as outside:
        made = Product(folder, url, outside, text)
        with made.rig() as rig:
            rig.connect()
            rig.log_in()
            rig.release()
        try:
            yield made
        finally:
            made.end()


def until(happened: Callable[[], bool], product: Product) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, product.logs()
        time.sleep(0.05)


def bookable(labels: dict[int, Labels]) -> list[int]:
    """The deals that can be booked: all that hold nothing back, and that have an address."""
    return [deal for deal, label in labels.items() if not label.hold and label.case != "person_only"]


def assert_everything_arrived_once(product: Product) -> None:
    """DATEV has every bookable deal once: its rows, its document, its sum; and the trail is whole."""
    outside = product.outside
    rows, sums = outside.rows(), outside.sums()
    deals = bookable(outside.pipedrive.labels())
    assert len(sums) == len(deals), (sums, product.logs())
    assert set(counted(rows).values()) == {1}
    for deal in deals:
        number = f"RE-2026-{deal:05d}"
        if number in sums:
            assert abs(sums[number] - outside.gross(deal)) <= Decimal("0.02"), number
    references = [job.reference_id for job in outside.datev.jobs]
    assert len(references) == len(set(references)), "a batch was handed over twice"
    documents = [document.guid for document in outside.documents()]
    assert sorted({row.document for row in rows}) == sorted(documents)
    assert len(documents) == len(deals)
    with product.rig() as rig:
        assert rig.states() == {"settled": len(deals), "needs_human": RECORDS - len(deals)}
        assert audit.verify(rig.app.database).ok
