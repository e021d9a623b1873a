"""What waits, by cause; and one cause with its vouchers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from starlette.responses import Response

from mlconnector.flow.report import waiting
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.model.problems import shared_facts
from mlconnector.store import vouchers
from mlconnector.texts.catalogue import Explanation, explain_in_general, explain_together, word
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.place import Paging, page_of, paging
from mlconnector.web.console.plain_words import plain
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
    key: str
    may_be_distinct: bool
    party: str
    number: str


@SCREEN.page()
def listing(at: At) -> Response:
    """Every cause, the most frequent first."""
    asked = asked_for(at.asked)
    if at.asked("as") in FORMS:
        return _taken_along(at, asked, None)
    groups = _groups(at, asked)
    found = [_shown(at, one, asked) for one in groups.shown]
    with at.app.database.read() as db:
        again = vouchers.replayed_counts(db)
    return at.shown(
        "list.html",
        asked=asked,
        found=found,
        total=groups.vouchers,
        paging=paging(at.place, groups.causes, _GROUPS),
        again=[one for one in sorted(again.items()) if asked.connection in {None, one[0]}],
        may_run=at.parts.work is not None and at.viewer.may("run"),
        connections=connection_options(at.app),
        kinds=kind_options(at.language),
        key=at.asked("key"),
        keys=_key_options(at),
        kinds_above=_kinds_above(at, found, groups.of_kinds),
        mapping=at.home_of("mapping"),
    )


@SCREEN.page("cause")
def of_cause(at: At) -> Response:
    """One cause of a connection, its vouchers, and what can be done about them."""
    asked, cause = asked_for(at.asked), at.asked("cause")
    name = asked.connection or ""
    if at.asked("as") in FORMS:
        return _taken_along(at, asked, cause)
    groups = waiting.groups(at.app.services, name, asked.wanted, cause=cause, limit=1)
    pages = at.paging(groups.vouchers)
    rows = _vouchers(at, asked, cause, pages) if groups.shown and not asked.unreadable else []
    return at.shown(
        "cause.html",
        asked=asked,
        cause=cause,
        found=_shown(at, groups.shown[0], asked) if groups.shown else None,
        rows=rows,
        differs=any(row["own"] for row in rows),
        paging=pages,
        kinds=kind_options(at.language),
        mapping=at.home_of("mapping"),
        preview=at.home_of("preview"),
    )


def _kinds_above(at: Visit, found: Sequence[Shown], counts: Counter[str]) -> dict[int, tuple[str, int]]:
    """What stands above a cause where several of a kind begin: what they are, and for how many vouchers."""
    above = {}
    for number, one in enumerate(found):
        begins = number == 0 or found[number - 1].key != one.key
        if begins and counts[one.key] > one.count:
            above[number] = explain_in_general(one.key, at.language).what, counts[one.key]
    return above


def _key_options(at: Visit) -> Options:
    """The kinds of problems for which something waits, by what they say in general."""
    found = [(key, explain_in_general(key, at.language).what) for key in waiting.keys(at.app.services)]
    return sorted(found, key=lambda one: one[1].casefold())


def _groups(at: Visit, asked: Asked) -> waiting.Groups:
    if asked.unreadable:
        return waiting.Groups([], 0, Counter())
    services, name, keys = at.app.services, asked.connection, list(filter(None, [at.asked("key")]))
    turned_to = partial(waiting.groups, services, name, asked.wanted, keys=keys, limit=_GROUPS)
    found = turned_to(page=page_of(at.place))
    if found.shown or not found.causes:
        return found
    return turned_to(page=paging(at.place, found.causes, _GROUPS).page)


def _shown(at: Visit, one: waiting.Group, asked: Asked) -> Shown:
    words = explain_together(one.problems, at.language)
    told = explain_together(one.problems, at.language, on_page=True)
    facts, key = shared_facts(one.problems), one.problems[0].key
    fields = {**asked.carried(), "connection": one.connection, "cause": one.cause}
    of_number = key in _OTHER_NUMBER
    return Shown(
        one.connection,
        one.cause,
        one.count,
        on_a_page(told, one.connection, one.cause, at.say),
        address_of("cause", fields),
        is_of_mapping(words),
        is_of_settings(words),
        row_address(at.app.context(one.connection), key, facts) if at.viewer.may("map") else "",
        key,
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
        on_page=True,
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
    services, name = at.app.services, asked.connection
    found = waiting.causes(services, name, asked.wanted, cause=cause, language=at.language, on_page=True)
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
                *(
                    plain(part.replace("`", ""), at.language)
                    for part in (words.what, words.why, words.do, words.who)
                ),
                each["link"],
            ]
