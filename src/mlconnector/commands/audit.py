"""Commands that prove: audit verify, head, seal and show, and http, the log of requests to other systems."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.commands import document
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    heading,
    json_text,
    language,
    named,
    os_reason,
    paragraph,
    phrase,
    print_json,
    print_line,
    say,
    visible,
)
from mlconnector.flow.report import story_lines, trail_export, trail_heads, voucher_story
from mlconnector.mapping.sheets import guarded
from mlconnector.settings import Settings, UnreadableSettings
from mlconnector.store import audit, httplog
from mlconnector.store.audit import Anchor, AuditVerdict
from mlconnector.store.httplog import LogRow
from mlconnector.texts import notation
from mlconnector.texts.catalogue import filled
from mlconnector.texts.zone import shown_in

_TRANSACTION, _GATEWAY = "x-global-transaction-id", "v-cap-request-id"


def audit_verify(
    head: Annotated[
        str | None,
        typer.Option(),
    ] = None,
    file: Annotated[Path | None, typer.Option()] = None,
    json: AsJson = False,
) -> None:
    """Prove that the audit trail is complete and unchanged, or a file that `audit export` has written.

    Heads in the file that the settings name (audit_heads_file) are looked for, too.

    Example: ml-connector audit verify --head heads.txt
    """
    with answered():
        if file is not None:
            anchors = list(_given_anchors(head))
            _tell(_proved(file, anchors), anchors, json=json)
            return
        with application() as app:
            anchors = list(_anchors(app.settings, head))
            _tell(audit.verify(app.database, anchors), anchors, json=json)


def audit_export(target: Annotated[Path, typer.Argument(metavar="FILE")], json: AsJson = False) -> None:
    """Write the whole audit trail into one file that proves itself.

    Example: ml-connector audit export audit-trail.jsonl
    """
    with answered(), application() as app:
        verdict = trail_export.proved(app.services)
        with target.open("w", encoding="utf-8", newline="") as out:
            out.writelines(trail_export.lines(app.services, verdict))
        if json:
            print_json({"file": str(target), "rows": verdict.rows, "head": verdict.head, "ok": verdict.ok})
            if not verdict.ok:
                raise typer.Exit(Exit.PROBLEMS)
            return
        say("wrote", file=target)
        _tell(verdict, (), json=False)


def _proved(file: Path, anchors: Sequence[Anchor]) -> AuditVerdict:
    try:
        with file.open(encoding="utf-8") as rows:
            return trail_export.verify(rows, anchors)
    except (OSError, UnicodeDecodeError) as error:
        why = os_reason(error) if isinstance(error, OSError) else phrase("no_trail")
        raise UnreadableSettings(str(file), None, why) from error
    except trail_export.NoTrail as error:
        raise UnreadableSettings(str(file), int(str(error)), phrase("no_trail")) from error


def _tell(verdict: AuditVerdict, anchors: Sequence[Anchor], *, json: bool) -> None:
    """Say whether a trail is whole; ends with 1 where it is not."""
    fault = filled(named("trail_fault", verdict.cause), verdict.facts, language())
    if json:
        print_json(
            {
                "ok": verdict.ok,
                "rows": verdict.rows,
                "head": verdict.head,
                "first_broken": verdict.first_broken,
                "cause": verdict.cause,
                "reason": fault,
                "heads": len(anchors),
                "sealed_anew": [
                    {"row": row.sequence, "at": row.at, **row.detail} for row in verdict.sealed_anew
                ],
            }
        )
    elif verdict.ok:
        say("trail_unbroken", rows=verdict.rows)
        if anchors:
            say("trail_anchored", count=len(anchors))
    else:
        paragraph(phrase("trail_broken", row=verdict.first_broken, reason=fault), to=complaints)
    if not json:
        for row in verdict.sealed_anew:
            facts = {"reason": row.detail.get("reason"), "by": row.detail.get("by")}
            paragraph(phrase("trail_sealed_anew", row=row.sequence, at=row.at, **facts))
    if not verdict.ok:
        raise typer.Exit(Exit.PROBLEMS)


def _anchors(settings: Settings, given: str | None) -> Iterator[Anchor]:
    """The heads that were given, and those that the installation has written down by itself."""
    file = settings.audit_heads_file
    if file is not None and file.exists():
        yield from _kept(file)
    yield from _given_anchors(given)


def _given_anchors(given: str | None) -> Iterator[Anchor]:
    if given is not None:
        anchor = trail_heads.anchor(given)
        yield from _kept(Path(given)) if anchor is None else [anchor]


def _kept(file: Path) -> list[Anchor]:
    try:
        return trail_heads.kept(file)
    except OSError as error:
        raise UnreadableSettings(str(file), None, phrase("unreadable", reason=error.strerror)) from error
    except ValueError as error:
        raise UnreadableSettings(str(file), int(str(error)), phrase("no_head")) from error


def audit_head(json: AsJson = False) -> None:
    """Print the head of the audit trail, to be kept elsewhere.

    Whoever has only the database cannot remove anything unnoticed that stands before a head that is kept.

    Example: ml-connector audit head >> /mnt/elsewhere/heads.txt
    """
    with answered(), application() as app:
        found = trail_heads.head(app.services)
        if json:
            print_json({"at": app.services.now(), "rows": found.sequence, "head": found.hash})
        else:
            print_line(trail_heads.line(app.services, found))


def audit_seal(
    reason: Annotated[str, typer.Option()],
    by: Annotated[str, typer.Option()],
    json: AsJson = False,
) -> None:
    """Let the audit trail go on after its seal was broken or its key was lost.

    What is broken stays broken for `audit verify`; the trail says from which row on it is whole again.

    Example: ml-connector audit seal --reason "master key lost with the old server" --by "A. Admin"
    """
    with answered(), application() as app:
        if not reason.strip() or not by.strip():
            raise UnreadableSettings("--reason, --by", None, phrase("why_and_who"))
        needed = not audit.is_sealed(app.database)
        if needed:
            audit.seal_anew(app.database, app.services.now(), reason.strip(), by.strip())
        if json:
            print_json({"sealed": needed})
        else:
            say("trail_sealed_now" if needed else "trail_is_sealed")


def audit_show(
    voucher: Annotated[str, typer.Argument()],
    connection: Annotated[str | None, typer.Option()] = None,
    json: AsJson = False,
) -> None:
    """Tell one voucher's story, from source to DATEV.

    Example: ml-connector audit show RE-2026-00815
    """
    with answered(), application() as app:
        told = voucher_story.of_voucher(app.services, voucher, connection)
        if json:
            print_json(told)
            return
        state = "reversed" if told["reversed"] else told["state"]
        heading(f"{told['number'] or told['identity']}: {named('state', state)}")
        title = (told["content"] or {}).get("title", "")
        paragraph(" · ".join(part for part in (told["connection"], told["identity"], title) if part), 2)
        if told["link"]:
            print_line(told["link"], 2)
        paragraph(told["reason_in_words"], 2)
        for event in told["events"]:
            at = notation.exact_moment(event["at"], language())
            print_line(f"{at}  {named('event', event['event'])}")
            for line in story_lines.lines_of(event["event"], event["detail"], language()):
                paragraph(line, 4, hanging=4)


def audit_http(
    name: Annotated[str | None, typer.Argument()] = None,
    since: Annotated[str | None, typer.Option()] = None,
    system: Annotated[str | None, typer.Option()] = None,
    errors: Annotated[bool, typer.Option("--errors")] = False,
    as_csv: Annotated[bool, typer.Option("--csv")] = False,
    json: AsJson = False,
) -> None:
    """Show every request to an outside system, in order.

    The settings say how long they are kept (http_log_days, at least 14). Nothing in it is secret; it is
    meant for IT and for DATEV, not for customers.

    Example: ml-connector audit http my-pipedrive --system datev --since 2026-11-01 --csv
    """
    with answered(), application() as app:
        if name is not None:
            app.services.connection(name)
        app.services.http_log.flush()
        with app.database.read() as db:
            rows = httplog.chronological(
                db, since=_moment(since), name=name, system=system, only_errors=errors
            )
            if json:
                _print_rows(rows)
            elif as_csv:
                _print_csv(rows)
            else:
                _print_lines(rows)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableSettings("--since", None, phrase("not_a_moment", text=text)) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=shown_in())


def _as_fields(row: LogRow) -> dict[str, Any]:
    """A request with everything that DATEV wants to be kept of it."""
    return {
        "sent_at": (row.at - timedelta(milliseconds=row.milliseconds)).isoformat(timespec="milliseconds"),
        "connection": row.connection,
        "system": row.system,
        "method": row.method,
        "url": row.url,
        "request_headers": row.request_headers,
        "answered_at": row.at.isoformat(timespec="milliseconds"),
        "milliseconds": row.milliseconds,
        "status": row.status,
        "transaction_id": row.response_headers.get(_TRANSACTION, ""),
        "gateway_request_id": row.response_headers.get(_GATEWAY, ""),
        "response_headers": row.response_headers,
        "body": row.body,
        "error": row.error,
    }


def _print_rows(rows: Iterator[LogRow]) -> None:
    """One list; only one row is held in memory."""
    with document.spooled() as out:
        out.write("[")
        for number, row in enumerate(rows):
            out.write(",\n" if number else "\n")
            out.write(json_text(_as_fields(row)))
        out.write("\n]\n")


def _print_csv(rows: Iterator[LogRow]) -> None:
    writer = csv.writer(sys.stdout)
    for number, row in enumerate(rows):
        fields = _as_fields(row)
        if not number:
            writer.writerow(fields)
        writer.writerow([_cell(value) for value in fields.values()])


def _cell(value: Any) -> str:
    """A value that no spreadsheet takes for a formula."""
    text = json_text(value) if isinstance(value, dict) else str(value or "")
    return guarded(visible(text))


def _print_lines(rows: Iterator[LogRow]) -> None:
    count = 0
    for row in rows:
        count += 1
        outcome = str(row.status) if row.status is not None else phrase("no_answer")
        sent = f"{row.method} {row.url}"
        at = notation.exact_moment(row.at, language())
        print_line(f"{at}  {outcome}  {sent}  {row.milliseconds} ms")
        for part in (row.response_headers.get(_TRANSACTION, ""), row.body, row.error):
            if part and (row.status is None or row.status >= 400):
                print_line(part, 4)
    if not count:
        say("no_requests")
