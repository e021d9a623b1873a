"""The first page of Einrichten: all connections, what was begun, and how to begin another one."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from mlconnector.flow.agree import drafts
from mlconnector.flow.connect.example import example
from mlconnector.flow.context.settings import is_name
from mlconnector.settings import UnreadableSettings, parse_toml
from mlconnector.store import connections
from mlconnector.systems.registry import source_systems
from mlconnector.web.console.screens.setup.screen import LARGEST_TEXT, SCREEN, existing, place, steps
from mlconnector.web.console.visits import Acting, At, Visit

_UPLOADED = "datei"


@SCREEN.page()
def listing(at: At) -> Response:
    """All connections, and what was begun and not applied yet."""
    with at.app.database.read() as db:
        rows = connections.every(db)
    begun = drafts.every(at.app.services, "settings")
    return at.shown("list.html", rows=rows, begun=begun, known={row.name for row in rows})


@SCREEN.page("new", "connect")
def new(at: At) -> Response:
    """The form that begins a connection."""
    return _new(at)


@SCREEN.action("new", "connect")
def begin(at: Acting) -> Response:
    """Begin a connection with the example of its source."""
    name, source = at.form.get("name"), source_systems().get(at.form.get("source"))
    error = "" if is_name(name) else "name_unusable"
    if not error and (existing(at, name) or drafts.kept(at.app.services, name, "settings")):
        error = "name_taken"
    if error or source is None:
        return _new(at, HTTPStatus.CONFLICT, error or "choose_source")
    text = example(name, source, at.language)
    drafts.keep(at.app.services, name, "settings", text.encode(), at.by)
    return at.done("begun", place("draft", name), name=name)


@SCREEN.action("upload", "connect", largest=LARGEST_TEXT)
def upload(at: Acting) -> Response:
    """Begin with a connection file that somebody has; one of an existing connection changes that."""
    file = at.form.files.get("file")
    if file is None or not file.content:
        return _new(at, HTTPStatus.CONFLICT, "file_missing")
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _new(at, HTTPStatus.CONFLICT, "file_no_text")
    name = _name_in(text)
    drafts.keep(at.app.services, name, "settings", text.encode(), at.by, file.name)
    return at.done("uploaded", place("draft", name), name=name)


@SCREEN.page("discard", "connect")
def ask_to_discard(at: At) -> Response:
    """Ask before a draft is forgotten."""
    name = at.asked("connection")
    return at.confirmation("discard", "discard", {"connection": name}, name=name)


@SCREEN.action("discard", "connect")
def discard(at: Acting) -> Response:
    """Forget a draft."""
    name = at.form.get("connection")
    drafts.discard(at.app.services, name, "settings")
    return at.done("discarded", name=name)


def _name_in(text: str) -> str:
    """What a file calls its connection; a name of ours where that cannot be told yet."""
    try:
        name = parse_toml(text, "").get("name")
    except UnreadableSettings:
        return _UPLOADED
    return name if isinstance(name, str) and is_name(name) else _UPLOADED


def _new(at: Visit, status: HTTPStatus = HTTPStatus.OK, error: str = "") -> Response:
    sources = [(one.name, one.title) for one in source_systems().values()]
    given = {"name": at.form.get("name"), "source": at.form.get("source")}
    return at.shown("new.html", status, sources=sources, error=error, given=given, steps=steps(at, "source"))
