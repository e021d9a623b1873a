"""Charting: a client's own chart of accounts is imported, once its difference has been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.lists import LABELS, read_list
from mlconnector.flow.context.agreed import Agreed, own_accounts, read_agreed
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ClientBooks, read_connection
from mlconnector.mapping.charts import seeded_accounts
from mlconnector.mapping.list_entries import CHART_COLUMNS, ChartEntry, Fault, LeftOut, chart_entries
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings
from mlconnector.store import accounts, chart_accounts, connections
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.chart_accounts import ChartAccount


@dataclass(frozen=True, slots=True)
class ChartProposal:
    """What a file would make of a client's chart; nothing is applied while there are faults."""

    books: ClientBooks
    before: Mapping[str, ChartAccount]
    after: Mapping[str, ChartAccount]
    left_out: tuple[LeftOut, ...]
    faults: tuple[Fault, ...]
    unknown_columns: tuple[str, ...]

    @property
    def new(self) -> tuple[ChartAccount, ...]:
        """Accounts that the chart does not have yet."""
        return tuple(one for number, one in self.after.items() if number not in self.before)

    @property
    def changed(self) -> tuple[tuple[ChartAccount, ChartAccount], ...]:
        """Accounts of which something else is said, as they are and as they would be."""
        pairs = [(self.before[number], one) for number, one in self.after.items() if number in self.before]
        return tuple((old, new) for old, new in pairs if old.content != new.content)

    @property
    def gone(self) -> tuple[ChartAccount, ...]:
        """Accounts that the chart would not have any more."""
        return tuple(one for number, one in self.before.items() if number not in self.after)

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.new or self.changed or self.gone)

    @property
    def without_function(self) -> int:
        """How many accounts would be known by their name alone, to the seeds too."""
        seeds = seeded_accounts(self.books.books.chart, self.books.books.account_length)
        return sum(not one.function and number not in seeds for number, one in self.after.items())


def books_of(context: Context) -> ClientBooks:
    """The books of a connection. Raises NeedsHuman when there is no such connection."""
    settings = context.settings
    return ClientBooks(context.name, settings.client, settings.rules.books)


def propose(services: Services, books: ClientBooks, content: bytes) -> ChartProposal:
    """What a file would change: a table replaces the chart, DATEV's list of labels only names accounts.

    Raises NeedsHuman where a connection's rules could not be used any more with the new chart.
    """
    listed = read_list(content, CHART_COLUMNS, LABELS, books)
    read = chart_entries(listed.records, books.books)
    faults = (*listed.faults, *read.faults)
    if not faults and not read.entries:
        faults = (Fault(1, "no_rows"),)
    with services.database.read() as db:
        before = chart_accounts.read(db, books.client)
        after = {one.number: _account(one, before.get(one.number)) for one in read.entries}
        if listed.labels_only:
            after = {**before, **after}
        proposal = ChartProposal(books, before, after, read.left_out, faults, listed.unknown_columns)
        if not faults:
            _check_connections(db, proposal)
    return proposal


def apply(services: Services, proposal: ChartProposal, by: str, file: str) -> None:
    """Make a proposal the client's chart. Raises NeedsHuman when the chart has changed since."""
    client, name, now = proposal.books.client, proposal.books.name, services.now()
    with services.database.write() as db:
        accounts.hold(db, client)
        if chart_accounts.read(db, client) != proposal.before:
            raise NeedsHuman(Problem("list_outdated", {"client": client}))
        _check_connections(db, proposal)
        chart_accounts.put(db, client, [*proposal.new, *(new for _, new in proposal.changed)], by, now)
        chart_accounts.remove(db, client, [one.number for one in proposal.gone])
        detail = {
            "client": client,
            "by": by,
            "file": file,
            "new": [list(one.content) for one in proposal.new],
            "changed": [[list(old.content), list(new.content)] for old, new in proposal.changed],
            "gone": [list(one.content) for one in proposal.gone],
        }
        append(db, [AuditEvent(name, name, "chart_imported", detail)], now)
    services.forget_client(client)


def exported(context: Context) -> list[ChartAccount]:
    """The client's own chart, or where it has none the seeded accounts as a form to fill in."""
    settings = context.settings
    with context.read() as db:
        own = chart_accounts.read(db, settings.client)
    if own:
        return list(own.values())
    seeds = settings.rules.accounts.values()
    rows = [ChartAccount(one.number, one.name, one.function, one.tax_case) for one in seeds]
    return sorted(rows, key=lambda one: one.number)


def as_data(proposal: ChartProposal) -> dict[str, object]:
    """A proposal for machines."""
    return {
        "client": proposal.books.client,
        "new": [_plain(one) for one in proposal.new],
        "changed": [{"before": _plain(old), "after": _plain(new)} for old, new in proposal.changed],
        "gone": [_plain(one) for one in proposal.gone],
        "left_out": [asdict(one) for one in proposal.left_out],
        "unknown_columns": list(proposal.unknown_columns),
        "without_function": proposal.without_function,
    }


def _plain(one: ChartAccount) -> dict[str, str]:
    return dict(zip(CHART_COLUMNS, one.content, strict=True))


def _account(entry: ChartEntry, before: ChartAccount | None) -> ChartAccount:
    """An account as it would be; what the file does not say of it stays."""
    name = entry.name or (before.name if before else "")
    if entry.function is not None:
        return ChartAccount(entry.number, name, entry.function, entry.tax_case)
    return ChartAccount(
        entry.number, name, before.function if before else "", before.tax_case if before else ""
    )


def _check_connections(db: Connection, proposal: ChartProposal) -> None:
    """Raise NeedsHuman when a connection of the client could not be read with the new chart."""
    client = proposal.books.client
    agreed = Agreed(own_accounts(proposal.after.values()), read_agreed(db, client).confirmed)
    for row in connections.every(db):
        if row.client != client:
            continue
        try:
            read_connection(row.settings, f"settings of {row.name}", lambda _: agreed)
        except UnreadableSettings as error:
            facts = {"name": row.name, "reason": str(error)}
            raise NeedsHuman(Problem("chart_does_not_fit", facts)) from error
