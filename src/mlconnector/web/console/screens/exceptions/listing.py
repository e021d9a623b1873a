"""What waits, by cause; and one cause with its vouchers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from mlconnector.flow.report import waiting
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.model.problems import shared_facts
from mlconnector.store import vouchers
from mlconnector.texts.catalogue import Explanation, explain_in_general, explain_together, word
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.place import Paging, page_of, paging
from mlconnector.web.console.row_cures import row_address
from mlconnector.web.console.screens.exceptions.screen import SCREEN, address_of
from mlconnector.web.console.screens.exceptions.words import is_of_mapping, is_of_settings, on_a_page
from mlconnector.web.console.searching import Asked, Options, asked_for, connection_options, kind_options
from mlconnector.web.console.visits import At, Visit

_GROUPS = 20
_TOLD_APART, _OTHER_NUMBER = "document_looks_booked", ("party_changed", "debtor_number_taken")
_COLUMNS = ("connection", "number", "kind", "date", "customer", "amount", "currency")


@dataclass(frozen=True, slots=True)
class Shown:
    """A cause on a page: its words, how many wait for it, where its vouchers are, and which cures it has."""

    connection: str
    cause: str
    count: int
    words: Explanation
    address: str
    is_of_mapping: bool
    is_of_settings: bool
    row: str
    may_be_distinct: bool
    party: str
    number: str


@SCREEN.page()
def listing(at: At) -> Response:
    """Every cause, the most frequent first."""
    asked = asked_for(at.asked)
    if at.asked("as") in FORMS:
        return _taken_along(at, asked, None)
    found, causes, total = _groups(at, asked)
    with at.app.database.read() as db:
        again = vouchers.replayed_counts(db)
    return at.shown(
        "list.html",
        asked=asked,
        found=found,
        total=total,
        paging=paging(at.place, causes, _GROUPS),
        again=[one for one in sorted(again.items()) if asked.connection in {None, one[0]}],
        may_run=at.parts.work is not None and at.viewer.may("run"),
        connections=connection_options(at.app),
        kinds=kind_options(at.language),
        key=at.asked("key"),
        keys=_key_options(at),
        mapping=at.home_of("mapping"),
    )


@SCREEN.page("cause")
def of_cause(at: At) -> Response:
    """One cause of a connection, its vouchers, and what can be done about them."""
    asked, cause = asked_for(at.asked), at.asked("cause")
    name = asked.connection or ""
    if at.asked("as") in FORMS:
        return _taken_along(at, asked, cause)
    groups, _, total = waiting.groups(at.app.services, name, asked.wanted, cause=cause, limit=1)
    pages = at.paging(total)
    rows = _vouchers(at, asked, cause, pages) if groups and not asked.unreadable else []
    return at.shown(
        "cause.html",
        asked=asked,
        cause=cause,
        found=_shown(at, groups[0], asked) if groups else None,
        rows=rows,
        differs=any(row["own"] for row in rows),
        paging=pages,
        kinds=kind_options(at.language),
        mapping=at.home_of("mapping"),
        preview=at.home_of("preview"),
    )


def _key_options(at: Visit) -> Options:
    """The kinds of problems for which something waits, by what they say in general."""
    found = [(key, explain_in_general(key, at.language).what) for key in waiting.keys(at.app.services)]
    return sorted(found, key=lambda one: one[1].casefold())


def _groups(at: Visit, asked: Asked) -> tuple[list[Shown], int, int]:
    if asked.unreadable:
        return [], 0, 0
    services, name = at.app.services, asked.connection
    page, key = page_of(at.place), at.asked("key")
    found, causes, total = waiting.groups(services, name, asked.wanted, key=key, limit=_GROUPS, page=page)
    if not found and causes:
        last = paging(at.place, causes, _GROUPS).page
        found, causes, total = waiting.groups(services, name, asked.wanted, key=key, limit=_GROUPS, page=last)
    return [_shown(at, one, asked) for one in found], causes, total


def _shown(at: Visit, one: waiting.Group, asked: Asked) -> Shown:
    words = explain_together(one.problems, at.language)
    facts, key = shared_facts(one.problems), one.problems[0].key
    fields = {**asked.carried(), "connection": one.connection, "cause": one.cause}
    of_number = key in _OTHER_NUMBER
    return Shown(
        one.connection,
        one.cause,
        one.count,
        on_a_page(words, one.connection, one.cause, at.say),
        address_of("cause", fields),
        is_of_mapping(words),
        is_of_settings(words),
        row_address(at.app.context(one.connection), key, facts) if at.viewer.may("map") else "",
        key == _TOLD_APART,
        facts.get("party_id", "") if of_number else "",
        facts.get("number", "") if of_number else "",
    )


def _vouchers(at: Visit, asked: Asked, cause: str, pages: Paging) -> list[dict[str, Any]]:
    found = waiting.causes(
        at.app.services,
        asked.connection or "",
        asked.wanted,
        cause=cause,
        limit=pages.size,
        page=pages.page,
        language=at.language,
    )
    return [_for_page(at, one, each) for one in found for each in one["vouchers"]]


def _for_page(at: Visit, cause: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    own = on_a_page(Explanation("", "", one["own"], ""), cause["connection"], cause["cause"], at.say).do
    return {**one, "own": own, "amount": None if one["amount"] is None else Decimal(one["amount"])}


def _taken_along(at: Visit, asked: Asked, cause: str | None) -> Response:
    heads = [at.say(f"label_{part}") for part in (*_COLUMNS, "what", "why", "do", "who", "link")]
    rows = () if asked.unreadable else _lines(at, asked, cause)
    return downloaded(at.asked("as"), at.say("title"), heads, rows, at.language)


def _lines(at: Visit, asked: Asked, cause: str | None) -> Iterator[list[Cell]]:
    found = waiting.causes(at.app.services, asked.connection, asked.wanted, cause=cause, language=at.language)
    key = at.asked("key")
    for one in found:
        if key not in {"", waiting.key_of(one["cause"])}:
            continue
        for each in one["vouchers"]:
            own = Explanation(each["what"], each["why"], each["do"], one["who"])
            words = on_a_page(own, one["connection"], one["cause"], at.say)
            yield [
                one["connection"],
                each["number"] or each["external_id"],
                word("kind", each["kind"], at.language),
                each["document_date"],
                each["customer"],
                None if each["amount"] is None else Decimal(each["amount"]),
                each["currency"],
                *(part.replace("`", "") for part in (words.what, words.why, words.do, words.who)),
                each["link"],
            ]
