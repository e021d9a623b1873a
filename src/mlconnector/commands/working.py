"""Commands that work: run, worker, serve, status, preview."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.markup import escape

from mlconnector.app import Application
from mlconnector.commands.output import AsJson, Exit, answered, application, console, print_json, print_table
from mlconnector.errors import RetryLater
from mlconnector.flow import overview
from mlconnector.flow.workflows import Workflows
from mlconnector.store import connections

log = logging.getLogger(__name__)

_GLANCE_SECONDS = 0.5

Names = Annotated[list[str] | None, typer.Argument(help="Connections; all where none is named.")]


def run(names: Names = None, json: AsJson = False) -> None:
    """Read, book, file and submit once, follow the jobs to their end, and show what became of everything.

    Example: ml-connector run my-pipedrive
    """
    with answered(), application() as app:
        chosen = names or _all(app)
        with app.working() as workflows:
            progress = None if json else _say
            work_through(app, workflows, chosen, progress)
        report = {name: overview.connection(app.services, name) for name in chosen}
        if json:
            print_json(report)
        else:
            show(report)
        raise typer.Exit(exit_code(report))


def work_through(
    app: Application,
    workflows: Workflows,
    names: list[str],
    progress: Callable[[str, dict[str, int]], None] | None,
) -> None:
    """Begin a run of each connection and wait until nothing of them is under way any more."""
    for name in names:
        workflows.resume(name)
        workflows.start_run(name, "command")
    said: dict[str, dict[str, int]] = {}
    while any(workflows.is_busy(name) for name in names):
        time.sleep(_GLANCE_SECONDS)
        for name in names:
            counts = overview.states(app.services, name)
            if progress is not None and counts != said.get(name):
                said[name] = counts
                progress(name, counts)


def _say(name: str, counts: dict[str, int]) -> None:
    text = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(counts.items()))
    console.print(f"{name}: {text}", markup=False)


def _all(app: Application) -> list[str]:
    with app.database.read() as db:
        return [row.name for row in connections.every(db) if row.state != "paused"]


def show(report: dict[str, dict[str, Any]]) -> None:
    """Print what became of everything."""
    for name, one in report.items():
        states = one["vouchers"]
        text = (
            ", ".join(f"{states[state]} {state.replace('_', ' ')}" for state in sorted(states))
            or "no vouchers"
        )
        console.print(f"\n[bold]{name}[/bold] ({one['state']}) {escape(one['state_reason'])}".rstrip())
        console.print(f"  vouchers: {text}")
        if one["batches"]:
            rows = [(b["file"], b["period"], b["rows"], b["state"], b["job_id"]) for b in one["batches"]]
            print_table("  Buchungsstapel", ["File", "Period", "Rows", "State", "Job"], rows)
        if one["problems"]:
            causes = [(p["count"], p["what"], p["do"], p["cause"]) for p in one["problems"]]
            print_table("  Waiting for you", ["Count", "What", "What to do", "Cause"], causes)


def exit_code(report: dict[str, dict[str, Any]]) -> Exit:
    """3 when a login is needed, 1 when something waits for a human or was rejected, 0 otherwise."""
    if any(one["state"] == "needs_login" for one in report.values()):
        return Exit.LOGIN_NEEDED
    failed = any(b["state"] == "failed" for one in report.values() for b in one["batches"])
    waiting = any(one["problems"] or one["state"] != "ready" for one in report.values())
    return Exit.PROBLEMS if failed or waiting else Exit.FINE


def worker() -> None:
    """Work until asked to stop: schedules, webhook hints, deliveries, jobs.

    Example: ml-connector worker
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with answered(), application() as app:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with app.working() as workflows:
            console.print("working; stop with Ctrl-C")
            attend(app, workflows, stop)


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
    workflows.schedule()
    for name in _all(app):
        workflows.resume(name)
        if overview.hints(app.services, name):
            workflows.nudge(name)


def status(names: Names = None, json: AsJson = False) -> None:
    """Show each connection's state, its vouchers, Buchungsstapel and what waits.

    Example: ml-connector status --json
    """
    with answered(), application() as app:
        with app.database.read() as db:
            known = [row.name for row in connections.every(db)]
        report = {name: overview.connection(app.services, name) for name in names or known}
        if json:
            print_json(report)
        else:
            show(report)
        raise typer.Exit(exit_code(report))
