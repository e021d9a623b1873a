"""The screen Verbindung prüfen: each step between source and client, tried when somebody asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from mlconnector.flow.connect import last_check
from mlconnector.flow.connect.last_check import LastCheck
from mlconnector.flow.connect.step_rows import step_row
from mlconnector.flow.warehouse.target import target_of, targets
from mlconnector.store import connections
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.web.console.place import HOME
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, At, Visit

SCREEN = Screen("check", order=30, verb="see", path="check")
_WRONG = ("failed", "warning")
_COMMAND = re.compile(r"`ml-connector (connect|login|ping|rules|confirm)\b[^`]*`")
_SETUP, _MAPPING = f"{HOME}connections/connection", f"{HOME}mapping"


@dataclass(frozen=True, slots=True)
class Listed:
    """A connection, and its last check as far as there was one."""

    name: str
    state: str
    last: LastCheck | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step in words: what it is called, how it ended, what was found, who can help, and where."""

    title: str
    outcome: str
    text: str
    who: str
    link: str
    link_title: str


@SCREEN.page()
def listing(at: At) -> Response:
    """Every connection and warehouse, with its last check."""
    with at.app.database.read() as db:
        rows = connections.every(db)
    listed = [Listed(row.name, row.state, last_check.latest(at.app.context(row.name))) for row in rows]
    found = [(one.name, one.system.title, one.place) for one in targets(at.app.services)]
    return at.shown("list.html", listed=listed, warehouses=found)


@SCREEN.page("result")
def result(at: At) -> Response:
    """What came of the last check of a connection."""
    name = at.asked("connection")
    context = at.app.context(name)
    with context.read() as db:
        row = connections.read(db, name)
    last = last_check.latest(context)
    steps = [] if last is None else [_on_a_page(at, _step(at, name, step)) for step in last.steps]
    return at.shown("result.html", name=name, state=row.state, steps=steps, last=last)


@SCREEN.action("run", "check")
def run(at: Acting) -> Response:
    """Check a connection now."""
    name = at.form.get("connection")
    made = last_check.check(at.app.context(name), at.by)
    key = "well" if not any(made.count(outcome) for outcome in _WRONG) else "not_well"
    place = f"{SCREEN.address('result')}?{urlencode({'connection': name})}"
    return at.done(key, place, count=sum(made.count(outcome) for outcome in _WRONG))


@SCREEN.action("warehouse", "check")
def run_warehouse(at: Acting) -> Response:
    """Check a warehouse now."""
    target = target_of(at.app.services, at.form.get("warehouse"))
    made = LastCheck(at.app.services.now(), at.by, tuple(target.check()))
    steps = [_step(at, target.name, step) for step in made.steps]
    return at.shown("result.html", name=target.system.title, state="", steps=steps, last=made)


def _step(at: Visit, name: str, step: CheckStep) -> Step:
    row = step_row(name, step, at.language)
    link, title = _cure(at, name, step) if step.outcome in _WRONG else ("", "")
    return Step(row["title"], row["outcome"], row["words"] or row["found"], row["who"], link, title)


def _on_a_page(at: Visit, step: Step) -> Step:
    """A step with the buttons of the console in place of the commands."""

    def titled(found: re.Match[str]) -> str:
        is_of_credentials = found[1] == "connect" and step.link_title == at.say("to_credentials")
        return at.say("named_credentials" if is_of_credentials else f"named_{found[1]}")

    return replace(step, text=_COMMAND.sub(titled, step.text))


def _cure(at: Visit, name: str, step: CheckStep) -> tuple[str, str]:
    """Where in the console the step can be put right, and what is done there."""
    asked = f"?{urlencode({'connection': name})}"
    match step.key.partition(".")[2]:
        case "secrets" | "webhook" | "token" | "key":
            return f"{_SETUP}{asked}", at.say("to_credentials")
        case "login":
            return f"{_SETUP}{asked}", at.say("to_login")
        case "mapping":
            return f"{_MAPPING}{asked}", at.say("to_confirm")
        case "own_words":
            return f"{_MAPPING}/words{asked}", at.say("to_words")
        case "right" | "client" | "cursor" | "fiscal_year":
            return "", ""
        case _ if at.viewer.may("connect") and step.who in {"you", "it"}:
            return f"{_SETUP}{asked}", at.say("to_settings")
        case _:
            return "", ""
