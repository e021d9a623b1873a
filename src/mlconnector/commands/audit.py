"""Commands that prove: audit verify, audit show, and audit http, the log of requests to outside systems."""

from __future__ import annotations

import csv
import json as json_format
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
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
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_line,
    say,
)
from mlconnector.flow.report import voucher_story
from mlconnector.mapping.sheets import guarded
from mlconnector.settings import UnreadableSettings
from mlconnector.store import audit, httplog
from mlconnector.store.httplog import LogRow
from mlconnector.texts import notation
from mlconnector.texts.catalogue import reason
from mlconnector.texts.zone import shown_in

# Of hashes people compare the beginning; JSON has all of them.
_HASHES = frozenset({"revision", "before", "sha256"})
_HASH_SHOWN = 16
_TRANSACTION, _GATEWAY = "x-global-transaction-id", "v-cap-request-id"


def audit_verify(json: AsJson = False) -> None:
    """Prove that the audit trail is complete and unchanged.

    Example: ml-connector audit verify
    """
    with answered(), application() as app:
        verdict = audit.verify(app.database)
        if json:
            print_json(
                {
                    "ok": verdict.ok,
                    "rows": verdict.rows,
                    "head": verdict.head,
                    "first_broken": verdict.first_broken,
                    "reason": verdict.reason,
                }
            )
        elif verdict.ok:
            say("trail_unbroken", rows=verdict.rows)
        else:
            paragraph(phrase("trail_broken", row=verdict.first_broken, reason=verdict.reason), to=complaints)
        if not verdict.ok:
            raise typer.Exit(Exit.PROBLEMS)


def audit_show(
    voucher: Annotated[str, typer.Argument(help="Voucher by number, external id or key.")],
    connection: Annotated[
        str | None, typer.Option(help="Only this connection, where several have such a voucher.")
    ] = None,
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
        heading(f"{told['number'] or told['identity']}: {named('state', told['state'])}")
        title = (told["content"] or {}).get("title", "")
        paragraph(" · ".join(part for part in (told["connection"], told["identity"], title) if part), 2)
        if told["reason"]:
            paragraph(told["reason"], 2)
        for event in told["events"]:
            at = notation.exact_moment(event["at"], language())
            print_line(f"{at}  {named('event', event['event'])}")
            for line in _lines(event["detail"]):
                paragraph(line, 4, hanging=4)


def _lines(detail: Mapping[str, Any]) -> Iterator[str]:
    """What an event's detail says, line by line; what says nothing is left out."""
    for name, value in detail.items():
        label = named("detail", name)
        if value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            yield f"{label}: " + ", ".join(f"{key} {inner}" for key, inner in value.items())
        elif isinstance(value, list):
            yield from (f"{label}: {_one(inner)}" for inner in value)
        elif name in _HASHES:
            yield f"{label}: {str(value)[:_HASH_SHOWN]}…"
        else:
            yield f"{label}: {value}"


def _one(value: Any) -> str:
    if isinstance(value, Mapping) and "rule" in value:
        why = reason(value["rule"], value.get("facts", {}), language())
        return f"{named('field', value['field'])} = {value['value']}: {why}"
    if isinstance(value, Mapping) and "before" in value:
        return f"{value['field']}: {value['before']} → {value['after']} ({value['reason']})"
    return str(value)


def audit_http(
    name: Annotated[str | None, typer.Argument(help="Only this connection.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From this moment on, as 2026-11-01 or 2026-11-01T12:00, in UTC.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="Only this system, e.g. datev.")] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Only what was refused, failed or unanswered.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
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
            out.write(json_format.dumps(_as_fields(row), ensure_ascii=False))
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
    text = json_format.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value or "")
    return guarded(text)


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
