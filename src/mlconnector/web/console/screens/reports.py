"""The screen Auswertungen: what was transferred, as lists that bookkeepers know: pages, paper, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from mlconnector.flow.report import ledger_reports
from mlconnector.flow.report.completeness_report import completeness_of
from mlconnector.flow.report.journal import journal_of, journal_table
from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.search import Unreadable, period_of
from mlconnector.flow.report.spreadsheets import Cell, Sheet
from mlconnector.flow.report.told_reports import (
    ToldReport,
    balances_told,
    completeness_told,
    costs_told,
    open_items_told,
    vat_told,
)
from mlconnector.flow.report.vat_check import vat_of
from mlconnector.store import booked, connections
from mlconnector.texts.language import Language
from mlconnector.web.console.downloads import FORMS, downloaded, downloaded_sheets
from mlconnector.web.console.pages import Written
from mlconnector.web.console.place import ROWS, Paging, page_of
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import At, Visit

SCREEN = Screen("reports", order=75, verb="see", path="reports")
KINDS = ("bookings", "opos", "balances", "vat", "completeness", "costs")
_PRINT = "print"
Made = TypeVar("Made")
_SHORT, _LONG = 14, 60


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which connection a report is wanted, and of what time; without a connection there is none."""

    name: str
    names: tuple[str, ...]
    period: str
    on: date | None
    whole_client: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A table on a page: headings, and cells with the class of their column; `sums` are rows that add up."""

    title: str
    heads: list[str | tuple[str, str]]
    rows: list[list[tuple[str, str]]]
    sums: set[int]


@SCREEN.page()
def index(at: At) -> Response:
    """The reports that there are."""
    return at.shown("index.html", kinds=KINDS, is_anything=bool(_names(at)))


@SCREEN.page("opos")
def open_items(at: At) -> Response:
    """Open items with their ageing."""

    def told(asked: Asked) -> ToldReport:
        report = ledger_reports.open_items_of(
            at.app.services,
            asked.name,
            on=asked.on,
            planned=at.asked("planned") == "yes",
            all_items=at.asked("all") == "yes",
            whole_client=asked.whole_client,
            window=None if at.asked("as") in (*FORMS, _PRINT) else partial(_window, at),
        )
        return open_items_told(report, at.language)

    return _report(at, "opos", told, by_period=False)


@SCREEN.page("balances")
def balances(at: At) -> Response:
    """Sums and balances."""
    return _of_period(at, "balances", ledger_reports.balances_of, balances_told)


@SCREEN.page("vat")
def vat(at: At) -> Response:
    """The VAT check."""
    return _of_period(at, "vat", vat_of, vat_told)


@SCREEN.page("completeness")
def completeness(at: At) -> Response:
    """Source against sent against accepted."""
    return _of_period(at, "completeness", completeness_of, completeness_told)


@SCREEN.page("costs")
def costs(at: At) -> Response:
    """Costs by cost centre."""
    return _of_period(at, "costs", ledger_reports.costs_of, costs_told)


def _of_period(
    at: At, kind: str, ask: Callable[..., Made], tell: Callable[[Made, Language], ToldReport]
) -> Response:
    """A report that is asked for by connection, period and whether the whole client is meant."""

    def told(asked: Asked) -> ToldReport:
        made = ask(at.app.services, asked.name, period=asked.period, whole_client=asked.whole_client)
        return tell(made, at.language)

    return _report(at, kind, told)


@SCREEN.page("bookings")
def bookings(at: At) -> Response:
    """The bookings of a period, row by row."""
    asked = _asked(at)
    if not asked.name or asked.fault:
        return _shown(at, "bookings", asked, None, (), None)
    form = at.asked("as")
    is_whole = form in (*FORMS, _PRINT)
    of_period = partial(
        journal_of, at.app.services, asked.name, period=asked.period, whole_client=asked.whole_client
    )
    page = page_of(at.place)
    found = of_period() if is_whole else of_period(limit=ROWS, page=page)
    if form in FORMS:
        table = journal_table(found.rows, at.language)
        return downloaded(form, at.say("report_bookings"), table.headings, table.rows, at.language)
    paging = None if is_whole else at.paging(found.total)
    if paging is not None and paging.page != page:
        found = of_period(limit=ROWS, page=paging.page)
    table = journal_table(found.rows, at.language)
    told = ToldReport(
        title=at.say("report_bookings"),
        whose=at.say("bookings_of", names=", ".join(found.whose.names), client=found.whose.client),
        others=found.whose.others,
        empty="" if found.total else at.say("nothing_there"),
        tables=[("", table)] if found.total else [],
        notes=[],
        file=lambda: table,
        sheets=lambda: [table],
    )
    shown = [_table(at, title, one.shown) for title, one in told.tables]
    return _shown(at, "bookings", asked, told, shown, paging)


def _report(at: Visit, kind: str, make: Callable[[Asked], ToldReport], *, by_period: bool = True) -> Response:
    asked = _asked(at, by_period=by_period)
    if not asked.name or asked.fault:
        return _shown(at, kind, asked, None, (), None)
    told = make(asked)
    form = at.asked("as")
    if form == "csv":
        file = told.file()
        return downloaded(form, at.say(f"report_{kind}"), file.headings, file.rows, at.language)
    if form == "xlsx":
        sheets = [Sheet(one.title, one.headings, one.rows) for one in told.sheets()]
        return downloaded_sheets(at.say(f"report_{kind}"), sheets, at.language)
    tables = [(title, _read_by_people(table.shown)) for title, table in told.tables]
    if form == _PRINT:
        return _shown(at, kind, asked, told, [_table(at, *one) for one in tables], None)
    paging = at.paging(max((table.length for _, table in tables), default=0))
    first, last = _window(at, paging.total)
    shown = [
        _table(at, title, table, max(first - table.before, 0), max(last - table.before, 0))
        for title, table in tables
    ]
    return _shown(at, kind, asked, told, [one for one in shown if one.rows], paging)


def _window(at: Visit, rows: int) -> tuple[int, int]:
    """Between which of so many rows those of the page stand, from 0."""
    paging = at.paging(rows)
    return max(paging.first - 1, 0), paging.last


def _shown(
    at: Visit,
    kind: str,
    asked: Asked,
    told: ToldReport | None,
    tables: Sequence[Shown],
    paging: Paging | None,
) -> Response:
    return at.shown(
        "report.html",
        kind=kind,
        asked=asked,
        told=told,
        tables=tables,
        paging=paging,
        is_print=at.asked("as") == _PRINT,
        by_period=kind != "opos",
        at_moment=at.written.moment(at.app.services.now()),
    )


def _asked(at: Visit, *, by_period: bool = True) -> Asked:
    """What is asked for; the first time, of the first connection and its last month with bookings."""
    names = _names(at)
    name = at.asked("connection") or next(iter(names), "")
    period, fault, on = at.asked("period"), "", None
    if by_period and name and not at.asked("connection"):
        with at.app.database.read() as db:
            period = period or booked.latest_month(db, [name])
    try:
        on = date.fromisoformat(at.asked("on")) if at.asked("on") and not by_period else None
        if period and by_period:
            period_of(period)
    except Unreadable:
        fault = at.say("period_unreadable", given=period)
    except ValueError:
        fault = at.say("no_day", given=at.asked("on"))
    return Asked(name, names, period, on, at.asked("client") == "yes", fault)


def _names(at: Visit) -> tuple[str, ...]:
    with at.app.database.read() as db:
        return tuple(row.name for row in connections.every(db))


def _table(at: Visit, title: str, table: Table, first: int = 0, last: int | None = None) -> Shown:
    numbers = table.numbers
    heads: list[str | tuple[str, str]] = [
        (head, "number") if place in numbers else head for place, head in enumerate(table.headings)
    ]
    rows = [
        [
            (_cell(at.written, cell), "number" if place in numbers else _width(cell))
            for place, cell in enumerate(row)
        ]
        for row in table.rows[first:last]
    ]
    return Shown(title, heads, rows, {number - first for number in table.sums})


def _read_by_people(table: Table) -> Table:
    """A table without the names of causes, whose words stand beside them; files have both."""
    return table.only([place for place, key in enumerate(table.keys) if key != "cause"])


def _width(cell: Cell) -> str:
    """Days and short texts stay in one line, and long ones get room."""
    length = len(cell) if isinstance(cell, str) else 0
    return "nowrap" if length <= _SHORT else "says" if length > _LONG else ""


def _cell(written: Written, cell: Cell) -> str:
    match cell:
        case Decimal():
            return written.amount(cell)
        case bool() | None:
            return ""
        case int():
            return written.count(cell)
        case date():
            return written.day(cell)
        case _:
            return str(cell)
