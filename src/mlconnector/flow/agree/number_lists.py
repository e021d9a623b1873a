"""Numbering: a client's lists of debtors and creditors are taken over and matched to parties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.lists import PERSONS, read_list
from mlconnector.flow.agree.own_chart import books_of
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.mapping.list_entries import PERSON_COLUMNS, Fault, LeftOut, PersonEntry, person_entries
from mlconnector.mapping.numbers import RESERVED, alike
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.store import accounts
from mlconnector.store.accounts import GivenNumber
from mlconnector.store.audit import AuditEvent, append

Step = Literal["given", "bound", "reserved", "unchanged"]


@dataclass(frozen=True, slots=True)
class NumbersProposal:
    """What becomes of each line of a list; nothing is applied while there are faults.

    `given` numbers go to a party, `bound` ones were reserved until now, and `reserved` ones wait for a party
    to be named: nobody else gets them.
    """

    name: str
    client: str
    ledger: Ledger
    steps: tuple[tuple[Step, PersonEntry], ...]
    left_out: tuple[LeftOut, ...]
    faults: tuple[Fault, ...]
    unknown_columns: tuple[str, ...]

    def lines(self, step: Step) -> tuple[PersonEntry, ...]:
        """The lines with which this is done."""
        return tuple(entry for done, entry in self.steps if done == step)

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to apply."""
        return any(step != "unchanged" for step, _ in self.steps)


def propose(context: Context, content: bytes, ledger: Ledger) -> NumbersProposal:
    """What a list of debtors or creditors would change."""
    books = books_of(context)
    listed = read_list(content, PERSON_COLUMNS, PERSONS, books)
    read = person_entries(listed.records, books.books, ledger)
    faults = [*listed.faults, *read.faults]
    if not faults and not read.entries:
        faults.append(Fault(1, "no_rows"))
    with context.read() as db:
        known = accounts.every(db, books.client)
    planned = _plan(context.name, known, read.entries, ledger)
    faults += [one for one in planned if isinstance(one, Fault)]
    return NumbersProposal(
        name=context.name,
        client=books.client,
        ledger=ledger,
        steps=tuple(one for one in planned if not isinstance(one, Fault)),
        left_out=read.left_out,
        faults=tuple(sorted(faults, key=lambda fault: fault.line)),
        unknown_columns=listed.unknown_columns,
    )


def apply(services: Services, proposal: NumbersProposal, by: str, file: str) -> None:
    """Take the numbers over. Raises NeedsHuman when numbers were given since that the list has too."""
    client, name, now = proposal.client, proposal.name, services.now()
    with services.database.write() as db:
        accounts.hold(db, client)
        entries = tuple(entry for _, entry in proposal.steps)
        if tuple(_plan(name, accounts.every(db, client), entries, proposal.ledger)) != proposal.steps:
            raise NeedsHuman(Problem("list_outdated", {"client": client}))
        for one in proposal.lines("bound"):
            accounts.bind(db, client, name, one.party, one.number)
        new = {one.party: one for one in proposal.lines("given")}
        new |= {f"{RESERVED}{one.number}": one for one in proposal.lines("reserved")}
        accounts.give(
            db,
            client,
            name,
            {party: one.number for party, one in new.items()},
            {party: one.name for party, one in new.items()},
            now,
            ledger=proposal.ledger,
            origin="list",
            vat_ids={party: one.vat_id for party, one in new.items()},
        )
        detail: dict[str, object] = {"client": client, "by": by, "file": file, "ledger": proposal.ledger}
        for step in ("given", "bound", "reserved"):
            detail[step] = [[one.number, one.party, one.name] for one in proposal.lines(step)]
        append(db, [AuditEvent(name, name, "numbers_imported", detail)], now)


def listed(context: Context) -> list[GivenNumber]:
    """All numbers of the connection's client, debtors first."""
    client = context.settings.client
    with context.read() as db:
        return list(accounts.every(db, client).values())


def _plan(
    name: str,
    known: Mapping[str, GivenNumber],
    entries: tuple[PersonEntry, ...] | list[PersonEntry],
    ledger: Ledger,
) -> list[tuple[Step, PersonEntry] | Fault]:
    given = {(one.connection, one.party): one.number for one in known.values() if one.ledger == ledger}
    return [step_of(name, known.get(one.number), given.get((name, one.party)), one) for one in entries]


def step_of(
    name: str, holder: GivenNumber | None, before: str | None, entry: PersonEntry
) -> tuple[Step, PersonEntry] | Fault:
    """What is to be done with a line, by who holds its number now and which number its party has."""
    if entry.party:
        if before is not None and before != entry.number:
            facts = {"party": entry.party, "given": before, "number": entry.number}
            return Fault(entry.line, "party_has_number", facts)
        if holder is None:
            return "given", entry
        if holder.is_reserved:
            return "bound", entry
        if (holder.connection, holder.party) == (name, entry.party):
            return "unchanged", entry
    elif holder is None:
        return "reserved", entry
    elif holder.is_reserved or not entry.name or alike(holder.name, entry.name):
        return "unchanged", entry
    owner = f"{holder.party} {holder.name}".strip()
    return Fault(entry.line, "number_taken", {"number": entry.number, "name": entry.name, "owner": owner})
