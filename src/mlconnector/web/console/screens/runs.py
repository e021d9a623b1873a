"""The screen Läufe: how far the work of a connection has come, what ran before, a run that is begun now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.people import users
from mlconnector.flow.report import overview
from mlconnector.flow.report.batch_words import batch_state
from mlconnector.flow.report.outage_words import outage_lines
from mlconnector.flow.report.run_words import How, how_it_went, run_in_words
from mlconnector.model.problems import Problem
from mlconnector.store import batches, runs
from mlconnector.texts.catalogue import word
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.screens.overview import WAY
from mlconnector.web.console.visits import Acting, At, Visit

SCREEN = Screen("runs", order=0, verb="see", path="runs")
_RUNS = 20
_WAITS = frozenset({"needs_human", "rejected"})


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run: when it was, what began it, how it went, by which its tone goes, and that in words."""

    started_at: datetime
    finished_at: datetime | None
    begun_by: str
    how: How
    outcome: str


@SCREEN.page()
def show(at: At) -> Response:
    """How far a connection's vouchers are, what is on its way, and its latest runs."""
    name = at.asked("connection")
    context = at.app.context(name)
    report = overview.connection(context, at.language)
    with context.read() as db:
        found = runs.latest(db, name, _RUNS)
    put_off = bool(report["out_of_reach"])
    listed = [_shown(at, one, report, put_off=put_off, is_latest=not nth) for nth, one in enumerate(found)]
    return at.shown(
        "runs.html",
        name=name,
        is_working=_is_working(at, name, report),
        is_disconnected=report["state"] == "paused",
        runs=listed,
        way=[(word("state", one, at.language), report["vouchers"].get(one, 0)) for one in WAY],
        on_way=[
            (one["id"], one["file"], one["state"], batch_state(one["format"], one["state"], at.language))
            for one in report["batches"]
            if one["state"] not in batches.FINAL
        ],
        out_of_reach=list(outage_lines(report["out_of_reach"], at.language)),
        waits=sum(report["vouchers"].get(state, 0) for state in _WAITS),
        unreleased=report["waits_for_release"] is not None,
        may_run=at.viewer.may("run") and at.parts.work is not None,
    )


@SCREEN.action("begin", "run")
def begin(at: Acting) -> Response:
    """Have a connection read, decided and handed over now, and not by its schedule."""
    name = at.form.get("connection")
    at.app.services.refuse_while_disconnected(name)
    if at.parts.work is None:
        raise NeedsHuman(Problem("works_elsewhere", {"name": name}))
    at.parts.work.start_run(name, users.subject(at.by))
    return at.done("begun", f"{SCREEN.home}?{urlencode({'connection': name})}")


def _is_working(at: Visit, name: str, report: Mapping[str, Any]) -> bool:
    """Whether something of the connection is under way, so that the page is worth another look by itself."""
    if at.parts.work is not None:
        return at.parts.work.is_busy(name)
    latest = report["latest_run"]
    return latest is not None and latest["state"] == "under_way"


def _shown(
    at: Visit, run: runs.RunRow, report: Mapping[str, Any], *, put_off: bool, is_latest: bool
) -> ShownRun:
    state = _state(run, report["latest_run"], is_latest=is_latest)
    how = how_it_went(state, run.outcome, put_off=is_latest and put_off)
    begun_by = word("trigger", run.trigger.removeprefix(users.subject("")), at.language)
    words = run_in_words(how, run.outcome, at.language)
    return ShownRun(run.started_at, run.finished_at, begun_by, how, words)


def _state(run: runs.RunRow, told: Mapping[str, Any] | None, *, is_latest: bool) -> str:
    """How a run stands; one that began only after the overview was made is under way."""
    if run.finished_at:
        return "ended"
    if told is not None and told["started_at"] == run.started_at:
        return str(told["state"])
    return "under_way" if is_latest else "interrupted"
