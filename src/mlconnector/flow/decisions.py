"""Decisions: what becomes of each waiting voucher, before anything is fetched or stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.services import Services
from mlconnector.formats.extf import document_field
from mlconnector.mapping.booking import Draft, Held, Ignored, decide, entry
from mlconnector.mapping.rules import Books
from mlconnector.model.entries import decode
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import decode as decode_voucher
from mlconnector.store import accounts, entries
from mlconnector.store.entries import EntryRow
from mlconnector.store.vouchers import Waiting
from mlconnector.systems.sink import ClientFacts


@dataclass
class Decisions:
    """Decisions over a set of vouchers, by our key; each voucher is in exactly one of the first four.

    `unchanged` names the standing booking that books the same. `standing` are all bookings that DATEV has.
    """

    drafts: dict[str, Draft] = field(default_factory=dict)
    held: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    unchanged: dict[str, str] = field(default_factory=dict)
    standing: dict[str, list[EntryRow]] = field(default_factory=dict)

    def drop(self, keys: Iterable[str]) -> None:
        """Take vouchers out, as if they had never been looked at."""
        for key in keys:
            for decided in (self.drafts, self.held, self.ignored, self.unchanged):
                decided.pop(key, None)

    def taken_back(self, key: str) -> list[EntryRow]:
        """The standing bookings of a voucher that its decision takes back."""
        if key in self.held:
            return []
        return [one for one in self.standing.get(key, []) if one.id != self.unchanged.get(key)]


def decide_all(
    services: Services,
    db: Connection,
    name: str,
    waiting: Sequence[Waiting],
    problems: Mapping[str, Sequence[Problem]],
) -> Decisions:
    """Decide every waiting voucher; `problems` are those that the source already found, by our key."""
    rules = services.rules(name)
    decisions = Decisions()
    for one in waiting:
        decision = decide(decode_voucher(one.content), rules)
        found = tuple(problems.get(one.row.id, ()))
        if isinstance(decision, Ignored):
            decisions.ignored[one.row.id] = decision.reason
        elif isinstance(decision, Held) or found:
            own = decision.problems if isinstance(decision, Held) else ()
            decisions.held[one.row.id] = (*found, *own)
        else:
            decisions.drafts[one.row.id] = decision
    _set_unchanged_aside(services, db, name, waiting, decisions)
    hold_taken_numbers(services, db, name, decisions)
    return decisions


def _set_unchanged_aside(
    services: Services, db: Connection, name: str, waiting: Sequence[Waiting], decisions: Decisions
) -> None:
    """A record that changed in ways that no booking shows is not booked again."""
    decisions.standing = entries.standing(db, [one.row.id for one in waiting])
    if not decisions.standing:
        return
    settings = services.connection(name)
    collective = settings.rules.books.debtors.collective
    parties = sorted({draft.party.external_id for draft in decisions.drafts.values()})
    given = accounts.given(db, settings.client, name, parties)
    for one in waiting:
        before = decisions.standing.get(one.row.id)
        draft = decisions.drafts.get(one.row.id)
        if not before or draft is None:
            continue
        debtor = collective or draft.party.account or given.get(draft.party.external_id)
        if debtor is None:
            continue
        again = entry(draft, debtor=debtor, document=None, revision=one.row.revision, turn=1)
        same = [entry for entry in before if again.books_the_same_as(decode(entry.content))]
        if same:
            del decisions.drafts[one.row.id]
            decisions.unchanged[one.row.id] = same[-1].id


def hold_taken_numbers(services: Services, db: Connection, name: str, decisions: Decisions) -> None:
    """Two vouchers must never share a Belegfeld 1: DATEV would take them for one open item.

    Of several that meet here for the first time, the earliest keeps it.
    """
    client = services.connection(name).client
    oldest_first = sorted(decisions.drafts.items(), key=lambda item: _age(item[1]))
    fields = {key: document_field(draft.number)[0] for key, draft in oldest_first}
    holders = entries.holders_of_document_field(db, client, fields.values())
    for key, value in fields.items():
        others = holders.setdefault(value, set()) - {key}
        if others:
            draft = decisions.drafts.pop(key)
            facts = {"number": draft.number, "document_field": value, "other": min(others)}
            decisions.held[key] = (Problem("document_field_taken", facts, ("document_field",)),)
        holders[value].add(key)


def _age(draft: Draft) -> tuple[date, int, str]:
    voucher = draft.voucher
    return voucher.document_date, len(voucher.external_id), voucher.external_id


def hold_missing_years(decisions: Decisions, facts: ClientFacts, books: Books) -> None:
    """Hold what falls into no fiscal year of the client; a client that does not say its years holds nothing.

    Raises NeedsHuman when a year that is needed has another account length than the rules were made for.
    """
    if facts.fiscal_years is None:
        return
    for key, draft in list(decisions.drafts.items()):
        day = draft.voucher.document_date
        year = next((one for one in facts.fiscal_years if one.first <= day <= one.last), None)
        if year is None:
            del decisions.drafts[key]
            missing = {"year": f"{day:%Y}", "client": facts.client}
            decisions.held[key] = (Problem("fiscal_year_missing", missing, ("year", "client")),)
        elif year.account_length != books.account_length:
            lengths = {
                "client": facts.client,
                "datev": str(year.account_length),
                "books": str(books.account_length),
            }
            raise NeedsHuman(Problem("account_length_differs", lengths, ("client",)))
