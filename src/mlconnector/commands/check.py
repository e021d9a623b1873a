"""The command check: what DATEV would object to in EXTF files, ours or anybody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

import mlconnector
from mlconnector.commands.output import (
    AsJson,
    Exit,
    Spoken,
    answered,
    application,
    complaints,
    console,
    heading,
    os_reason,
    paragraph,
    phrase,
    print_json,
    say,
    spoken_language,
)
from mlconnector.flow.agree import check_settings
from mlconnector.formats.extf import (
    REJECTED,
    SEVERITY_NAMES,
    ClientSettings,
    Finding,
    check,
    rule_page,
    rules,
    sarif,
)
from mlconnector.formats.extf.rules import ROUTE_NAMES
from mlconnector.texts.language import Language

Format = Literal["text", "json", "sarif"]


def check_files(
    files: Annotated[list[Path] | None, typer.Argument()] = None,
    chart: Annotated[str | None, typer.Option()] = None,
    account_length: Annotated[int | None, typer.Option(min=4, max=8)] = None,
    fiscal_year_start: Annotated[int | None, typer.Option(min=1, max=12)] = None,
    connection: Annotated[str | None, typer.Option()] = None,
    form: Annotated[Format, typer.Option("--format")] = "text",
    json: AsJson = False,
    spoken: Spoken = None,
    rule: Annotated[str | None, typer.Option("--explain")] = None,
) -> None:
    """Report what DATEV would object to in EXTF files."""
    with answered():
        words = spoken_language(spoken)
        if rule is not None:
            _explain(rule, words, json=json)
            return
        if not files:
            raise typer.BadParameter(phrase("files_wanted"))
        client = _client(chart, account_length, fiscal_year_start, connection)
        count: Counter[str] = Counter()
        unread: dict[Path, str] = {}
        found = _counted(_findings(files, client, unread), count)
        wanted: Format = "json" if json else form
        if wanted == "sarif":
            named = ((quote(file.as_posix()), finding) for file, finding in found)
            print_json(sarif(named, version=mlconnector.__version__, language=words))
        elif wanted == "json":
            _print_json(files, found, count, unread, words)
        else:
            for file, finding in found:
                _show(file, finding, words)
            say(
                "files_checked",
                files=len(files) - len(unread),
                online=count["rejected_online"],
                on_import=count["rejected_import"],
                changed=count["changed"],
                doubtful=count["doubtful"],
            )
        for file, reason in unread.items():
            paragraph(phrase("file_unread", file=file, reason=reason), to=complaints, style="bold")
        if unread or any(count[severity] for severity in REJECTED):
            raise typer.Exit(Exit.PROBLEMS)


def _client(
    chart: str | None, account_length: int | None, fiscal_year_start: int | None, connection: str | None
) -> ClientSettings:
    """What is known of the client: a connection's books, or what the options say."""
    stated = (chart, account_length, fiscal_year_start)
    if connection is not None:
        if any(one is not None for one in stated):
            raise typer.BadParameter(phrase("connection_has_books"))
        with application() as app:
            return check_settings.of_rules(app.services.rules(connection))
    named = (chart or "").upper().removeprefix("SKR")
    if named not in ("", "03", "04"):
        raise typer.BadParameter(phrase("chart_unknown", chart=chart))
    return check_settings.given(named, account_length, fiscal_year_start)


def _findings(
    files: list[Path], client: ClientSettings, unread: dict[Path, str]
) -> Iterator[tuple[Path, Finding]]:
    """The findings of every file that can be read; of the others the reason goes to `unread`."""
    for file in files:
        try:
            stream = file.open("rb")
        except OSError as error:
            unread[file] = os_reason(error)
            continue
        with stream:
            settings = check_settings.of_file(stream, client)
            for finding in check(stream, file_name=file.name, settings=settings):
                yield file, finding


def _counted(found: Iterator[tuple[Path, Finding]], count: Counter[str]) -> Iterator[tuple[Path, Finding]]:
    for file, finding in found:
        count[finding.severity] += 1
        yield file, finding


def _print_json(
    files: list[Path],
    found: Iterator[tuple[Path, Finding]],
    count: Counter[str],
    unread: Mapping[Path, str],
    words: Language,
) -> None:
    listed = [{"file": str(file), **_as_json(finding, words)} for file, finding in found]
    print_json(
        {
            "files": [str(file) for file in files],
            "unread": {str(file): reason for file, reason in unread.items()},
            "errors": sum(count[severity] for severity in REJECTED),
            "rejected_online": count["rejected_online"],
            "rejected_import": count["rejected_import"],
            "changed": count["changed"],
            "doubtful": count["doubtful"],
            "findings": listed,
        }
    )


def _show(file: Path, finding: Finding, words: Language) -> None:
    said = finding.text(words)
    column = phrase("column", column=finding.column) if finding.column else ""
    name = f" {finding.name}" if finding.name else ""
    severity = SEVERITY_NAMES[words][finding.severity]
    heading(f"{file}:{finding.line}{column}{name}: {severity} {finding.rule}")
    expected = f" ({phrase('expected', expected=finding.expected)})" if finding.expected else ""
    paragraph(f"{finding.value!r}{expected}: {said.title}. {said.reason}", 2)
    paragraph(said.cure, 2)
    paragraph(phrase("holds_for", routes=", ".join(ROUTE_NAMES[words][each] for each in finding.routes)), 2)


def _as_json(finding: Finding, words: Language) -> dict[str, Any]:
    said = finding.text(words)
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "routes": list(finding.routes),
        "line": finding.line,
        "column": finding.column,
        "field": finding.name,
        "value": finding.value,
        "expected": finding.expected,
        "title": said.title,
        "reason": said.reason,
        "cure": said.cure,
    }


def _explain(asked: str, words: Language, *, json: bool) -> None:
    rule_id = asked.strip().upper()
    if rule_id not in rules():
        paragraph(phrase("rule_unknown", rule=asked), to=complaints)
        raise typer.Exit(Exit.WRONG_USE)
    if json:
        print_json({"rule": rule_id, "page": rule_page(rule_id, words)})
        return
    heading(rule_id)
    for part in rule_page(rule_id, words).split("\n\n"):
        paragraph(part.replace("**", "").replace("`", ""), 2)
    console.print()
