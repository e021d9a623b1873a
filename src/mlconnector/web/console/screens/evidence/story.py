"""One voucher's story, as a line of time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from mlconnector.flow.report import story_lines, voucher_story
from mlconnector.store import batches, documents, lookup
from mlconnector.texts import notation
from mlconnector.texts.catalogue import explain, word
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.reason_places import place_of
from mlconnector.web.console.screens.evidence.screen import SCREEN
from mlconnector.web.console.visits import At, Visit

_CHANGED = frozenset({"received", "changed"})
_OWN_TABLES = frozenset({"because"})


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: what, when, by whom, and all that the trail tells of it.

    `source` are fields of the source, each with what it was before and what it is; `why` are the fields of a
    booking, each with its value, the rule that gave it, and where that is changed.
    """

    title: str
    at: str
    number: int
    batch: tuple[str, str]
    lines: list[str]
    source: list[tuple[str, str, str]]
    is_first: bool
    why: list[tuple[str, str, str, str]]


@SCREEN.page("voucher")
def voucher(at: At) -> Response:
    """One voucher, from the field of the source to DATEV's answer."""
    told = voucher_story.of_voucher(at.app.services, at.asked("key"), language=at.language)
    with at.app.database.read() as db:
        filed = documents.of_voucher(db, told["voucher"])
        said = {name: json.loads(text) for name, text in lookup.revisions_of(db, told["voucher"]).items()}
        files = {row.id: row.file_name for one in told["batches"] if (row := batches.read(db, one))}
    return at.shown(
        "voucher.html",
        one=told,
        name=told["number"] or told["identity"],
        state="reversed" if told["reversed"] else told["state"],
        facts=_facts(at, told),
        problems=[
            explain(one["cause"].partition(":")[0], one["facts"], at.language, on_page=True)
            for one in told["problems"]
        ],
        moments=_moments(at, told, said, files),
        documents=[(row, f"{row.size / 1024:.0f}") for row in filed],
    )


def _facts(at: Visit, told: Mapping[str, Any]) -> list[Fact]:
    content = told["content"] or {}
    kind, _, external = told["identity"].partition("/")
    facts = [
        Fact(at.say("label_connection"), told["connection"]),
        Fact(at.say("label_kind"), word("kind", kind, at.language)),
        Fact(
            at.say("label_in_source"),
            at.say("open_in_source") if told["link"] else external,
            told["link"] or "",
        ),
        Fact(at.say("label_customer"), (content.get("party") or {}).get("name") or "–"),
        Fact(at.say("label_our_key"), told["voucher"]),
    ]
    if told["reason_in_words"]:
        facts.insert(1, Fact(at.say("label_reason"), told["reason_in_words"]))
    if told["set_aside"]:
        aside = told["set_aside"]
        said = at.say("set_aside", by=aside["by"], at=at.written.moment(aside["at"]))
        facts.insert(2, Fact(at.say("label_by"), said))
    return facts


def _moments(
    at: Visit, told: Mapping[str, Any], said: Mapping[str, Any], files: Mapping[str, str]
) -> list[Moment]:
    shown: list[Moment] = []
    for event in told["events"]:
        detail: Mapping[str, Any] = event["detail"]
        source: list[tuple[str, str, str]] = []
        if event["event"] in _CHANGED and detail.get("revision") in said:
            after = said[detail["revision"]]
            source = story_lines.changed(said.get(str(detail.get("before")), {}), after, at.language)
        rest = {name: value for name, value in detail.items() if name not in _OWN_TABLES}
        shown.append(
            Moment(
                title=word("event", event["event"], at.language),
                at=notation.exact_moment(event["at"], at.language),
                number=len(shown) + 1,
                batch=(event["subject"], files[event["subject"]]) if event["subject"] in files else ("", ""),
                lines=list(story_lines.lines_of(event["event"], rest, at.language)),
                source=source,
                is_first=event["event"] == "received",
                why=[_why(at, told["connection"], one) for one in detail.get("because", ())],
            )
        )
    return shown


def _why(at: Visit, name: str, one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    place = place_of(name, one["field"], one["rule"], one.get("facts", {}))
    return (*story_lines.why_of(one, at.language), place)
