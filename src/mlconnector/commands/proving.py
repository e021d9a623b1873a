"""Commands that prove: audit verify, audit show, and check of any EXTF file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
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
from mlconnector.flow import stories
from mlconnector.formats.extf import Finding, check
from mlconnector.settings import UnreadableSettings
from mlconnector.store import audit
from mlconnector.texts.catalogue import Language

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
        story = stories.of_voucher(app.services, voucher, connection)
        if json:
            print_json(story)
            return
        heading(f"{story['number'] or story['identity']}: {named('state', story['state'])}")
        title = (story["content"] or {}).get("title", "")
        paragraph(" · ".join(part for part in (story["connection"], story["identity"], title) if part), 2)
        if story["reason"]:
            paragraph(story["reason"], 2)
        for event in story["events"]:
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
    if isinstance(value, Mapping) and "before" in value:
        return f"{value['field']}: {value['before']} → {value['after']} ({value['reason']})"
    return str(value)


def check_files(
    files: Annotated[list[Path], typer.Argument(help="EXTF files, ours or anybody's.")],
    json: AsJson = False,
    spoken: Annotated[
        str | None, typer.Option("--language", help="de or en, instead of the settings'.")
    ] = None,
) -> None:
    """Report what DATEV would object to in EXTF files.

    For each fault: line, column, value, rule, cure. Needs no connection.

    Example: ml-connector check EXTF_Buchungsstapel.csv
    """
    with answered():
        words = language() if spoken is None else _spoken(spoken)
        found = [one for file in files for one in _findings(file, words)]
        rejected = sum(one["severity"] == "rejected" for one in found)
        if json:
            print_json({"files": [str(file) for file in files], "errors": rejected, "findings": found})
        else:
            for one in found:
                _show(one)
            say("files_checked", files=len(files), errors=rejected, remarks=len(found) - rejected)
        if rejected:
            raise typer.Exit(Exit.PROBLEMS)


def _spoken(text: str) -> Language:
    if text == "de":
        return "de"
    if text == "en":
        return "en"
    raise UnreadableSettings("--language", None, f"de / en, not {text}")


def _show(one: Mapping[str, Any]) -> None:
    column = phrase("column", column=one["column"]) if one["column"] else ""
    heading(f"{one['file']}:{one['line']}{column}: {one['severity']} {one['rule']}")
    paragraph(f"{one['value']!r}: {one['reason']}", 2)
    paragraph(one["cure"], 2)


def _findings(file: Path, words: Language) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        for finding in check(stream, file_name=file.name):
            yield {"file": str(file), **_as_json(finding, words)}


def _as_json(finding: Finding, spoken: Language) -> dict[str, Any]:
    words = finding.text(spoken)
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "line": finding.line,
        "column": finding.column,
        "field": finding.name,
        "value": finding.value,
        "expected": finding.expected,
        "title": words.title,
        "reason": words.reason,
        "cure": words.cure,
    }
