"""The tables of reports: what stands in their columns, for a terminal and for files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mlconnector.commands.output import language, named, phrase, print_table
from mlconnector.flow.report.balances import WHICH, AccountSums, Balances, Sums
from mlconnector.flow.report.completeness import Group, ReadVoucher, Sum
from mlconnector.flow.report.completeness_report import Completeness
from mlconnector.flow.report.ledger_reports import OpenItemReport
from mlconnector.flow.report.open_items import LEDGERS, Ageing, OpenItem, Person, Total
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.model.entries import Ledger
from mlconnector.texts import notation
from mlconnector.texts.catalogue import explain

_AGES = ("not_due", "days_30", "days_60", "days_90", "older", "credit")
# Of these `credit` has a heading of its own, that of Haben.
AGES = (*_AGES[:-1], "credit_balance")
# Columns that a page leaves out where none of its rows has anything in them; files have them always.
_MAY_LACK = frozenset({"credits", "discounts", "reversals", "exchange", "planned", "due_date"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the keys of its columns, which name their headings."""

    title: str
    keys: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def headings(self) -> list[str]:
        """What stands above the columns."""
        return [phrase(f"heading_{key}") for key in self.keys]

    def show(self) -> None:
        """Print the table, without columns in which nothing stands."""
        kept = [at for at, key in enumerate(self.keys) if key not in _MAY_LACK or self._says_something(at)]
        numbers = {
            place
            for place, at in enumerate(kept)
            if any(isinstance(row[at], Decimal | int) for row in self.rows)
        }
        rows = [[_shown(row[at]) for at in kept] for row in self.rows]
        print_table([self.headings[at] for at in kept], rows, indent=2, right=numbers)

    def _says_something(self, at: int) -> bool:
        return any(row[at] for row in self.rows)


def item_table(report: OpenItemReport) -> Table:
    """All open items with everything that a file has of them."""
    keys = ("ledger", *_ITEM, *AGES)
    rows = [
        [named("ledger", one.ledger), *_item(one, item), *_ages(item.ageing)]
        for one in report.persons
        for item in one.items
    ]
    return Table(phrase("report_opos_sheet"), keys, rows)


def ledger_table(report: OpenItemReport, ledger: Ledger) -> Table:
    """The open items of debtors or of creditors, with the sum of each who has several."""
    rows: list[list[Cell]] = []
    for one in report.persons:
        if one.ledger == ledger:
            rows += [_item(one, item) for item in one.items]
            if len(one.items) > 1:
                rows.append(_sum_of(one))
    return Table(named("open_items", ledger), _ITEM, rows)


def age_table(report: OpenItemReport) -> Table:
    """What is open in EUR by its age: of debtors, of creditors and of all."""
    totals: list[tuple[str, Total]] = [(named("open_items", each), report.total(each)) for each in LEDGERS]
    totals.append((named("open_items", "all"), report.total()))
    rows: list[list[Cell]] = [
        [title, one.items, one.open, *_ages(one.ageing), one.planned] for title, one in totals
    ]
    return Table(phrase("report_sums_sheet"), ("ledger", "items", "open_euro", *AGES, "planned"), rows)


def person_table(report: OpenItemReport) -> Table:
    """What each debtor and creditor comes to, in EUR, by age."""
    rows: list[list[Cell]] = []
    for one in report.persons:
        its = one.total
        rows.append(
            [
                named("ledger", one.ledger),
                one.account,
                one.name,
                its.items,
                its.open,
                *_ages(its.ageing),
                its.planned,
            ]
        )
    keys = ("ledger", "account", "name", "items", "open_euro", *AGES, "planned")
    return Table(phrase("report_persons_sheet"), keys, rows)


def balance_table(made: Balances, *, with_totals: bool = False) -> Table:
    """The accounts with their sums in EUR, and with what they come to where it is wanted.

    Statistical ones are below the sum of all others.
    """
    rows: list[list[Cell]] = []
    for which in WHICH:
        its = [one for one in made.accounts if one.which == which]
        if with_totals and which == "statistical":
            rows.append(_sum_row("all", made.total(), made.rows))
        rows += [_account(one) for one in its]
        if with_totals and its:
            rows.append(_sum_row(which, made.total(which)))
    keys = ("ledger", "account", "name", "debit", "credit", "balance", "rows", "by_datev")
    return Table(phrase("report_balances_sheet"), keys, rows)


def _sum_row(accounts: str, sums: Sums, count: int | None = None) -> list[Cell]:
    named_as = named("accounts", accounts)
    return [named_as, phrase("report_sum"), "", sums.debit, sums.credit, sums.balance, count, ""]


