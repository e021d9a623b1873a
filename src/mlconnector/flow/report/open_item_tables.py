"""The tables of open items: of every item, by ledger as people read them, by person, and by age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from mlconnector.flow.report.ledger_reports import OpenItemReport
from mlconnector.flow.report.open_item_window import rows_of
from mlconnector.flow.report.open_items import LEDGERS, Ageing, OpenItem, Person, Total
from mlconnector.flow.report.report_tables import MAY_LACK, Table
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.model.entries import Ledger
from mlconnector.store.items import Settled
from mlconnector.texts.catalogue import sentence, word
from mlconnector.texts.language import Language

_AGES = ("not_due", "days_30", "days_60", "days_90", "older", "credit")
# Of these `credit` has a heading of its own, that of Haben.
AGES = (*_AGES[:-1], "credit_balance")
_ITEM = (
    "account", "name", "document_field_1", "date", "due_date", "currency", "original", "credits", "payments",
    "discounts", "reversals", "open", "exchange", "open_euro", "days_overdue", "planned",
)  # fmt: skip


def item_table(report: OpenItemReport, spoken: Language) -> Table:
    """All open items with everything that a file has of them."""
    keys = ("ledger", *_ITEM, *AGES)
    rows = [
        [word("ledger", one.ledger, spoken), *_item(one, item), *_ages(item.ageing)]
        for one in report.persons
        for item in one.items
    ]
    return Table(sentence("report_opos_sheet", {}, spoken), keys, rows, spoken)


def ledger_table(report: OpenItemReport, ledger: Ledger, spoken: Language) -> Table:
    """The open items of debtors or of creditors, with the sum of each who has several."""
    title = word("open_items", ledger, spoken)
    its = [one for one in report.persons if one.ledger == ledger]
    known: list[list[Cell]] = []
    shown: list[list[Cell]] = []
    sums: set[int] = set()
    before = after = 0
    for one in its:
        rows, count = _rows(one, spoken), rows_of(len(one.items) + one.settled)
        known += rows
        if report.window and before + len(shown) + after + count <= report.window[0]:
            before += count
        elif report.window and (one.settled or before + len(shown) >= report.window[1]):
            after += count
        else:
            shown += rows
            sums |= {len(shown) - 1} if len(one.items) > 1 else set()
    if report.window is None:
        return Table(title, _ITEM, shown, spoken, frozenset(sums))
    settled = [one for one in report.settled if one.ledger == ledger]
    elsewhere = _elsewhere(known, settled, report.on)
    return Table(title, _ITEM, shown, spoken, frozenset(sums), before, after, elsewhere)


def _rows(one: Person, spoken: Language) -> list[list[Cell]]:
    """The items of a debtor or creditor, and their sum where there are several."""
    rows = [_item(one, item) for item in one.items]
    return [*rows, _sum_of(one, spoken)] if len(rows) > 1 else rows


def _elsewhere(known: Sequence[Sequence[Cell]], settled: Sequence[Settled], on: date) -> list[Cell]:
    """Of each column of items a cell that says something; of what is settled only that there is one."""
    found: list[Cell] = []
    for at, key in enumerate(_ITEM):
        said: Cell = next((row[at] for row in known if row[at]), None)
        if said is None and key in MAY_LACK:
            some: Cell = on if key == "due_date" else 1
            said = next((some for one in settled if getattr(one, key, False)), None)
        found.append(next((row[at] for row in known if row[at] is not None), None) if said is None else said)
    return found


def age_table(report: OpenItemReport, spoken: Language) -> Table:
    """What is open in EUR by its age: of debtors, of creditors and of all."""
    totals: list[tuple[str, Total]] = [
        (word("open_items", each, spoken), report.total(each)) for each in LEDGERS
    ]
    totals.append((word("open_items", "all", spoken), report.total()))
    rows: list[list[Cell]] = [
        [title, one.items, one.open, *_ages(one.ageing), one.planned] for title, one in totals
    ]
    return Table(
        sentence("report_sums_sheet", {}, spoken),
        ("ledger", "items", "open_euro", *AGES, "planned"),
        rows,
        spoken,
        frozenset({len(rows) - 1}),
    )


def person_table(report: OpenItemReport, spoken: Language) -> Table:
    """What each debtor and creditor comes to, in EUR, by age."""
    rows: list[list[Cell]] = []
    for one in report.persons:
        its = one.total
        rows.append(
            [
                word("ledger", one.ledger, spoken),
                one.account,
                one.name,
                its.items,
                its.open,
                *_ages(its.ageing),
                its.planned,
            ]
        )
    keys = ("ledger", "account", "name", "items", "open_euro", *AGES, "planned")
    return Table(sentence("report_persons_sheet", {}, spoken), keys, rows, spoken)


def _item(one: Person, item: OpenItem) -> list[Cell]:
    amounts = item.amounts
    return [
        one.account,
        one.name or item.party,
        item.number,
        item.document_date,
        item.due_date,
        item.currency,
        amounts.original,
        amounts.credits,
        amounts.payments,
        amounts.discounts,
        amounts.reversals,
        amounts.open,
        item.euro.exchange,
        item.euro.open,
        item.days_overdue or None,
        item.planned_euro if item.is_planned else None,
    ]


def _ages(ageing: Ageing) -> Iterator[Decimal]:
    return (getattr(ageing, age) for age in _AGES)


def _sum_of(one: Person, spoken: Language) -> list[Cell]:
    its = one.total
    said: dict[str, Cell] = {
        "account": one.account,
        "name": one.name,
        "document_field_1": sentence("report_sum", {}, spoken),
        "open_euro": its.open,
        "planned": its.planned or None,
    }
    return [said.get(key) for key in _ITEM]
