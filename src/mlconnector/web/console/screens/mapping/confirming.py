"""Accounts and tax cases that the product proposes are confirmed, and the first open day is named."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import confirmation, open_day
from mlconnector.flow.agree.reasons import refuse_without
from mlconnector.model.problems import Problem
from mlconnector.store import connections
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.screens.mapping.screen import SCREEN, place, tabs
from mlconnector.web.console.seeds import SeedRow, chosen, seed_rows
from mlconnector.web.console.visits import Acting, At, Visit, to_place

_HEADS = ("label_seed", "label_rate", "label_account", "label_key", "label_booked", "label_confirmed")


@SCREEN.page()
def show(at: At) -> Response:
    """What is to be confirmed of a connection; without one named, all connections."""
    name = at.asked("connection")
    if not name:
        return _connections(at)
    context = at.app.context(name)
    rows = seed_rows(context, at.language)
    if at.asked("as") in FORMS:
        heads = [at.say(one) for one in _HEADS]
        return downloaded(at.asked("as"), at.say("tab_confirm"), heads, _cells(at, rows), at.language)
    return at.shown(
        "confirm_seeds.html",
        name=name,
        tabs=tabs(at, context, ""),
        rows=rows,
        open=sum(not row.is_confirmed for row in rows),
        open_from=open_day.open_from(context),
        named=open_day.named(context),
        history=place("history", name, kind="confirmed"),
    )


@SCREEN.action("confirm", "confirm")
def confirm(at: Acting) -> Response:
    """Note who has confirmed what was ticked."""
    name = at.form.get("connection")
    context = at.app.context(name)
    wanted = chosen(at.form.all("seed"), seed_rows(context, at.language))
    if not wanted:
        return at.done("nothing_ticked", place("", name))
    by = at.form.get("by") or at.by
    done = confirmation.confirm(context, by, wanted, noted_by=at.by)
    return at.done("confirmed", place("", name), count=len(done), by=by)


@SCREEN.action("open-from", "open_from")
def name_open_day(at: Acting) -> Response:
    """Name the first day on which the client's books are open."""
    name, reason = at.form.get("connection"), at.form.get("reason")
    refuse_without(reason)
    try:
        day = date.fromisoformat(at.form.get("day"))
    except ValueError as error:
        raise NeedsHuman(Problem("day_unreadable", {"given": at.form.get("day")})) from error
    noted = open_day.name_open_day(at.app.context(name), day, at.by, reason)
    return at.done("open_day_named", place("", name), day=noted.open_from.isoformat())


def _connections(at: Visit) -> Response:
    with at.app.database.read() as db:
        rows = connections.every(db)
    if len(rows) == 1:
        return to_place(place("", rows[0].name))
    return at.shown("list.html", rows=rows)


def _cells(at: Visit, rows: list[SeedRow]) -> list[list[str]]:
    return [
        [
            f"{at.say('seed_case' if row.is_case else 'seed_account')} {row.title}",
            row.rate,
            row.account,
            row.key,
            at.say("is_booked" if row.is_booked else "not_booked"),
            at.say("confirmed_by", by=row.by, on=row.on) if row.is_confirmed else at.say("to_be_confirmed"),
        ]
        for row in rows
    ]
