"""The audit trail: by days, proved, and taken along as a file that proves itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse

from mlconnector.flow.report import story_lines, trail_export, trail_heads
from mlconnector.store import audit, batches, lookup
from mlconnector.store.audit import AuditRow, AuditVerdict
from mlconnector.texts import notation
from mlconnector.texts.catalogue import filled, word
from mlconnector.texts.zone import shown_in
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.screens.evidence.screen import SCREEN
from mlconnector.web.console.visits import Acting, At, Visit

_MOST_TAKEN = 20_000
_HASH = re.compile(r"[0-9a-f]{64}")


@SCREEN.page("trail", "prove")
def trail(at: At) -> Response:
    """The audit trail, the latest first, by days; the whole of it as a file that proves itself."""
    if at.asked("as") == "export":
        return _export(at)
    first, until, fault = _days(at)
    with at.app.database.read() as db:
        begin, end = audit.around(db, first, until)
    total = max(end - begin + 1, 0)
    if at.asked("as") in FORMS and total <= _MOST_TAKEN:
        return _taken(at, begin, end)
    paging = at.paging(total)
    last = end - (paging.first - 1 if total else 0)
    with at.app.database.read() as db:
        rows = audit.listed(db, max(begin, last - paging.size + 1), last) if total else []
        subjects = lookup.numbers_of(db, [row.subject for row in rows])
        files = {row.subject: made.file_name for row in rows if (made := batches.read(db, row.subject))}
    return at.shown(
        "trail.html",
        rows=[_row(at, row, subjects, files) for row in reversed(rows)],
        paging=paging,
        fault=fault,
        may_be_taken=0 < total <= _MOST_TAKEN,
        keeps_heads=_keeps_heads(at),
    )


@SCREEN.action("trail", "prove")
def prove(at: Acting) -> Response:
    """Read the whole trail and say whether it is complete and unchanged."""
    verdict = trail_export.proved(at.app.services)
    heads = len(trail_heads.written_down(at.app.services))
    return at.shown(
        "verdict.html",
        verdict=verdict,
        fault=_fault(at, verdict),
        heads=heads,
        at_moment=at.written.moment(at.app.services.now()),
        sealed_anew=[
            (row.sequence, at.written.moment(row.at), row.detail.get("by", ""), row.detail.get("reason", ""))
            for row in verdict.sealed_anew
        ],
    )


def _export(at: Visit) -> Response:
    verdict = trail_export.proved(at.app.services)
    name = trail_export.file_name(at.app.services.now())
    lines = trail_export.lines(at.app.services, verdict)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type="application/jsonl; charset=utf-8", headers=headers)


def _taken(at: Visit, begin: int, end: int) -> Response:
    heads = [
        at.say(f"label_{key}")
        for key in ("row", "at", "connection", "about", "event", "by", "detail", "hash")
    ]
    with at.app.database.read() as db:
        rows = audit.listed(db, begin, end)
    listed = [
        (
            row.sequence,
            notation.exact_moment(row.at, at.language),
            row.connection,
            row.subject,
            word("event", row.event, at.language),
            str(row.detail.get("by") or ""),
            "\n".join(story_lines.lines_of(row.event, row.detail, at.language))[:32_000],
            row.hash,
        )
        for row in rows
    ]
    return downloaded(at.asked("as"), at.say("trail"), heads, listed, at.language)


def _days(at: Visit) -> tuple[datetime | None, datetime | None, str]:
    """From when until when, as moments; and what of it is no day."""
    found: list[datetime | None] = []
    fault = ""
    for name, more in (("from", 0), ("to", 1)):
        text = at.asked(name)
        try:
            day = date.fromisoformat(text) + timedelta(days=more) if text else None
        except (ValueError, OverflowError):
            day, fault = None, text
        found.append(None if day is None else datetime.combine(day, time(), shown_in()))
    return found[0], found[1], at.say("no_day", given=fault) if fault else ""


def _row(at: Visit, row: AuditRow, numbers: Mapping[str, str], files: Mapping[str, str]) -> tuple[Any, ...]:
    return (
        row.sequence,
        at.written.moment(row.at),
        word("event", row.event, at.language),
        row.connection,
        files.get(row.subject) or _about(at, row.subject),
        row.subject if row.subject in numbers else "",
        numbers.get(row.subject, ""),
        str(row.detail.get("by") or ""),
        list(story_lines.lines_of(row.event, row.detail, at.language)),
        row.hash,
    )


def _about(at: Visit, subject: str) -> str:
    """What a row is about, in words; of a hash the beginning, by which people compare it."""
    kind, _, name = subject.partition(" ")
    if subject == audit.TRAIL:
        return at.say("trail")
    if name:
        return f"{word('subject', kind, at.language)} {name}"
    return at.say("load_of", hash=subject[:16]) if _HASH.fullmatch(subject) else subject


def _keeps_heads(at: Visit) -> bool:
    settings = at.app.settings
    return settings.audit_heads_file is not None or settings.audit_heads_url is not None


def _fault(at: Visit, verdict: AuditVerdict) -> str:
    return filled(word("trail_fault", verdict.cause, at.language), verdict.facts, at.language)
