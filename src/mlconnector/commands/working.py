"""Commands that work: run and worker."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlconnector.app import Application
from mlconnector.commands import progress
from mlconnector.commands.outage_watch import OutageWatch, duration, in_words
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
from mlconnector.commands.silent_places import say_silent_places
from mlconnector.commands.status import Names, exit_code, show
from mlconnector.errors import ConnectorError, RetryLater
from mlconnector.flow.context.services import Services
from mlconnector.flow.notify import telling
from mlconnector.flow.report import counts, overview
from mlconnector.store import audit, connections, runs

if TYPE_CHECKING:
    from mlconnector.flow.engine.workflows import Workflows

log = logging.getLogger(__name__)

_GLANCE_SECONDS = 0.5
_TROUBLE_SECONDS = 20.0
_RUNS_AT_MOST = 100


Wait = Annotated[str, typer.Option("--wait")]


def run(names: Names = None, json: AsJson = False, wait: Wait = "2m") -> None:
    """Read, book, file, submit once, to the end of all jobs.

    What cannot be reached is said at once and tried again for two minutes, or as long as --wait says.
    Whatever ends a run, nothing is lost; the next one goes on.

    Example: ml-connector run my-pipedrive
    """
    with answered(), application() as app, stopping() as stop:
        patience = duration(wait)
        chosen = names or _all(app)
        for name in chosen:
            app.services.refuse_while_disconnected(name)
        if not chosen and not json:
            say("all_paused" if _known(app) else "no_connections")
        gave_up, began = False, app.services.now()
        if chosen:
            if not json:
                # The engine takes a while to load, and longer on a machine that has much to do.
                for name in chosen:
                    _say(name, {})
            with app.working() as workflows:
                gave_up = work_through(app, workflows, chosen, None if json else _say, stop, patience)
        report = {name: overview.connection(app.context(name)) for name in chosen}
        if json:
            print_json(report)
        else:
            show(report)
        if not stop.is_set():
            _tell(app.services)
        if stop.is_set():
            paragraph(phrase("stopped"), to=complaints)
            raise typer.Exit(Exit.PROBLEMS)
        code = exit_code(report, finished=True)
        if code == Exit.FINE and any(ended_early(app, name, began) for name in chosen):
            code = Exit.PROBLEMS
        if gave_up and code != Exit.FINE:
            paragraph(phrase("gave_up", wait=in_words(patience)), to=complaints)
        raise typer.Exit(code)


def _tell(services: Services) -> None:
    """Tell whoever is to be told; where a server works beside, the two do not tell anything twice."""
    try:
        told = telling.tell(services)
    except RetryLater as error:
        log.warning("nobody can be told anything at the moment: %s", error.reason)
        return
    if told.failed:
        say_silent_places(services)


def work_through(
    app: Application,
    workflows: Workflows,
    names: list[str],
    progress: Callable[[str, dict[str, int]], None] | None,
    stop: threading.Event | None = None,
    wait: float | None = None,
) -> bool:
    """Begin a run of each connection and wait until nothing of them is under way, or `stop` is set.

    What cannot be reached is told, and tried for `wait` seconds, or for as long as a worker does where none
    are given. Returns whether that was given up. Raises RetryLater when our own database could not be written
    to for a while, e.g. on a full disk.
    """
    stop = stop or threading.Event()
    watch = OutageWatch(app, names, wait)
    for name in names:
        workflows.resume(name, wait=wait)
        workflows.start_run(name, "command", wait)
    said: dict[str, dict[str, int]] = {name: {} for name in names}
    while _goes_on(app, workflows, names, wait) and not stop.wait(_GLANCE_SECONDS):
        _give_up_on(app.services.trouble)
        audit.checked_head(app.database)
        for name in names:
            found = counts.states(app.context(name))
            if progress is not None and found != said.get(name):
                said[name] = found
                progress(name, found)
        if watch.look():
            return True
    return watch.gave_up()


def ended_early(app: Application, name: str, began: datetime) -> bool:
    """Whether any run of a connection since then did not go through, also where a later one did."""
    with app.database.read() as db:
        since = [run for run in runs.latest(db, name, _RUNS_AT_MOST) if run.started_at >= began]
    return any(run.outcome != "done" for run in since)


def _goes_on(app: Application, workflows: Workflows, names: list[str], wait: float | None) -> bool:
    """Whether something is under way. Hints that came meanwhile begin another run, unless one ended early."""
    if any(workflows.is_busy(name) for name in names):
        return True
    hinted = [name for name in names if counts.hints(app.context(name)) and _went_through(app, name)]
    for name in hinted:
        workflows.nudge(name, wait)
    return bool(hinted)


def _went_through(app: Application, name: str) -> bool:
    with app.database.read() as db:
        return all(run.outcome == "done" for run in runs.latest(db, name))


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
        return [row.name for row in connections.every(db) if not row.is_disconnected]


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
    for talkative in ("httpx", "alembic", "pikepdf"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def attend(app: Application, workflows: Workflows, stop: threading.Event) -> None:
    """Keep schedules in line with the connections, pick up what others left, until `stop` is set.

    A database that is out of reach for a while is waited for. Raises NeedsHuman once nothing can be added to
    the audit trail any more.
    """
    while True:
        try:
            audit.checked_head(app.database)
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
    if counts.hints(app.context(name)):
        workflows.nudge(name)


def _without_stopping(what: str, look: Callable[[], object]) -> None:
    """One connection whose settings cannot be used must not keep the others from being looked after."""
    try:
        look()
    except RetryLater:
        raise
    except ConnectorError as error:
        log.error("%s cannot be looked after: %s", what, error)
