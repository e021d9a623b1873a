"""Doubles: a document that looks like one that is booked already waits until a person says which it is.

Whoever stores what is decided must hold off others who book for the client (`accounts.hold`), or two who look
at the same time would book both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.clearings import drafted
from mlconnector.flow.decide.decisions import Decisions
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.likeness import Marks, is_compared, marks_of, names_of_party
from mlconnector.model.entries import Entry, Ledger, decode
from mlconnector.model.problems import Problem
from mlconnector.store import accounts, distinct_vouchers, entries, merged_parties, vouchers

ByMark = dict[str, dict[str, Entry]]
"""Bookings by a mark that they have, and by the key of their voucher."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A decided document by the key of its voucher, and what it is recognised by."""

    voucher: str
    entry: Entry
    marks: Marks


def seen(
    context: Context, db: Connection, drafts: Mapping[str, Draft], persons: Mapping[str, str] | None = None
) -> dict[str, Seen]:
    """Decided documents with their marks, and with the `persons` under which they are booked, by our keys.

    Payments and commitments are none.
    """
    made = {key: drafted(draft) for key, draft in drafts.items() if not draft.is_statistical}
    made = {key: entry for key, entry in made.items() if is_compared(entry)}
    known: dict[str, frozenset[str]] = {}
    for ledger in ("receivable", "payable"):
        known |= _known_by(context, db, {key: drafts[key] for key in made}, ledger, persons or {})
    return {key: Seen(key, entry, marks_of(entry, known[key])) for key, entry in made.items()}


class Recognised:
    """What is booked for a client, as far as some documents look like it; those that are added count, too.

    `added` keeps those, for whoever asks anew for each document.
    """

    def __init__(
        self, context: Context, db: Connection, documents: Mapping[str, Seen], added: ByMark | None = None
    ) -> None:
        self._context, self._db = context, db
        self._added: ByMark = {} if added is None else added
        self._distinct = distinct_vouchers.of_vouchers(db, list(documents))
        found = entries.recognised(
            db, context.client, {m for one in documents.values() for m in one.marks.every}
        )
        self._booked: ByMark = {
            mark: {key: decode(row.content) for key, row in rows.items()} for mark, rows in found.items()
        }

    def add(self, document: Seen) -> None:
        """Let a document count that is decided, and not stored."""
        for mark in document.marks.every:
            self._added.setdefault(mark, {})[document.voucher] = document.entry

    def problems(self, document: Seen) -> tuple[Problem, ...]:
        """The problems of a document, one for each other that it looks like; a person may have said no."""
        not_it = {document.voucher, *self._distinct.get(document.voucher, ())}
        alike: dict[str, tuple[str, Entry]] = {}
        for like, marks in (("number", document.marks.by_number), ("amount", document.marks.by_amount)):
            for mark in marks:
                known = self._booked.get(mark, {}) | self._added.get(mark, {})
                for key, entry in known.items():
                    if key not in not_it:
                        alike.setdefault(key, (like, entry))
        return tuple(self._problem(document, key, *alike[key]) for key in sorted(alike))

    def _problem(self, document: Seen, other: str, like: str, entry: Entry) -> Problem:
        row = vouchers.by_ids(self._db, [other]).get(other)
        facts = {
            "number": document.entry.number,
            "like": like,
            "other": other,
            "other_number": entry.number,
            "connection": row.connection if row else self._context.name,
            "kind": entry.voucher_kind,
            "date": entry.document_date.isoformat(),
            "total": f"{abs(entry.total):f}",
            "currency": entry.currency,
            "state": row.state if row else "received",
        }
        return Problem("document_looks_booked", facts, ("other",))


def hold_doubles(context: Context, db: Connection, decisions: Decisions) -> None:
    """Hold what would be booked for the first time and looks like what is booked, of whatever connection.

    Of several that meet here for the first time the earliest is booked. What stands in the books is corrected
    without being asked for.
    """
    documents = seen(context, db, decisions.drafts)
    if not documents:
        return
    booked = Recognised(context, db, documents)
    for document in sorted(documents.values(), key=lambda one: _corrections_by_age(decisions, one)):
        key = document.voucher
        problems = () if key in decisions.standing else booked.problems(document)
        if problems:
            del decisions.drafts[key]
            decisions.held[key] = problems
        else:
            booked.add(document)


def _corrections_by_age(decisions: Decisions, document: Seen) -> tuple[bool, date, int, str]:
    external_id = document.entry.voucher
    return (
        document.voucher not in decisions.standing,
        document.entry.document_date,
        len(external_id),
        external_id,
    )


def _known_by(
    context: Context,
    db: Connection,
    drafts: Mapping[str, Draft],
    ledger: Ledger,
    persons: Mapping[str, str],
) -> dict[str, frozenset[str]]:
    """What the parties of drafts in a ledger are known by, by our keys; a collective account tells nobody."""
    of_ledger = {key: draft.party for key, draft in drafts.items() if draft.ledger == ledger}
    client, name = context.client, context.name
    ids = sorted({party.external_id for party in of_ledger.values()})
    numbers: dict[str, list[str]] = {}
    if ids and not context.rules.books.numbers_of(ledger).collective:
        own = accounts.given(db, client, name, ids, ledger)
        merged = merged_parties.numbers(db, client, name, ids, ledger)
        numbers = {
            key: [
                party.account or "",
                persons.get(key, ""),
                own.get(party.external_id, ""),
                *merged.get(party.external_id, ()),
            ]
            for key, party in of_ledger.items()
        }
    return {
        key: names_of_party(numbers.get(key, ()), f"{name}/{party.external_id}", party.name, party.vat_id)
        for key, party in of_ledger.items()
    }
