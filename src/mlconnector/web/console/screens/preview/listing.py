"""The Buchungsliste of a connection: filtered, added up, and taken along."""

from __future__ import annotations

from starlette.responses import Response

from mlconnector.flow.agree.released import released
from mlconnector.flow.preview import decided
from mlconnector.flow.preview.decided import Decided
from mlconnector.flow.preview.list_rows import ShownRow, case_rows, in_words, shown_rows
from mlconnector.flow.preview.sheets import cells, headings, sheets
from mlconnector.flow.preview.sums import Sums
from mlconnector.mapping.rules import Rules
from mlconnector.store import connections, vouchers
from mlconnector.store.booked import Stand
from mlconnector.store.booking_lists import BookingScope
from mlconnector.web.console.downloads import FORMS, downloaded, downloaded_sheets
from mlconnector.web.console.place import ROWS, page_of
from mlconnector.web.console.screens.preview.rows import listing_of
from mlconnector.web.console.screens.preview.screen import SCREEN, exceptions_of
from mlconnector.web.console.searching import Asked, asked_for, connection_options, kind_options
from mlconnector.web.console.visits import At, Visit

STANDS: tuple[Stand, ...] = ("planned", "under_way", "accepted")
VIEWS = ("list", "postings", "why")


@SCREEN.page()
def listing(at: At) -> Response:
    """The bookings of a connection that are decided, as DATEV gets them."""
    asked, names = asked_for(at.asked), connection_options(at.app)
    if not names:
        return at.shown("none.html")
    name = asked.connection or names[0][0]
    account, view = at.asked("account"), at.asked("view")
    stand = next((one for one in STANDS if one == (at.asked("stand") or "planned")), None)
    scope = decided.scope_of(name, asked.wanted, stand=stand, account=account)
    rules = at.app.services.rules(name)
    if at.asked("as") in FORMS and not asked.unreadable:
        return _taken_along(at, scope, rules)
    page = _page(at, asked, scope, page_of(at.place))
    pages = at.paging(page.total)
    if pages.page != page_of(at.place):
        page = _page(at, asked, scope, pages.page)
    first = (pages.page - 1) * ROWS + 1
    shown = listing_of(page.bookings, first, rules, at.language, at.say, why_of=name if view == "why" else "")
    sums = Sums(rules)
    for one in page.bookings:
        sums.add(one.previewed)
    with at.app.database.read() as db:
        given = released(connections.read(db, name))
        states = vouchers.states(db, name).get(name, {})
    return at.shown(
        "list.html",
        asked=asked,
        name=name,
        account=account,
        stand=stand or "all",
        view=view if view in VIEWS else VIEWS[0],
        listing=shown,
        page=page,
        paging=pages,
        cases=[[in_words(cell, at.language) for cell in row] for row in case_rows(sums, at.language)],
        released=given,
        waits=states.get("needs_human", 0) + states.get("rejected", 0),
        exceptions=exceptions_of(at, {"connection": name}),
        connections=names,
        kinds=kind_options(at.language),
        stands=(*STANDS, "all"),
        views=VIEWS,
    )


def _page(at: Visit, asked: Asked, scope: BookingScope, page: int) -> decided.DecidedPage:
    if asked.unreadable:
        return decided.DecidedPage((), 0, None)
    offset, added_up = (page - 1) * ROWS, at.asked("sums") == "1"
    return decided.page_of(at.app.services, scope, limit=ROWS, offset=offset, added_up=added_up)


def _taken_along(at: Visit, scope: BookingScope, rules: Rules) -> Response:
    sums, rows = Sums(rules), []
    for number, one in enumerate(decided.each(at.app.services, scope), start=1):
        sums.add(one.previewed)
        rows += _rows(one, number, rules, at)
    name = f"{at.say('title')} {scope.connection}"
    if at.asked("as") == "csv":
        return downloaded("csv", name, headings(at.language), map(cells, rows), at.language)
    book = sheets(scope.connection, rows, sums, at.language)
    return downloaded_sheets(name, book, at.language)


def _rows(one: Decided, number: int, rules: Rules, at: Visit) -> list[ShownRow]:
    return list(shown_rows(one.previewed, number, rules, at.language))
