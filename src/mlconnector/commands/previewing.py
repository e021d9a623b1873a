"""The command preview: a Buchungsliste of what would be booked."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlconnector.commands.output import AsJson, Exit, answered, application, console, print_json, print_table
from mlconnector.flow.preview import Previewed
from mlconnector.flow.preview import preview as previewed
from mlconnector.texts.catalogue import Language, explain

_COLUMNS = (
    ("Umsatz", "Umsatz (ohne Soll/Haben-Kz)"),
    ("S/H", "Soll/Haben-Kennzeichen"),
    ("WKZ", "WKZ Umsatz"),
    ("BU", "BU-Schlüssel"),
    ("Gegenkonto", "Gegenkonto (ohne BU-Schlüssel)"),
    ("Belegfeld 1", "Belegfeld 1"),
    ("Datum", "Belegdatum"),
    ("Konto", "Konto"),
    ("KOST1", "KOST1 - Kostenstelle"),
    ("Buchungstext", "Buchungstext"),
)


def preview(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    limit: Annotated[int, typer.Option(min=1, help="How many records at most.")] = 20,
    why: Annotated[bool, typer.Option("--why", help="Say for each field why it has its value.")] = False,
    json: AsJson = False,
) -> None:
    """Show what would be booked, as a Buchungsliste. Nothing is stored and nothing is sent.

    Example: ml-connector preview my-pipedrive --limit 10 --why
    """
    with answered(), application() as app:
        found = list(previewed(app.services, name, limit))
        language = app.settings.language
        if json:
            print_json([_as_json(one, language) for one in found])
        else:
            _show(found, language, why=why)
        if any(one.problems for one in found):
            raise typer.Exit(Exit.PROBLEMS)


def _show(found: list[Previewed], language: Language, *, why: bool) -> None:
    rows = [[_cell(row.get(column)) for _, column in _COLUMNS] for one in found for row in one.rows]
    print_table("", [title for title, _ in _COLUMNS], rows)
    for one in found:
        for problem in one.problems:
            words = explain(problem.key, problem.facts, language)
            console.print(f"held: {one.number or one.external_id}: {words.what} {words.do}", markup=False)
        if one.ignored:
            console.print(f"ignored: {one.number or one.external_id}: {one.ignored}", markup=False)
        for change in one.changes:
            console.print(f"changed: {one.number}: {change}", markup=False)
        for reason in one.because if why else ():
            console.print(f"why: {one.number}: {reason.field} = {reason.value}: {reason.rule}", markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return str(value.strftime("%d.%m.%Y"))
    return str(value).replace(".", ",") if hasattr(value, "quantize") else str(value)


def _as_json(one: Previewed, language: Language) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "number": one.number,
        "title": one.title,
        "rows": [{name: str(value) for name, value in row.items()} for row in one.rows],
        "why": [
            {"field": reason.field, "value": reason.value, "rule": reason.rule} for reason in one.because
        ],
        "changes": list(one.changes),
        "ignored": one.ignored,
        "problems": [
            {"cause": problem.cause, "what": explain(problem.key, problem.facts, language).what}
            for problem in one.problems
        ],
    }
