"""Commands for a client's own chart of accounts: chart import and chart export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconnector.app import Application
from mlconnector.commands.exports import AsCsv, AsXlsx, export
from mlconnector.commands.list_import import (
    AppliedAtOnce,
    By,
    agreed_to,
    applied_json,
    content_of,
    not_applied,
    refuse,
    show_part,
)
from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.agree import own_chart
from mlconnector.flow.agree.own_chart import ChartProposal
from mlconnector.flow.context.settings import ClientBooks, read_books
from mlconnector.mapping.list_entries import CHART_COLUMNS
from mlconnector.settings import UnreadableSettings
from mlconnector.store.chart_accounts import ChartAccount

_FILE = ".toml"


def chart_import(
    name: Annotated[str, typer.Argument()],
    file: Annotated[Path, typer.Argument()],
    yes: AppliedAtOnce = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Import a client's own chart of accounts."""
    with answered(), application() as app:
        proposal = own_chart.propose(app.services, _books(app, name), content_of(file))
        if proposal.faults:
            refuse(name, file, proposal.faults, json=json)
        if not json:
            _show(proposal)
        applied = proposal.changes_something and (yes if json else agreed_to(yes=yes))
        if applied:
            own_chart.apply(app.services, proposal, by or somebody(), file.name)
        if json:
            data = own_chart.as_data(proposal)
            applied_json(data, applied=applied, open_changes=proposal.changes_something)
        elif applied:
            say("chart_applied", client=proposal.books.client, count=len(proposal.after))
        elif proposal.changes_something:
            not_applied()


def chart_export(
    name: Annotated[str, typer.Argument()],
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Write the chart of accounts, or a form for one."""
    with answered(), application() as app:
        found = own_chart.exported(app.context(name))
        rows = [_row(one) for one in found]
        written = export(csv, xlsx, phrase("chart_sheet"), _columns(), rows)
        if json:
            print_json([dict(zip(CHART_COLUMNS, one.content, strict=True)) for one in found])
        elif not written:
            print_table(_columns(), rows)


def _books(app: Application, name: str) -> ClientBooks:
    if not name.endswith(_FILE):
        return own_chart.books_of(app.context(name))
    try:
        text = content_of(Path(name)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableSettings(name, None, phrase("unreadable", reason="UTF-8")) from error
    return read_books(text, name)


def _show(proposal: ChartProposal) -> None:
    show_part(phrase("new_accounts"), _columns(), [_row(one) for one in proposal.new])
    changed = [row for old, new in proposal.changed for row in _change(old, new)]
    columns = [phrase("heading_account"), phrase("heading_before"), phrase("heading_after")]
    show_part(phrase("changed_accounts"), columns, changed)
    show_part(phrase("gone_accounts"), _columns(), [_row(one) for one in proposal.gone])
    left = [(one.number, one.name) for one in proposal.left_out]
    show_part(phrase("persons_left_out"), _columns()[:2], left)
    if proposal.unknown_columns:
        paragraph(phrase("columns_left_out", columns=", ".join(proposal.unknown_columns)), hanging=2)
    if proposal.without_function:
        paragraph(phrase("without_function", count=proposal.without_function), hanging=2)
    if not proposal.changes_something:
        say("no_difference")


def _columns() -> list[str]:
    return [
        phrase("heading_account"),
        phrase("heading_name"),
        phrase("heading_function"),
        phrase("heading_tax_case"),
    ]


def _row(one: ChartAccount) -> list[str]:
    function = named("function", one.function) if one.function else ""
    return [one.number, one.name, function, one.tax_case]


def _change(old: ChartAccount, new: ChartAccount) -> list[tuple[str, str, str]]:
    pairs = zip(_row(old)[1:], _row(new)[1:], strict=True)
    return [(new.number, before or "–", after or "–") for before, after in pairs if before != after]
