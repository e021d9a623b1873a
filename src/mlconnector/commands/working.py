"""Commands that work: run and worker."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from mlconnector.app import Application
from mlconnector.commands import progress
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    paragraph,
    phrase,
    print_json,
    say,
    states_in_words,
    visible,
)
from mlconnector.commands.status import Names, exit_code, show
from mlconnector.errors import ConnectorError, RetryLater
from mlconnector.flow.report import overview
from mlconnector.store import connections

if TYPE_CHECKING:
    from mlconnector.flow.engine.workflows import Workflows

log = logging.getLogger(__name__)

_GLANCE_SECONDS = 0.5
_TROUBLE_SECONDS = 20.0


def run(names: Names = None, json: AsJson = False) -> None:
    """Read, book, file, submit once, to the end of all jobs.

    What cannot be reached is tried again for about twenty minutes; Ctrl-C ends that, and loses nothing.

    Example: ml-connector run my-pipedrive
    """
    with answered(), application() as app, stopping() as stop:
        chosen = names or _all(app)
        for name in chosen:
            app.services.connection(name)
        if not chosen and not json:
            say("all_paused" if _known(app) else "no_connections")
        if chosen:
            with app.working() as workflows:
                work_through(app, workflows, chosen, None if json else _say, stop)
        report = {name: overview.connection(app.context(name)) for name in chosen}
        if json:
            print_json(report)
        else:
            show(app, report)
        if stop.is_set():
            paragraph(phrase("stopped"), to=complaints)
            raise typer.Exit(Exit.PROBLEMS)
        raise typer.Exit(exit_code(report, finished=True))


def work_through(
    app: Application,
    workflows: Workflows,
    names: list[str],
    progress: Callable[[str, dict[str, int]], None] | None,
    stop: threading.Event | None = None,
) -> None:
    """Begin a run of each connection and wait until nothing of them is under way, or `stop` is set.

    Raises RetryLater when our own database could not be written to for a while, e.g. on a full disk.
    """
    stop = stop or threading.Event()
    for name in names:
        workflows.resume(name)
        workflows.start_run(name, "command")
    said: dict[str, dict[str, int]] = {}
    while any(workflows.is_busy(name) for name in names) and not stop.wait(_GLANCE_SECONDS):
        _give_up_on(app.services.trouble)
        for name in names:
            counts = overview.states(app.context(name))
            if progress is not None and counts != said.get(name):
                said[name] = counts
                progress(name, counts)


def _give_up_on(trouble: tuple[float, str] | None) -> None:
    if trouble is not None and time.monotonic() - trouble[0] > _TROUBLE_SECONDS:
        raise RetryLater(trouble[1])


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, so that the process ends by itself and in order.

    Whoever asks a second time does not want to wait: then the signal does what it always does.
    """
    stop = threading.Event()
    earlier: dict[int, Any] = {}

    def asked(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, earlier[number])

    for number in (signal.SIGTERM, signal.SIGINT):
        earlier[number] = signal.signal(number, asked)
    try:
        yield stop
    finally:
        for one, handler in earlier.items():
            signal.signal(one, handler)


def _say(name: str, counts: dict[str, int]) -> None:
    say("so_far", name=name, states=states_in_words(counts) or phrase("reading"))


def _all(app: Application) -> list[str]:
    with app.database.read() as db:
        return [row.name for row in connections.every(db) if row.state != "paused"]


def _known(app: Application) -> bool:
    with app.database.read() as db:
        return bool(connections.every(db))


def worker() -> None:
    """Work until stopped: schedules, hints, deliveries.

    Example: ml-connector worker
    """
    keep_a_log()
    with answered(), application() as app, stopping() as stop, app.working() as workflows:
        say("working")
        attend(app, workflows, stop)


class _VisibleLines(logging.Formatter):
    """One line for each message, whatever an outside system put into it; beneath it a traceback as it is."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The line, with control characters that can be seen."""
        return visible(super().formatMessage(record))


def keep_a_log() -> None:
    """Write what happens to standard error, for whoever runs the process."""
    progress.current().stop()
    handler = logging.StreamHandler()
    handler.setFormatter(_VisibleLines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for talkative in ("httpx", "alembic"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def attend(app: Application, workflows: Workflows, stop: threading.Event) -> None:
    """Keep schedules in line with the connections, pick up what others left, until `stop` is set.

    A database that is out of reach for a while is waited for.
    """
    while True:
        try:
            _look_after(app, workflows)
        except RetryLater as error:
            log.warning("nothing can be looked after at the moment: %s", error.reason)
        if stop.wait(30.0):
            return


def _look_after(app: Application, workflows: Workflows) -> None:
    _without_stopping("schedules", workflows.schedule)
    for name in _all(app):
        _without_stopping(name, partial(_pick_up, app, workflows, name))


def _pick_up(app: Application, workflows: Workflows, name: str) -> None:
    workflows.resume(name)
    if overview.hints(app.context(name)):
        workflows.nudge(name)


def _without_stopping(what: str, look: Callable[[], object]) -> None:
    """One connection whose settings cannot be used must not keep the others from being looked after."""
    try:
        look()
    except RetryLater:
        raise
    except ConnectorError as error:
        log.error("%s cannot be looked after: %s", what, error)
