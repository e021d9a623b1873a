"""Reports as people read them, in commands and on pages: title, tables, what to know beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from mlconnector.flow.report import cost_tables
from mlconnector.flow.report import report_tables as tables
from mlconnector.flow.report.completeness_report import Completeness
from mlconnector.flow.report.ledger_reports import BalanceReport, CostReport, NotCounted, OpenItemReport
from mlconnector.flow.report.open_item_tables import age_table, item_table, ledger_table, person_table
from mlconnector.flow.report.open_items import LEDGERS
from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.transferred import Whose
from mlconnector.flow.report.vat_check import VatReport
from mlconnector.flow.report.vat_tables import vat_table
from mlconnector.texts.catalogue import sentence
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class ToldReport:
    """A report in words. `empty` says so where there is nothing; `others` are connections that it leaves out.

    `tables` are those that people see, with their headings. Files get `file`, or all `sheets`, which are made
    when they are asked for.
    """

    title: str
    whose: str
    others: tuple[str, ...]
    empty: str
    tables: Sequence[tuple[str, Table]]
    notes: Sequence[str]
    file: Callable[[], Table]
    sheets: Callable[[], Sequence[Table]]


def open_items_told(report: OpenItemReport, spoken: Language) -> ToldReport:
    """The open items, by ledger and by age."""
    ages = age_table(report, spoken)
    shown = [one for ledger in LEDGERS if (one := ledger_table(report, ledger, spoken)).length]
    listed = [(one.title, one) for one in shown]
    if report.persons:
        listed.append((sentence("report_ages", {}, spoken), ages))
    key = "report_opos_planned_title" if report.with_planned else "report_opos_title"
    left_out = report.not_counted
    notes = [
        ("report_no_due_date", report.without_due_date),
        ("report_no_document", report.without_document),
        ("report_under_way", left_out.under_way),
        ("report_not_sent", left_out.planned),
        ("report_later", left_out.later),
    ]
    return ToldReport(
        title=sentence(key, {"on": report.on.isoformat()}, spoken),
        whose=_whose(report.whose, spoken),
        others=report.whose.others,
        empty="" if report.persons else sentence("report_no_items", {}, spoken),
        tables=listed,
        notes=list(_counted(notes, spoken)),
        file=lambda: item_table(report, spoken),
        sheets=lambda: [
            item_table(report, spoken),
            person_table(report, spoken),
            ages,
        ],
    )


def completeness_told(report: Completeness, spoken: Language) -> ToldReport:
    """Source against sent against accepted, what became of everything, gaps, and what is held."""
    make = (
        *(tables.compared_table, tables.outcome_table, tables.series_table),
        *(tables.held_table, tables.differing_table),
    )
    parts = [one(report, spoken) for one in make]
    notes = []
    filed, of = report.filed
    if of:
        notes.append(sentence("report_documents", {"filed": str(filed), "of": str(of)}, spoken))
    if report.series.alone:
        facts = {"count": str(len(report.series.alone)), "numbers": ", ".join(report.series.alone)}
        notes.append(sentence("report_no_series", facts, spoken))
    return ToldReport(
        title=_title("report_completeness_title", report.first, report.last, spoken),
        whose=_whose(report.whose, spoken, "report_whose_documents"),
        others=report.whose.others,
        empty="" if report.outcomes or report.held else sentence("nothing_found", {}, spoken),
        tables=[(one.title, one) for one in parts if one.rows],
        notes=notes,
        file=lambda: tables.in_one(parts),
        sheets=lambda: parts,
    )


def balances_told(report: BalanceReport, spoken: Language) -> ToldReport:
    """Sums and balances, with what they come to."""
    made = report.balances
    accounts, foreign = tables.balance_table(made, spoken), tables.foreign_table(made, spoken)
    shown = [("", tables.balance_table(made, spoken, with_totals=True))] if made.accounts else []
    shown += [(foreign.title, foreign)] if foreign.rows else []
    by_datev = [sentence("report_by_datev", {}, spoken)] if made.accounts else []
    return ToldReport(
        title=_title("report_balances_title", report.first, report.last, spoken),
        whose=_whose(report.whose, spoken),
        others=report.whose.others,
        empty="" if made.accounts else sentence("nothing_found", {}, spoken),
        tables=shown,
        notes=[*by_datev, *_not_sent(report.not_counted, spoken)],
        file=lambda: accounts,
        sheets=lambda: [accounts, foreign],
    )


def costs_told(report: CostReport, spoken: Language) -> ToldReport:
    """Costs by cost centre, with their sums."""
    made = report.costs
    by_centre = cost_tables.cost_table(made, spoken)
    notes = [sentence("report_costs_of", {}, spoken)] if made.centres else []
    notes += [sentence("report_costs_differ", {}, spoken)] if made.differs else []
    return ToldReport(
        title=_title("report_costs_title", report.first, report.last, spoken),
        whose=_whose(report.whose, spoken),
        others=report.whose.others,
        empty="" if made.centres else sentence("nothing_found", {}, spoken),
        tables=[("", cost_tables.shown_cost_table(made, spoken))] if made.centres else [],
        notes=[*notes, *_not_sent(report.not_counted, spoken)],
        file=lambda: by_centre,
        sheets=lambda: [by_centre, cost_tables.cost_sum_table(made, spoken)],
    )


def vat_told(report: VatReport, spoken: Language) -> ToldReport:
    """The VAT check: base, rate and tax of each tax case."""
    table = vat_table(report, spoken)
    return ToldReport(
        title=_title("report_vat_title", report.first, report.last, spoken),
        whose=sentence("report_whose_vat", _facts(report.whose), spoken),
        others=report.whose.others,
        empty="" if report.cases else sentence("nothing_found", {}, spoken),
        tables=[("", table)] if report.cases else [],
        notes=[
            *([sentence("report_vat_of", {}, spoken)] if report.cases else []),
            *_not_sent(report.not_counted, spoken),
        ],
        file=lambda: table,
        sheets=lambda: [table],
    )


def _title(key: str, first: date | None, last: date | None, spoken: Language) -> str:
    days = {"first": first, "last": last}
    return sentence(key, {name: day.isoformat() if day else "" for name, day in days.items()}, spoken)


def _whose(of: Whose, spoken: Language, key: str = "report_whose") -> str:
    return sentence(key, _facts(of), spoken)


def _facts(of: Whose) -> dict[str, str]:
    return {"names": ", ".join(of.names), "client": of.client}


def _not_sent(left_out: NotCounted, spoken: Language) -> Iterator[str]:
    counts = [("report_under_way", left_out.under_way), ("report_not_sent", left_out.planned)]
    return _counted(counts, spoken)


def _counted(notes: Sequence[tuple[str, int]], spoken: Language) -> Iterator[str]:
    return (sentence(key, {"count": str(count)}, spoken) for key, count in notes if count)
