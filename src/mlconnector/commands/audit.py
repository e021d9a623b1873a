"""Commands that prove: audit verify and audit show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    console,
    heading,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    say,
)
from mlconnector.flow.report import voucher_story
from mlconnector.store import audit
from mlconnector.texts.catalogue import reason

# Of hashes people compare the beginning; JSON has all of them.
_HASHES = frozenset({"revision", "before", "sha256"})
_HASH_SHOWN = 16


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
            console.print(Text(f"{event['at']:%Y-%m-%d %H:%M:%S} UTC  {named('event', event['event'])}"))
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
