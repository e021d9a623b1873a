"""The tables of reports: what stands in their columns, for terminals, pages and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mlconnector.flow.report.balances import WHICH, AccountSums, Balances, Sums
from mlconnector.flow.report.completeness import Group, ReadVoucher, Sum
from mlconnector.flow.report.completeness_report import Completeness
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.texts.catalogue import explain, sentence, word
from mlconnector.texts.language import Language

# Columns that a page leaves out where none of its rows has anything in them; files have them always.
MAY_LACK = frozenset(
    {
        *("credits", "discounts", "reversals", "exchange", "planned", "due_date"),
        *("tax_key", "cost_centre_1", "cost_centre_2"),
    }
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the keys of its columns, which name their headings; `sums` are rows that add up others.

    Where `rows` are but some of its rows, `before` and `after` say how many others there are, and `elsewhere`
    has of each column a cell that says something, if any does.
    """

    title: str
    keys: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    spoken: Language
    sums: frozenset[int] = frozenset()
    before: int = 0
    after: int = 0
    elsewhere: Sequence[Cell] | None = None

    @property
    def headings(self) -> list[str]:
        """What stands above the columns."""
        return [sentence(f"heading_{key}", {}, self.spoken) for key in self.keys]

    @property
    def length(self) -> int:
        """How many rows there are."""
        return self.before + len(self.rows) + self.after

    @property
    def shown(self) -> Table:
        """The table for people: without columns in which nothing stands."""
        return self.only(
            [at for at, key in enumerate(self.keys) if key not in MAY_LACK or any(self._column(at))]
        )

    @property
    def numbers(self) -> set[int]:
        """The columns that hold numbers."""
        return {
            at
            for at in range(len(self.keys))
            if any(isinstance(cell, Decimal | int) for cell in self._column(at))
        }

    def only(self, kept: Sequence[int]) -> Table:
        """The table with some of its columns."""
        if len(kept) == len(self.keys):
            return self
        rows = [[row[at] for at in kept] for row in self.rows]
        elsewhere = None if self.elsewhere is None else [self.elsewhere[at] for at in kept]
        return replace(self, keys=[self.keys[at] for at in kept], rows=rows, elsewhere=elsewhere)

    def _column(self, at: int) -> Iterator[Cell]:
        if self.elsewhere is not None:
            yield self.elsewhere[at]
        yield from (row[at] for row in self.rows)


def balance_table(made: Balances, spoken: Language, *, with_totals: bool = False) -> Table:
    """The accounts with their sums in EUR, and with what they come to where it is wanted.

    Statistical ones are below the sum of all others.
    """
    rows: list[list[Cell]] = []
    sums: set[int] = set()
    for which in WHICH:
        its = [one for one in made.accounts if one.which == which]
        if with_totals and which == "statistical":
            sums.add(len(rows))
            rows.append(_sum_row("all", made.total(), spoken, made.rows))
        rows += [_account(one, spoken) for one in its]
        if with_totals and its:
            sums.add(len(rows))
            rows.append(_sum_row(which, made.total(which), spoken))
    keys = ("ledger", "account", "name", "debit", "credit", "balance", "rows", "by_datev")
    return Table(sentence("report_balances_sheet", {}, spoken), keys, rows, spoken, frozenset(sums))


def _sum_row(accounts: str, sums: Sums, spoken: Language, count: int | None = None) -> list[Cell]:
    named_as = word("accounts", accounts, spoken)
    return [
        named_as,
        sentence("report_sum", {}, spoken),
        "",
        sums.debit,
        sums.credit,
        sums.balance,
        count,
        "",
    ]


def foreign_table(made: Balances, spoken: Language) -> Table:
    """The sums in foreign money of the accounts that have any."""
    rows: list[list[Cell]] = [
        [one.number, one.name, currency, sums.debit, sums.credit, sums.balance]
        for one in made.accounts
        for currency, sums in one.foreign.items()
    ]
    keys = ("account", "name", "currency", "debit", "credit", "balance")
    return Table(sentence("report_foreign_sheet", {}, spoken), keys, rows, spoken)


