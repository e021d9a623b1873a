"""The command audit http: the technical log of all requests to outside systems, for people and programs."""

from __future__ import annotations

import csv
import json as json_format
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from mlconnector.commands.output import AsJson, answered, application, console, phrase
from mlconnector.mapping.sheets import guarded
from mlconnector.settings import UnreadableSettings
from mlconnector.store import httplog
from mlconnector.store.httplog import LogRow

_TRANSACTION, _GATEWAY = "x-global-transaction-id", "v-cap-request-id"
_URL_SHOWN = 90


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
                _print_json(rows)
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
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_fields(row: LogRow) -> dict[str, Any]:
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


def _print_json(rows: Iterator[LogRow]) -> None:
    """One list, written row by row."""
    sys.stdout.write("[")
    for number, row in enumerate(rows):
        sys.stdout.write(",\n" if number else "\n")
        sys.stdout.write(json_format.dumps(as_fields(row), ensure_ascii=False))
    sys.stdout.write("\n]\n")


def _print_csv(rows: Iterator[LogRow]) -> None:
    writer = csv.writer(sys.stdout)
    for number, row in enumerate(rows):
        fields = as_fields(row)
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
        url = row.url if len(row.url) <= _URL_SHOWN else f"{row.url[:_URL_SHOWN]}…"
        line = f"{row.at:%Y-%m-%d %H:%M:%S} UTC  {outcome}  {row.method} {url}  {row.milliseconds} ms"
        console.print(Text(line))
        for part in (row.response_headers.get(_TRANSACTION, ""), row.body, row.error):
            if part and (row.status is None or row.status >= 400):
                console.print(Text(f"    {part}"))
    if not count:
        console.print(phrase("no_requests"), markup=False)
