"""What the audit trail tells of one row of the mapping: who confirmed, imported, gave or changed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from mlconnector.flow.connect import setup
from mlconnector.flow.context.context import Context
from mlconnector.store import audit, connections
from mlconnector.texts.catalogue import word
from mlconnector.web.console.screens.mapping.screen import SCREEN, place, tabs
from mlconnector.web.console.visits import At

_EVENTS = {
    "confirmed": ("confirmed",),
    "chart": ("chart_imported",),
    "numbers": ("numbers_imported", "number_bound", "number_unbound", "master_data_approved"),
}
_OF_SETTINGS = ("connected", "settings_changed")
_MOST = 200
_TABS = {"confirmed": "", "chart": "chart", "numbers": "numbers", "rows": "rows"}


@dataclass(frozen=True, slots=True)
class Told:
    """An event: when, what, by whom, who wrote it down where that is another, and what it changed."""

    at: datetime
    event: str
    by: str
    noted_by: str
    reason: str
    changes: tuple[str, ...]


@SCREEN.page("history")
def show(at: At) -> Response:
    """The history of one row, the latest first."""
    name, kind, about = at.asked("connection"), at.asked("kind"), at.asked("about")
    context = at.app.context(name)
    found = list(_of_rows(context, about) if kind not in _EVENTS else _of_events(context, kind, about))
    back = place(_TABS.get(kind, ""), name)
    told = [(one, word("event", one.event, at.language)) for one in found]
    return at.shown(
        "history.html",
        name=name,
        about=about,
        told=told,
        back=back,
        tabs=tabs(at, context, _TABS.get(kind, "")),
    )


def _of_events(context: Context, kind: str, about: str) -> Iterator[Told]:
    """Events of all connections of the client: they share its chart, its numbers, what is confirmed."""
    with context.read() as db:
        names = [row.name for row in connections.every(db) if row.client == context.client]
        rows = audit.naming(db, names, _EVENTS[kind], about, _MOST)
    for row in rows:
        yield _told(row, ())


def _of_rows(context: Context, about: str) -> Iterator[Told]:
    """Changes of the settings in whose differing lines a text stands."""
    with context.read() as db:
        rows = audit.of_events(db, context.name, _OF_SETTINGS)
    found, before = [], ""
    for row in rows:
        text = str(row.detail.get("text", ""))
        changes = tuple(one for one in setup.difference(before, text) if about in one) if about else ()
        if changes or not about:
            found.append(_told(row, changes or setup.difference(before, text)))
        before = text
    yield from reversed(found[-_MOST:])


def _told(row: audit.AuditRow, changes: tuple[str, ...]) -> Told:
    by, noted = str(row.detail.get("by", "")), str(row.detail.get("noted_by", ""))
    reason = str(row.detail.get("reason", ""))
    return Told(row.at, row.event, by, "" if noted == by else noted, reason, changes)