def foreign_table(made: Balances) -> Table:
    """The sums in foreign money of the accounts that have any."""
    rows: list[list[Cell]] = [
        [one.number, one.name, currency, sums.debit, sums.credit, sums.balance]
        for one in made.accounts
        for currency, sums in one.foreign.items()
    ]
    keys = ("account", "name", "currency", "debit", "credit", "balance")
    return Table(phrase("report_foreign_sheet"), keys, rows)


def compared_table(report: Completeness) -> Table:
    """Source against sent against accepted."""
    rows: list[list[Cell]] = []
    for one in report.compared:
        sums = (one.read, one.sent, one.accepted, one.read.less(one.accepted))
        rows.append([_group(one.group), *(cell for each in sums for cell in _sum(each)), one.group.currency])
    return Table(phrase("report_compared_sheet"), _COMPARED, rows)


def outcome_table(report: Completeness) -> Table:
    """What became of everything that was read."""
    rows = [
        [_group(group), named("became", one), *_sum(sum_), group.currency]
        for group, one, sum_ in report.outcomes
    ]
    return Table(phrase("report_outcomes_sheet"), ("kind", "state", "count", "gross", "currency"), rows)


def series_table(report: Completeness) -> Table:
    """The series of numbers with what is missing in them."""
    rows: list[list[Cell]] = []
    for one in report.series.series:
        missing = sum(gap.count for gap in one.gaps)
        gaps = ", ".join(gap.first if gap.count == 1 else f"{gap.first} – {gap.last}" for gap in one.gaps)
        rows.append([f"{one.prefix}…{one.suffix}", one.first, one.last, one.count, missing, gaps])
    keys = ("series", "first", "last", "there", "missing", "gaps")
    return Table(phrase("report_series_sheet"), keys, rows)


def held_table(report: Completeness) -> Table:
    """Every voucher that waits, with each of its causes."""
    spoken = language()
    rows: list[list[Cell]] = []
    for one in report.held:
        what = explain(one.problem.key, one.problem.facts, spoken).what
        state = named("became", one.outcome)
        rows.append([*_voucher(one.voucher), state, one.problem.cause, what])
    keys = (*_VOUCHER, "state", "cause", "what")
    return Table(phrase("report_held_sheet"), keys, rows)


def differing_table(report: Completeness) -> Table:
    """What stands in DATEV with another amount than in the source."""
    rows: list[list[Cell]] = [
        [*_voucher(one.voucher), one.accepted, one.currency] for one in report.differing
    ]
    return Table(phrase("report_differing_sheet"), (*_VOUCHER, "accepted_gross", "accepted_currency"), rows)


def in_one(parts: Sequence[Table]) -> Table:
    """Several tables under each other in one, for files that have but one; each column is there once."""
    keys = list(dict.fromkeys(key for part in parts for key in part.keys))
    rows: list[list[Cell]] = []
    for part in parts:
        for row in part.rows:
            said: dict[str, Cell] = {}
            for key, cell in zip(part.keys, row, strict=True):
                said.setdefault(key, cell)
            rows.append([part.title, *(said.get(key) for key in keys)])
    return Table("", ("part", *keys), rows)


_ITEM = (
    "account", "name", "document_field_1", "date", "due_date", "currency", "original", "credits", "payments",
    "discounts", "reversals", "open", "exchange", "open_euro", "days_overdue", "planned",
)  # fmt: skip
_COMPARED = (
    "kind", "read_count", "read_gross", "sent_count", "sent_gross", "accepted_count", "accepted_gross",
    "missing_count", "missing_gross", "currency",
)  # fmt: skip
_VOUCHER = ("number", "date", "customer", "gross", "currency")


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


def _sum_of(one: Person) -> list[Cell]:
    its = one.total
    said: dict[str, Cell] = {
        "account": one.account,
        "name": one.name,
        "document_field_1": phrase("report_sum"),
        "open_euro": its.open,
        "planned": its.planned or None,
    }
    return [said.get(key) for key in _ITEM]


def _account(one: AccountSums) -> list[Cell]:
    by_datev = "" if one.by_datev == "no" else named("by_datev", one.by_datev)
    sums = one.euro
    kind = named("accounts", one.which)
    return [kind, one.number, one.name, sums.debit, sums.credit, sums.balance, one.rows, by_datev]


def _group(group: Group) -> str:
    if group.kind == "payment" and group.direction:
        return named("paid", group.direction)
    words = [named("kind", group.kind)]
    return ", ".join([*words, named("direction", group.direction)] if group.direction else words)


def _sum(one: Sum) -> Iterator[Cell]:
    yield from (one.count, one.gross)


def _voucher(one: ReadVoucher) -> list[Cell]:
    return [one.row.label, one.row.document_date, one.customer, one.gross, one.currency]


def _shown(cell: Cell) -> str:
    match cell:
        case Decimal():
            return notation.number(cell, language())
        case date():
            return notation.day(cell, language())
        case None:
            return ""
        case _:
            return str(cell)
