"""Commands that look after what waits and prove what happened: inbox, replay, ignore, audit, check."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    console,
    print_json,
    print_table,
)
from mlconnector.flow import inbox, overview, stories
from mlconnector.formats.extf import Finding, check
from mlconnector.store import audit
from mlconnector.texts.catalogue import Language

Connection = Annotated[str, typer.Argument(help="Name of the connection.")]


def show_inbox(
    name: Annotated[str | None, typer.Argument(help="Only this connection.")] = None, json: AsJson = False
) -> None:
    """Show why vouchers wait, grouped by cause, each with its cure.

    Example: ml-connector inbox
    """
    with answered(), application() as app:
        found = overview.problems(app.services, name)
        if json:
            print_json(found)
        elif not found:
            console.print("nothing waits")
        for number, one in enumerate([] if json else found, start=1):
            console.print(f"\n[bold]{number}. {one['count']} × {escape(one['what'])}[/bold]")
            for part in (one["why"], one["do"], one["who"] and f"({one['who']})"):
                if part:
                    console.print(f"   {part}", markup=False)
            console.print(
                f"   ml-connector replay {one['connection']} --cause '{one['cause']}'", markup=False
            )
        if found:
            raise typer.Exit(Exit.PROBLEMS)


def replay(
    name: Connection,
    wanted: Annotated[
        list[str] | None, typer.Argument(help="Vouchers by number, external id or key.")
    ] = None,
    cause: Annotated[str | None, typer.Option(help="All vouchers that wait for this cause.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All vouchers that wait.")] = False,
    json: AsJson = False,
) -> None:
    """Let waiting vouchers go on after the fix; the next run reads them again and decides them anew.

    Example: ml-connector replay my-pipedrive --cause country_missing:party_id=organization/17
    """
    with answered(), application() as app:
        if sum([bool(wanted), cause is not None, everything]) != 1:
            raise typer.BadParameter("say which: vouchers, --cause or --all")
        count = inbox.replay(app.services, name, wanted or [], cause, getpass.getuser())
        if json:
            print_json({"connection": name, "replayed": count})
        else:
            console.print(f"{count} vouchers go on with the next run: ml-connector run {name}")


def ignore(
    name: Connection,
    voucher: Annotated[str, typer.Argument(help="Voucher by number, external id or key.")],
    reason: Annotated[str, typer.Option(help="Why it is left out; kept in the audit trail.")],
) -> None:
    """Leave a waiting voucher out for good, with a reason.

    Example: ml-connector ignore my-pipedrive RE-2026-00815 --reason "booked by hand"
    """
    with answered(), application() as app:
        inbox.ignore(app.services, name, voucher, reason, getpass.getuser())
        console.print(f"{voucher}: left out")


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
                    "first_broken": verdict.first_broken,
                    "reason": verdict.reason,
                }
            )
        elif verdict.ok:
            console.print(f"the audit trail is unbroken: {verdict.rows} rows")
        else:
            complaints.print(f"the audit trail is broken at row {verdict.first_broken}: {verdict.reason}")
        if not verdict.ok:
            raise typer.Exit(Exit.PROBLEMS)


def audit_show(
    voucher: Annotated[str, typer.Argument(help="Voucher by number, external id or key.")],
    json: AsJson = False,
) -> None:
    """Tell one voucher's story, from the source field to DATEV's answer.

    Example: ml-connector audit show RE-2026-00815
    """
    with answered(), application() as app:
        story = stories.of_voucher(app.services, voucher)
        if json:
            print_json(story)
            return
        console.print(
            f"[bold]{escape(str(story['number']))}[/bold] "
            f"{story['connection']} {escape(story['identity'])} ({story['state']})"
        )
        rows = [(event["at"], event["event"], _detail(event["detail"])) for event in story["events"]]
        print_table("", ["When", "What", "Detail"], rows)


def _detail(detail: dict[str, Any]) -> str:
    lines = []
    for name, value in detail.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  {one}" for one in value)]
        elif value not in (None, "", {}):
            lines.append(f"{name}: {value}")
    return "\n".join(lines)


def check_files(
    files: Annotated[list[Path], typer.Argument(help="EXTF files, ours or anybody's.")],
    json: AsJson = False,
    language: Annotated[str, typer.Option(help="de or en")] = "en",
) -> None:
    """Report what DATEV would object to in EXTF files: line, column, value, rule, cure.

    Example: ml-connector check EXTF_Buchungsstapel.csv
    """
    with answered():
        words: Language = "de" if language == "de" else "en"
        found = [one for file in files for one in _findings(file, words)]
        rejected = sum(one["severity"] == "rejected" for one in found)
        if json:
            print_json({"files": [str(file) for file in files], "errors": rejected, "findings": found})
        else:
            for one in found:
                place = f"{one['file']}:{one['line']}" + (
                    f", column {one['column']}" if one["column"] else ""
                )
                console.print(
                    f"{escape(place)}: [bold]{one['severity']}[/bold] {one['rule']}", highlight=False
                )
                console.print(f"  {one['value']!r}: {one['reason']}", markup=False)
                console.print(f"  {one['cure']}", markup=False)
            console.print(f"{len(files)} files, {rejected} errors, {len(found) - rejected} remarks")
        if rejected:
            raise typer.Exit(Exit.PROBLEMS)


def _findings(file: Path, language: Language) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        for finding in check(stream, file_name=file.name):
            yield {"file": str(file), **_as_json(finding, language)}


def _as_json(finding: Finding, language: Language) -> dict[str, Any]:
    words = finding.text(language)
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
