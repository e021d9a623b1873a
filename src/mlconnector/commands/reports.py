"""Commands that report what was transferred: open items, completeness, balances, costs, the VAT check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.commands import document
from mlconnector.commands.exports import AsCsv, AsXlsx, say_written, write_csv, write_sheets
from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    heading,
    language,
    paragraph,
    phrase,
    print_json,
    print_line,
    print_table,
)
from mlconnector.commands.voucher_rows import OfPeriod
from mlconnector.flow.report import report_data
from mlconnector.flow.report.completeness_report import completeness_of
from mlconnector.flow.report.ledger_reports import balances_of, costs_of, open_items_of
from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.spreadsheets import Cell, Sheet
from mlconnector.flow.report.told_reports import (
    ToldReport,
    balances_told,
    completeness_told,
    costs_told,
    open_items_told,
    vat_told,
)
from mlconnector.flow.report.vat_check import vat_of
from mlconnector.texts import notation

Name = Annotated[str, typer.Argument()]
OfClient = Annotated[bool, typer.Option("--client")]
_STANDARD_OUTPUT = Path("-")


def report_opos(
    name: Name,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY")] = None,
    planned: Annotated[bool, typer.Option("--planned")] = False,
    all_items: Annotated[bool, typer.Option("--all-items")] = False,
    whole_client: OfClient = False,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Show the open items of debtors and creditors."""
    asked = _Asked(csv, xlsx, json)
    with answered(), application() as app:
        app.services.connection(name)
        day = None if on is None else on.date()
        report = open_items_of(
            app.services, name, on=day, planned=planned, all_items=all_items, whole_client=whole_client
        )
        data = report_data.open_item_data(report) if json else {}
        asked.tell(open_items_told(report, language()), data)
        if report.not_counted.planned and not planned and asked.is_shown:
            paragraph(phrase("report_planned_counts"))


def report_completeness(
    name: Name,
    period: OfPeriod = None,
    whole_client: OfClient = False,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Compare what the source has with what was sent and accepted."""
    asked = _Asked(csv, xlsx, json)
    with answered(), application() as app:
        app.services.connection(name)
        report = completeness_of(app.services, name, period=period, whole_client=whole_client)
        data = report_data.completeness_data(report, language()) if json else {}
        asked.tell(completeness_told(report, language()), data)


def report_balances(
    name: Name,
    period: OfPeriod = None,
    whole_client: OfClient = False,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Show sums and balances of the accounts."""
    asked = _Asked(csv, xlsx, json)
    with answered(), application() as app:
        app.services.connection(name)
        report = balances_of(app.services, name, period=period, whole_client=whole_client)
        asked.tell(balances_told(report, language()), report_data.balance_data(report) if json else {})


def report_costs(
    name: Name,
    period: OfPeriod = None,
    whole_client: OfClient = False,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Show what purchases cost, by cost centre."""
    asked = _Asked(csv, xlsx, json)
    with answered(), application() as app:
        app.services.connection(name)
        report = costs_of(app.services, name, period=period, whole_client=whole_client)
        asked.tell(costs_told(report, language()), report_data.cost_data(report) if json else {})


def report_vat(
    name: Name,
    period: OfPeriod = None,
    whole_client: OfClient = False,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Check the tax of each tax case: base times rate against the tax in the rows."""
    asked = _Asked(csv, xlsx, json)
    with answered(), application() as app:
        app.services.connection(name)
        report = vat_of(app.services, name, period=period, whole_client=whole_client)
        asked.tell(vat_told(report, language()), report_data.vat_data(report) if json else {})


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where somebody wants a report."""

    csv: Path | None
    xlsx: Path | None
    json: bool

    @property
    def is_shown(self) -> bool:
        """Whether it is to be seen at the terminal."""
        return not self.json and self.csv is None and self.xlsx is None

    def tell(self, told: ToldReport, data: Mapping[str, Any]) -> None:
        """Write the files that were asked for and say so, print the data, or show the report."""
        if self.csv == _STANDARD_OUTPUT and document.current().wanted:
            raise typer.BadParameter(phrase("preview_one_output"))
        if self.csv is not None:
            file = told.file()
            write_csv(self.csv, file.headings, file.rows)
            say_written(self.csv)
        if self.xlsx is not None:
            write_sheets(self.xlsx, [Sheet(one.title, one.headings, one.rows) for one in told.sheets()])
            say_written(self.xlsx)
        if self.json:
            print_json(data)
        elif self.is_shown:
            _show(told)


def _show(told: ToldReport) -> None:
    heading(told.title)
    paragraph(told.whose)
    if told.others:
        paragraph(phrase("report_others", names=", ".join(told.others)))
    if told.empty:
        print_line(told.empty)
    for title, table in told.tables:
        if title:
            heading(title)
        _print(table.shown)
    for note in told.notes:
        paragraph(note)


def _print(table: Table) -> None:
    print_table(
        table.headings, [[_cell(cell) for cell in row] for row in table.rows], indent=2, right=table.numbers
    )


def _cell(cell: Cell) -> str:
    match cell:
        case Decimal():
            return notation.number(cell, language())
        case date():
            return notation.day(cell, language())
        case None:
            return ""
        case _:
            return str(cell)
