"""The command for master data: persons shows debtors and creditors, and approves what waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from mlconnector.app import Application
from mlconnector.commands.exports import AsCsv, AsXlsx, export
from mlconnector.commands.list_import import AppliedAtOnce, By, agreed_to, not_applied
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    heading,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.agree.consent import WANTS_CONSENT, Difference, approve, differences
from mlconnector.flow.report.spreadsheets import Cell


def persons(
    name: Annotated[str, typer.Argument()],
    waiting: Annotated[bool, typer.Option("--waiting")] = False,
    approved: Annotated[
        list[str] | None,
        typer.Option("--approve"),
    ] = None,
    everything: Annotated[bool, typer.Option("--approve-all")] = False,
    yes: AppliedAtOnce = False,
    by: By = "",
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Show debtors and creditors as DATEV gets them."""
    with answered(), application() as app:
        if approved or everything:
            _let_go(app, name, _wanted(app, name, approved), by or somebody(), yes=yes, json=json)
            return
        found = differences(app.context(name), WANTS_CONSENT if waiting else None)
        written = export(csv, xlsx, phrase("numbers_sheet"), _columns(), list(_cells(found)))
        if json:
            print_json([_plain(one) for one in found])
        elif not found:
            say("no_persons_waiting" if waiting else "no_persons", name=name)
        elif not written:
            _show(name, found)


def _wanted(app: Application, name: str, numbers: Sequence[str] | None) -> list[Difference]:
    """The accounts to let go: those named, or all that wait."""
    found = differences(app.context(name), WANTS_CONSENT)
    if not numbers:
        return found
    others = sorted(set(numbers) - {one.number for one in found})
    if others:
        words = phrase("persons_not_waiting", numbers=", ".join(others))
        raise typer.BadParameter(words, param_hint="--approve")
    return [one for one in found if one.number in numbers]


def _let_go(
    app: Application, name: str, shown: Sequence[Difference], by: str, *, yes: bool, json: bool
) -> None:
    """Let accounts go once their difference was shown and somebody agreed."""
    if not json:
        for one in shown:
            _show_difference(one)
        _say_what_is_unknown(shown)
        if not shown:
            say("no_persons_waiting", name=name)
            return
    gone: list[str] = []
    if shown and (yes if json else agreed_to(yes=yes)):
        gone = approve(app.context(name), shown, by, somebody())
    elif not json:
        not_applied()
    left = len(shown) - len(gone)
    if json:
        print_json({"connection": name, "approved": gone, "persons": [_plain(one) for one in shown]})
    else:
        if gone:
            say("persons_approved", name=name, count=len(gone))
        if left:
            paragraph(phrase("persons_changed_meanwhile", count=left))
    if left:
        raise typer.Exit(Exit.PROBLEMS)


def _show(name: str, found: Sequence[Difference]) -> None:
    """All accounts in a table, and beneath it what is still to be sent of them."""
    columns = [phrase("heading_account"), phrase("heading_state"), phrase("heading_name")]
    rows = [(one.number, named("person_record", one.state), one.name) for one in found]
    print_table(columns, rows)
    for one in found:
        if one.fields:
            _show_difference(one)
    _say_what_is_unknown(found)
    waiting = [one for one in found if one.state in WANTS_CONSENT]
    if waiting:
        say("then_approve", name=name, number=waiting[0].number)


def _show_difference(one: Difference) -> None:
    heading(f"{one.number} {one.name}: {named('person_record', one.state)}")
    for column, before, after in one.fields:
        paragraph(phrase("field_difference", field=column, before=_before(one, before), after=after), 2)


def _before(one: Difference, before: str) -> str:
    """What DATEV has now, as far as we know."""
    return before if one.was_sent or one.is_new else "?"


def _say_what_is_unknown(found: Sequence[Difference]) -> None:
    if any(one.fields and not one.was_sent and not one.is_new for one in found):
        paragraph(phrase("before_is_unknown"))


def _columns() -> list[str]:
    return [
        phrase("heading_account"),
        phrase("heading_name"),
        phrase("heading_state"),
        phrase("heading_field"),
        phrase("heading_before"),
        phrase("heading_after"),
    ]


def _cells(found: Sequence[Difference]) -> Iterator[Sequence[Cell]]:
    """A row for each column that differs; an account without a difference has one row all the same."""
    for one in found:
        for column, before, after in one.fields or (("", "", ""),):
            state = named("person_record", one.state)
            yield [one.number, one.name, state, column, _before(one, before) if column else "", after]


def _plain(one: Difference) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "state": one.state,
        "is_new": one.is_new,
        "was_sent": one.was_sent,
        "difference": [
            {"field": column, "before": before, "after": after} for column, before, after in one.fields
        ],
    }
