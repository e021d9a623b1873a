"""Commands that report what was transferred: open items, completeness, sums and balances, and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mlconnector.commands import cost_tables, document
from mlconnector.commands import report_tables as tables
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
    say,
)
from mlconnector.commands.report_tables import Table
from mlconnector.commands.voucher_rows import OfPeriod
from mlconnector.flow.report import report_data
from mlconnector.flow.report.completeness_report import Completeness, completeness_of
from mlconnector.flow.report.ledger_reports import (
    BalanceReport,
    CostReport,
    OpenItemReport,
    balances_of,
    costs_of,
    open_items_of,
)
from mlconnector.flow.report.open_items import LEDGERS
from mlconnector.flow.report.spreadsheets import Sheet
from mlconnector.flow.report.transferred import Whose

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
        items = tables.item_table(report)
        written = asked.write(items, [items, tables.person_table(report), tables.age_table(report)])
        if json:
            print_json(report_data.open_item_data(report))
        elif not written:
            _show_open_items(report)


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
        sheets = [make(report) for make in _PARTS_OF_COMPLETENESS]
        written = asked.write(tables.in_one(sheets), sheets)
        if json:
            print_json(report_data.completeness_data(report, language()))
        elif not written:
            _show_completeness(report, sheets)


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
        accounts = tables.balance_table(report.balances)
        written = asked.write(accounts, [accounts, tables.foreign_table(report.balances)])
        if json:
            print_json(report_data.balance_data(report))
        elif not written:
            _show_balances(report)


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
        by_centre = cost_tables.cost_table(report.costs)
        written = asked.write(by_centre, [by_centre, cost_tables.cost_sum_table(report.costs)])
        if json:
            print_json(report_data.cost_data(report))
        elif not written:
            _show_costs(report)


_PARTS_OF_COMPLETENESS = (
    tables.compared_table,
    tables.outcome_table,
    tables.series_table,
    tables.held_table,
    tables.differing_table,
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where somebody wants a report."""

    csv: Path | None
    xlsx: Path | None
    json: bool

    def write(self, table: Table, sheets: Sequence[Table]) -> bool:
        """Write the files that were asked for, and say so; whether any was."""
        if self.csv == _STANDARD_OUTPUT and document.current().wanted:
            raise typer.BadParameter(phrase("preview_one_output"))
        if self.csv is not None:
            write_csv(self.csv, table.headings, table.rows)
            say_written(self.csv)
        if self.xlsx is not None:
            write_sheets(self.xlsx, [Sheet(one.title, one.headings, one.rows) for one in sheets])
            say_written(self.xlsx)
        return self.csv is not None or self.xlsx is not None


def _show_open_items(report: OpenItemReport) -> None:
    heading(phrase("report_opos_planned_title" if report.with_planned else "report_opos_title", on=report.on))
    _show_whose(report.whose)
    if not report.persons:
        say("report_no_items")
    for ledger in LEDGERS:
        table = tables.ledger_table(report, ledger)
        if table.rows:
            heading(table.title)
            table.show()
    if report.persons:
        heading(phrase("report_ages"))
        tables.age_table(report).show()
    left_out = report.not_counted
    _note("report_no_due_date", report.without_due_date)
    _note("report_no_document", report.without_document)
    _note("report_under_way", left_out.under_way)
    _note("report_not_sent_planned", left_out.planned)
    _note("report_later", left_out.later)


def _show_completeness(report: Completeness, parts: Sequence[Table]) -> None:
    heading(phrase("report_completeness_title", first=report.first, last=report.last))
    _show_whose(report.whose, "report_whose_documents")
    if not report.outcomes and not report.held:
        say("nothing_found")
    for part in parts:
        if part.rows:
            heading(part.title)
            part.show()
    filed, of = report.filed
    if of:
        paragraph(phrase("report_documents", filed=filed, of=of))
    if report.series.alone:
        numbers = ", ".join(report.series.alone)
        paragraph(phrase("report_no_series", count=len(report.series.alone), numbers=numbers))


def _show_balances(report: BalanceReport) -> None:
    heading(phrase("report_balances_title", first=report.first, last=report.last))
    _show_whose(report.whose)
    if not report.balances.accounts:
        say("nothing_found")
    else:
        tables.balance_table(report.balances, with_totals=True).show()
        foreign = tables.foreign_table(report.balances)
        if foreign.rows:
            heading(foreign.title)
            foreign.show()
        paragraph(phrase("report_by_datev"))
    _note("report_under_way", report.not_counted.under_way)
    _note("report_not_sent", report.not_counted.planned)


def _show_costs(report: CostReport) -> None:
    heading(phrase("report_costs_title", first=report.first, last=report.last))
    _show_whose(report.whose)
    if not report.costs.centres:
        say("nothing_found")
    else:
        cost_tables.shown_cost_table(report.costs).show()
        paragraph(phrase("report_costs_of"))
    if report.costs.differs:
        paragraph(phrase("report_costs_differ"))
    _note("report_under_way", report.not_counted.under_way)
    _note("report_not_sent", report.not_counted.planned)


def _show_whose(of: Whose, key: str = "report_whose") -> None:
    paragraph(phrase(key, names=", ".join(of.names), client=of.client))
    if of.others:
        paragraph(phrase("report_others", names=", ".join(of.others)))


def _note(key: str, count: int) -> None:
    if count:
        paragraph(phrase(key, count=count))
