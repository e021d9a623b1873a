"""What the audit trail tells of one row of the mapping: who confirmed, imported, gave or changed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from starlette.responses import Response

from mlconnector.flow.agree.mapping_rows import Part
from mlconnector.flow.connect import setup
from mlconnector.flow.context.context import Context
from mlconnector.mapping.tables import AccountRow, TaxCaseRow
from mlconnector.settings import UnreadableSettings, parse_toml
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
_ROWS: dict[str, type[AccountRow | TaxCaseRow]] = {
    "revenue": AccountRow,
    "expense": AccountRow,
    "tax_case": TaxCaseRow,
}
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
    table, number = at.asked("table"), at.asked("number")
    if kind in _EVENTS:
        found = list(_of_events(context, kind, about))
    elif table in _ROWS and number.isdecimal():
        found = list(_of_row(context, table, int(number)))
    else:
        found = list(_of_rows(context, about))
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


def _of_row(context: Context, table: str, number: int) -> Iterator[Told]:
    """Changes of the rows that follow each other with the facts of this one, as they were written."""
    rows = getattr(context.rules.mapping, table)
    if not 0 < number <= len(rows):
        return
    with context.read() as db:
        events = audit.of_events(db, context.name, _OF_SETTINGS)
    found, before = [], ""
    for event in events:
        text = _written(str(event.detail.get("text", "")), table, rows[number - 1].facts)
        if text != before:
            found.append(_told(event, setup.difference(before, text)))
        before = text
    yield from reversed(found[-_MOST:])


def _written(text: str, table: str, facts: object) -> str:
    """The rows of a table with these facts as a text of settings has them; none where it cannot be read."""
    try:
        written = parse_toml(text, table).get("mapping", {}).get(table, [])
        rows = [(_ROWS[table].model_validate(one), one) for one in written]
    except (UnreadableSettings, ValidationError):
        return ""
    return "\n".join(Part(table, one, {}, is_row=True).toml for row, one in rows if row.facts == facts)


def _told(row: audit.AuditRow, changes: tuple[str, ...]) -> Told:
    by, noted = str(row.detail.get("by", "")), str(row.detail.get("noted_by", ""))
    reason = str(row.detail.get("reason", ""))
    return Told(row.at, row.event, by, "" if noted == by else noted, reason, changes)