def compared_table(report: Completeness, spoken: Language) -> Table:
    """Source against sent against accepted."""
    rows: list[list[Cell]] = []
    for one in report.compared:
        sums = (one.read, one.sent, one.accepted, one.read.less(one.accepted))
        rows.append(
            [_group(one.group, spoken), *(cell for each in sums for cell in _sum(each)), one.group.currency]
        )
    return Table(sentence("report_compared_sheet", {}, spoken), _COMPARED, rows, spoken)


def outcome_table(report: Completeness, spoken: Language) -> Table:
    """What became of everything that was read."""
    rows = [
        [_group(group, spoken), word("became", one, spoken), *_sum(sum_), group.currency]
        for group, one, sum_ in report.outcomes
    ]
    return Table(
        sentence("report_outcomes_sheet", {}, spoken),
        ("kind", "state", "count", "gross", "currency"),
        rows,
        spoken,
    )


def series_table(report: Completeness, spoken: Language) -> Table:
    """The series of numbers with what is missing in them."""
    rows: list[list[Cell]] = []
    for one in report.series.series:
        missing = sum(gap.count for gap in one.gaps)
        gaps = ", ".join(gap.first if gap.count == 1 else f"{gap.first} – {gap.last}" for gap in one.gaps)
        rows.append([f"{one.prefix}…{one.suffix}", one.first, one.last, one.count, missing, gaps])
    keys = ("series", "first", "last", "there", "missing", "gaps")
    return Table(sentence("report_series_sheet", {}, spoken), keys, rows, spoken)


def held_table(report: Completeness, spoken: Language) -> Table:
    """Every voucher that waits, with each of its causes."""
    rows: list[list[Cell]] = []
    for one in report.held:
        what = explain(one.problem.key, one.problem.facts, spoken).what
        state = word("became", one.outcome, spoken)
        rows.append([*_voucher(one.voucher), state, one.problem.cause, what])
    keys = (*_VOUCHER, "state", "cause", "what")
    return Table(sentence("report_held_sheet", {}, spoken), keys, rows, spoken)


def differing_table(report: Completeness, spoken: Language) -> Table:
    """What stands in DATEV with another amount than in the source."""
    rows: list[list[Cell]] = [
        [*_voucher(one.voucher), one.accepted, one.currency] for one in report.differing
    ]
    return Table(
        sentence("report_differing_sheet", {}, spoken),
        (*_VOUCHER, "accepted_gross", "accepted_currency"),
        rows,
        spoken,
    )


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
    return Table("", ("part", *keys), rows, parts[0].spoken)


_COMPARED = (
    "kind", "read_count", "read_gross", "sent_count", "sent_gross", "accepted_count", "accepted_gross",
    "missing_count", "missing_gross", "currency",
)  # fmt: skip
_VOUCHER = ("number", "date", "customer", "gross", "currency")


def _account(one: AccountSums, spoken: Language) -> list[Cell]:
    by_datev = "" if one.by_datev == "no" else word("by_datev", one.by_datev, spoken)
    sums = one.euro
    kind = word("accounts", one.which, spoken)
    return [kind, one.number, one.name, sums.debit, sums.credit, sums.balance, one.rows, by_datev]


def _group(group: Group, spoken: Language) -> str:
    if group.kind == "payment" and group.direction:
        return word("paid", group.direction, spoken)
    words = [word("kind", group.kind, spoken)]
    return ", ".join([*words, word("direction", group.direction, spoken)] if group.direction else words)


def _sum(one: Sum) -> Iterator[Cell]:
    yield from (one.count, one.gross)


def _voucher(one: ReadVoucher) -> list[Cell]:
    return [one.row.label, one.row.document_date, one.customer, one.gross, one.currency]
