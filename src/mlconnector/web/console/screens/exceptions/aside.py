"""What somebody left out or booked by hand, and what a rule left out: why, who, when; and taking it back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.report import aside, record_lists
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.model.problems import Problem
from mlconnector.store.vouchers import SetAside
from mlconnector.texts.catalogue import word
from mlconnector.texts.zone import day_of
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.place import ROWS, page_of
from mlconnector.web.console.screens.exceptions.choosing import Chosen, ticked
from mlconnector.web.console.screens.exceptions.cures import asked as asked_first
from mlconnector.web.console.screens.exceptions.screen import SCREEN, address_of
from mlconnector.web.console.searching import Asked, asked_for, connection_options, kind_options
from mlconnector.web.console.visits import Acting, At, Visit

_COLUMNS = ("connection", "number", "kind", "date", "customer", "amount", "currency", "reason", "by", "on")
_EVERY = 1_000_000


@SCREEN.page("aside")
def left_out(at: At) -> Response:
    """What was left out, or booked by hand."""
    asked, state = asked_for(at.asked), _state(at.asked("state"))
    if at.asked("as") in FORMS:
        heads = [at.say(f"label_{part}") for part in _COLUMNS]
        lines = [_line(at, one) for one in _found(at, asked, state, _EVERY, 1)["vouchers"]]
        return downloaded(at.asked("as"), at.say(f"list_{state}"), heads, lines, at.language)
    found = _found(at, asked, state, ROWS, page_of(at.place))
    pages = at.paging(found["total"])
    if pages.page != page_of(at.place):
        found = _found(at, asked, state, ROWS, pages.page)
    rows = [_for_page(at, one) for one in found["vouchers"]]
    return at.shown(
        "aside.html",
        asked=asked,
        state=state,
        rows=rows,
        paging=pages,
        connections=connection_options(at.app),
        kinds=kind_options(at.language),
        preview=at.home_of("preview"),
    )


@SCREEN.action("ask-take-back", "unignore")
def ask_to_take_back(at: Acting) -> Response:
    """Ask before vouchers are read again and decided anew that were not to be booked."""
    meant = _chosen(at)
    return _ask(at, meant)


@SCREEN.action("take-back", "unignore")
def take_back(at: Acting) -> Response:
    """Take back that vouchers were left out, or booked by hand."""
    meant = _chosen(at)
    if not meant.is_as_shown(at):
        return _ask(at, meant, changed=True)
    for name, keys in meant.by_connection().items():
        at.app.services.refuse_while_disconnected(name)
        aside.take_back(at.app.context(name), keys, at.form.get("reason"), at.by)
    return at.done("taken_back", _back(at), count=len(meant.keys))


def _chosen(at: Visit) -> Chosen:
    found = ticked(at)
    if not found:
        raise NeedsHuman(Problem("nothing_chosen"))
    fields = {"voucher": " ".join(row.id for row in found), "state": at.form.get("state")}
    return Chosen(asked_for(at.form.get), "", found, fields, _back(at))


def _ask(at: Visit, meant: Chosen, *, changed: bool = False) -> Response:
    for name, keys in meant.by_connection().items():
        aside.to_be_taken_back(at.app.context(name), keys)
    by_hand = any(row.state == "booked_by_hand" for row in meant.found)
    key = "take_back_by_hand" if by_hand else "take_back"
    return asked_first(at, key, "take-back", meant, changed=changed, with_reason=False)


def _back(at: Visit) -> str:
    return address_of("aside", {"state": _state(at.form.get("state"))})


def _state(given: str) -> SetAside:
    return "booked_by_hand" if given == "booked_by_hand" else "ignored"


def _found(at: Visit, asked: Asked, state: SetAside, limit: int, page: int) -> dict[str, Any]:
    if asked.unreadable:
        return {"vouchers": [], "total": 0}
    wanted = asked.of_state(state)
    return record_lists.vouchers_of(at.app.services, asked.connection, wanted, limit=limit, page=page)


def _for_page(at: Visit, one: dict[str, Any]) -> dict[str, Any]:
    """A voucher with the reason in its words: those of whoever gave it, else ours."""
    by = one["set_aside"]
    reason = by["reason"] if by else word("reason", one["reason"], at.language)
    amount = None if one["amount"] is None else Decimal(one["amount"])
    return {
        **one,
        "amount": amount,
        "why": reason,
        "by": by["by"] if by else "",
        "at": by["at"] if by else None,
    }


def _line(at: Visit, given: dict[str, Any]) -> list[Cell]:
    one = _for_page(at, given)
    return [
        one["connection"],
        one["number"] or one["external_id"],
        word("kind", one["kind"], at.language),
        one["document_date"],
        one["customer"],
        one["amount"],
        one["currency"],
        one["why"],
        one["by"],
        None if one["at"] is None else day_of(one["at"]),
    ]
