"""The command preview: a Buchungsliste of what would be booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    for_connection,
    language,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.flow.preview import Previewed
from mlconnector.flow.preview import preview as previewed
from mlconnector.texts.catalogue import Language, explain

_AMOUNT = "Umsatz (ohne Soll/Haben-Kz)"
_SIDE = "Soll/Haben-Kennzeichen"
_CURRENCY = "WKZ Umsatz"
# A column that has nothing else is left out.
_TAKEN_FOR_GRANTED = frozenset({"", "EUR"})
_COLUMNS = (
    ("Umsatz", _AMOUNT),
    ("S/H", _SIDE),
    ("WKZ", _CURRENCY),
    ("BU", "BU-Schlüssel"),
    ("Gegenkto", "Gegenkonto (ohne BU-Schlüssel)"),
    ("Belegfeld 1", "Belegfeld 1"),
    ("Datum", "Belegdatum"),
    ("Konto", "Konto"),
    ("KOST1", "KOST1 - Kostenstelle"),
    ("Buchungstext", "Buchungstext"),
)


def preview(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    wanted: Annotated[
        list[str] | None, typer.Argument(help="Only these vouchers, by number, external id or key.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many records at most.")] = 20,
    why: Annotated[bool, typer.Option("--why", help="Say for each field why it has its value.")] = False,
    json: AsJson = False,
) -> None:
    """Show what would be booked, as a Buchungsliste.

    New and changed records come first, then those that wait. Nothing is stored and nothing is sent;
    documents and fiscal years are checked by the run itself.

    Example: ml-connector preview my-pipedrive --limit 10 --why
    """
    with answered(), application() as app:
        found = list(previewed(app.services, name, limit, wanted or ()))
        if json:
            print_json([_as_json(one, app.settings.language) for one in found])
        elif not found:
            say("nothing_to_preview")
        else:
            _show(name, found, why=why)
        if any(one.problems for one in found):
            raise typer.Exit(Exit.PROBLEMS)


def _show(name: str, found: Sequence[Previewed], *, why: bool) -> None:
    spoken = language()
    rows = [[_cell(row.get(column), spoken) for _, column in _COLUMNS] for one in found for row in one.rows]
    if rows:
        used = [at for at in range(len(_COLUMNS)) if {row[at] for row in rows} - _TAKEN_FOR_GRANTED]
        columns = [_COLUMNS[at][0] for at in used]
        print_table(columns, [[row[at] for at in used] for row in rows], right={0}, shorten=True)
    for one in found:
        label = one.number or one.external_id
        for problem in one.problems:
            words = explain(problem.key, problem.facts, spoken)
            cure = for_connection(f"{words.what} {words.do}", name, problem.cause)
            _line("held", label, cure)
        if one.ignored:
            _line("ignored", label, one.ignored)
        for change in one.changes:
            _line("changed_text", label, change)
        for reason in one.because if why else ():
            _line("why", label, f"{reason.field} = {reason.value}: {reason.rule}")
    _show_totals(found, spoken)


def _line(key: str, label: str, text: str) -> None:
    paragraph(f"{phrase(key)}: {label}: {text}", hanging=4)


def _show_totals(found: Sequence[Previewed], spoken: Language) -> None:
    rows = [row for one in found for row in one.rows]
    paragraph(
        phrase(
            "preview_totals",
            count=len(found),
            rows=len(rows),
            debit=_sums(rows, "S", spoken),
            credit=_sums(rows, "H", spoken),
            changes=sum(len(one.changes) for one in found) or None,
            held=sum(bool(one.problems) for one in found) or None,
            ignored=sum(bool(one.ignored) for one in found) or None,
        )
    )


def _sums(rows: Sequence[Mapping[str, Any]], side: str, spoken: Language) -> str:
    """What the rows of one side add up to, for each currency."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row[_SIDE] == side:
            currency = str(row.get(_CURRENCY, ""))
            sums[currency] = sums.get(currency, Decimal(0)) + row[_AMOUNT]
    return " + ".join(f"{_cell(total, spoken)} {currency}" for currency, total in sorted(sums.items()))


def _cell(value: Any, spoken: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d.%m.%y}"
    if isinstance(value, Decimal):
        english = f"{value:,.2f}"
        return english if spoken == "en" else english.translate(str.maketrans(",.", ".,"))
    return str(value)


def _as_json(one: Previewed, spoken: Language) -> dict[str, Any]:
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
            {
                "cause": problem.cause,
                "what": explain(problem.key, problem.facts, spoken).what,
                "do": explain(problem.key, problem.facts, spoken).do,
            }
            for problem in one.problems
        ],
    }
