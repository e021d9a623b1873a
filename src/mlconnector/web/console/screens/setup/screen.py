"""What the pages of the screen Einrichten have in common: the screen, places, the steps of setting up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from starlette.responses import Response

from mlconnector.flow.agree import drafts
from mlconnector.settings import Complaint
from mlconnector.store import connections
from mlconnector.store.connections import ConnectionRow
from mlconnector.texts.language import Language
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Visit

SCREEN = Screen("setup", order=20, verb="see", path="connections")
LARGEST_TEXT = 500_000
Stage = Literal["source", "settings", "credentials", "login", "check"]
STAGES: tuple[Stage, ...] = ("source", "settings", "credentials", "login", "check")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of setting up: its title, where it is done, empty while it cannot be, and whether this is it."""

    title: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong with a text of settings: the line, what stands there, what was expected.

    `fields` are the fields of a form that it is about, each with its label.
    """

    line: int | None
    given: str
    words: str
    fields: tuple[tuple[str, str], ...] = ()


def place(page: str, name: str) -> str:
    """The address of a page about a connection, or about the draft of one."""
    return f"{SCREEN.address(page)}?{urlencode({'connection': name})}"


def steps(at: Visit, current: Stage, name: str = "", *, is_there: bool = False) -> Sequence[Step]:
    """The steps of setting up; those after the credentials can be done once the connection is there."""
    reached = {"source": SCREEN.address("new"), "settings": place("draft", name)} if name else {}
    if is_there:
        of_it = place("connection", name)
        reached |= {"credentials": of_it, "login": of_it, "check": f"/console/check/result?{_asked(name)}"}
    return [
        Step(at.say(f"step_{one}"), "" if one == current else reached.get(one, ""), one == current)
        for one in STAGES
    ]


def existing(at: Visit, name: str) -> ConnectionRow | None:
    """The connection of this name; None where there is none yet."""
    with at.app.database.read() as db:
        return connections.find(db, name)


def drafted(at: Visit, name: str) -> str | None:
    """The text of a draft, else of the connection itself; None where there is neither."""
    draft = drafts.kept(at.app.services, name, "settings")
    if draft is not None:
        return draft.content.decode("utf-8")
    row = existing(at, name)
    return None if row is None else row.settings


def complaints(found: Sequence[Complaint], text: str, language: Language) -> list[Wrong]:
    """What is wrong with a text, line by line."""
    lines = text.splitlines()

    def at_line(number: int | None) -> str:
        return lines[number - 1].strip() if number is not None and 0 < number <= len(lines) else ""

    return [Wrong(one.line, at_line(one.line), one.words(language)) for one in found]


def as_file(name: str, text: str) -> Response:
    """Settings as the connection file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"'}
    return Response(text.encode(), media_type="application/toml", headers=headers)


def _asked(name: str) -> str:
    return urlencode({"connection": name})
