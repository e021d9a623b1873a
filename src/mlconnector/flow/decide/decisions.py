"""Decisions: what becomes of each waiting voucher, before anything is fetched or stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.holding import problem_of
from mlconnector.flow.agree.open_day import first_open_day
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.changed_parties import party_changed
from mlconnector.flow.decide.clearings import Clearings, drafted, item_name
from mlconnector.flow.decide.rows import books_the_same, nameless
from mlconnector.formats.extf import document_field
from mlconnector.mapping.booking import decide
from mlconnector.mapping.books import Books
from mlconnector.mapping.channels import Channel, carried_as
from mlconnector.mapping.drafts import Draft, Held, Ignored, entry
from mlconnector.mapping.withholding import looked_at_on
from mlconnector.model.entries import Because, Entry, decode
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.model.vouchers import decode as decode_voucher
from mlconnector.store import entries, held_vouchers, vouchers
from mlconnector.store.entries import EntryRow
from mlconnector.store.vouchers import Waiting
from mlconnector.systems.transfers import ClientFacts
from mlconnector.texts.zone import day_of


@dataclass
class Decisions:
    """Decisions over a set of vouchers, by our key; each voucher is in exactly one of the first four.

    `unchanged` names the standing booking that books the same. `standing` are all bookings that the books
    have. What corrects one of them is booked on `open_from` where its own day lies before that.
    """

    open_from: date

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

    def posting_date(self, key: str, day: date) -> date | None:
        """The day on which a voucher of this day is booked, None where that is its own."""
        return self.open_from if key in self.standing and day < self.open_from else None

    def booked_under(self, key: str) -> str | None:
        """The person account under which a voucher stands in the books; it keeps that for ever."""
        standing = [one for one in self.standing.get(key, ()) if one.ledger != "statistical"]
        return decode(standing[-1].content).lines[0].account if standing else None

    def booked_party(self, key: str) -> str | None:
        """The party as which a voucher stands in the books."""
        standing = self.standing.get(key)
        return decode(standing[-1].content).party_id if standing else None

    def taken_back(self, key: str) -> list[EntryRow]:
        """The standing bookings of a voucher that its decision takes back."""
        if key in self.held:
            return []
        return [one for one in self.standing.get(key, []) if one.id != self.unchanged.get(key)]


def decide_all(
    context: Context,
    db: Connection,
    waiting: Sequence[Waiting],
    problems: Mapping[str, Sequence[Problem]],
) -> Decisions:
    """Decide every waiting voucher; `problems` are those that the source already found, by our key."""
    rules = context.rules
    standing = entries.standing(db, [one.row.id for one in waiting])
    decisions = Decisions(first_open_day(context, db), standing=standing)
    read = [(one, decode_voucher(one.content)) for one in waiting]
    clearings = Clearings(context, db, [voucher for _, voucher in read])
    stopped = held_vouchers.of_vouchers(db, [one.row.id for one in waiting])
    for one, voucher in sorted(read, key=_payments_by_age):
        stands = one.row.id in decisions.standing
        cleared = clearings.of(voucher, stands=stands)
        before = [decode(row.content) for row in standing.get(one.row.id, ())]
        decision = decide(voucher, rules, stands=stands, cleared=cleared, today=decided_on(context, before))
        found = tuple(problems.get(one.row.id, ()))
        if one.row.id in stopped:
            found = (problem_of(stopped[one.row.id]), *found)
        if isinstance(decision, Ignored):
            decisions.ignored[one.row.id] = decision.reason
        elif isinstance(decision, Held) or found:
            own = decision.problems if isinstance(decision, Held) else ()
            decisions.held[one.row.id] = (*found, *own)
        elif (closed := channel_closed(context, decision)) is not None:
            decisions.held[one.row.id] = (closed,)
        else:
            decisions.drafts[one.row.id] = decision
            if voucher.kind == Kind.PAYMENT:
                clearings.add(drafted(decision))
    _hold_changed_parties(context, db, decisions)
    _set_unchanged_aside(context, waiting, decisions)
    _hold_the_nameless(context, decisions)
    _hold_what_cannot_be_taken_back(context, waiting, decisions)
    hold_taken_numbers(context, db, decisions)
    return decisions


def decided_on(context: Context, before: Sequence[Entry]) -> date | None:
    """The day that a decision is made for: this one, but of what stands in the books that of its booking."""
    return looked_at_on(before[-1]) if before else day_of(context.now())


def _hold_changed_parties(context: Context, db: Connection, decisions: Decisions) -> None:
    for key, rows in decisions.standing.items():
        draft = decisions.drafts.get(key)
        problem = draft and party_changed(context, db, draft, [decode(row.content) for row in rows])
        if problem:
            decisions.drop([key])
            decisions.held[key] = (problem,)


def _hold_the_nameless(context: Context, decisions: Decisions) -> None:
    settings, books = context.settings, context.rules.books
    for key, draft in list(decisions.drafts.items()):
        problem = nameless(draft.party, settings.channel_of(draft.voucher), books)
        if problem is not None:
            decisions.drop([key])
            decisions.held[key] = (problem,)


def channel_closed(context: Context, draft: Draft) -> Problem | None:
    """The problem of a voucher whose format DATEV does not get from this connection."""
    settings = context.settings
    channel = settings.channel_of(draft.voucher)
    if settings.carries(channel):
        return None
    return _not_used(draft.voucher, channel)


def _not_used(voucher: Voucher, channel: Channel) -> Problem:
    facts = {"kind": carried_as(voucher), "format": channel.upper()}
    return Problem("channel_not_used", facts, ("kind", "format"))


def _hold_what_cannot_be_taken_back(
    context: Context, waiting: Sequence[Waiting], decisions: Decisions
) -> None:
    """A correction goes the way of its original; where that is closed, a human has to book it."""
    settings = context.settings
    for one in waiting:
        back = decisions.taken_back(one.row.id)
        closed = next((before.channel for before in back if not settings.carries(before.channel)), None)
        if closed is not None:
            decisions.drop([one.row.id])
            decisions.held[one.row.id] = (_not_used(decode_voucher(one.content), closed),)


def _set_unchanged_aside(context: Context, waiting: Sequence[Waiting], decisions: Decisions) -> None:
    """A record that changed in ways that no booking shows is not booked again."""
    if not decisions.standing:
        return
    settings, rules = context.settings, context.rules
    for one in waiting:
        before = decisions.standing.get(one.row.id)
        draft = decisions.drafts.get(one.row.id)
        if not before or draft is None:
            continue
        person = decisions.booked_under(one.row.id) or ""
        again = entry(draft, person=person, document=None, revision=one.row.revision, turn=1)
        channel = settings.channel_of(draft.voucher)
        same = [entry for entry in before if books_the_same(again, decode(entry.content), channel, rules)]
        if same:
            del decisions.drafts[one.row.id]
            decisions.unchanged[one.row.id] = same[-1].id


def posted(made: Entry, day: date | None) -> Entry:
    """The entry booked on another day than the document's, and why."""
    if day is None:
        return made
    facts = {"document_date": made.document_date.isoformat()}
    because = Because("document_date", day.isoformat(), "first_open_day", facts)
    of_when = f"{made.document_date:%d.%m.%Y}"
    lines = (msgspec.structs.replace(one, text=f"Beleg {of_when} {one.text}".rstrip()) for one in made.lines)
    return msgspec.structs.replace(
        made, posting_date=day, lines=tuple(lines), because=(*made.because, because)
    )


def open_item(name: str, draft: Draft) -> str:
    """What no other voucher of the client may be booked under.

    Payments, and credit notes under the number of their invoice, clear what others opened and hold nothing;
    statistical bookings open nothing.
    """
    if draft.is_statistical or all(line.number for line in draft.lines):
        return ""
    return item_name(name, draft.ledger, draft.party.external_id, draft.number)


def hold_taken_numbers(context: Context, db: Connection, decisions: Decisions) -> None:
    """Two vouchers must never share a Belegfeld 1: DATEV would take them for one open item.

    Of several that meet here for the first time, the earliest keeps it.
    """
    client = context.settings.client
    oldest_first = sorted(decisions.drafts.items(), key=lambda item: _age(item[1].voucher))
    items = {key: item for key, draft in oldest_first if (item := open_item(context.name, draft))}
    holders = entries.holders_of_open_items(db, client, items.values())
    for key, item in items.items():
        others = holders.setdefault(item, set()) - {key}
        if others:
            decisions.held[key] = (number_taken(db, decisions.drafts.pop(key), min(others)),)
        holders[item].add(key)


def number_taken(db: Connection, draft: Draft, other: str) -> Problem:
    """The problem of a voucher whose Belegfeld 1 another one (its key) holds."""
    row = vouchers.by_ids(db, [other]).get(other)
    facts = {
        "number": draft.number,
        "document_field": document_field(draft.number)[0],
        "other": other,
        "other_id": row.external_id if row else "",
        "kind": row.kind if row else "",
        "date": row.document_date.isoformat() if row and row.document_date else "",
    }
    return Problem("document_field_taken", facts, ("document_field",))


def _age(voucher: Voucher) -> tuple[date, int, str]:
    return voucher.document_date, len(voucher.external_id), voucher.external_id


def _payments_by_age(read: tuple[Waiting, Voucher]) -> tuple[object, ...]:
    """Documents in their order, then payments, the oldest first."""
    voucher = read[1]
    return (True, *_age(voucher)) if voucher.kind == Kind.PAYMENT else (False,)


def hold_missing_years(decisions: Decisions, facts: ClientFacts, books: Books) -> None:
    """Hold what falls into no fiscal year of the client; a client that does not say its years holds nothing.

    Raises NeedsHuman when a year that is needed has another account length than the rules were made for.
    """
    if facts.fiscal_years is None:
        return
    for key, draft in list(decisions.drafts.items()):
        day = decisions.posting_date(key, draft.voucher.document_date) or draft.voucher.document_date
        year = next((one for one in facts.fiscal_years if one.first <= day <= one.last), None)
        if year is None:
            del decisions.drafts[key]
            missing = {"year": f"{day:%Y}", "client": facts.client}
            decisions.held[key] = (Problem("fiscal_year_missing", missing, ("year", "client")),)
        elif year.account_length != books.account_length:
            lengths = {
                "client": facts.client,
                "there": str(year.account_length),
                "books": str(books.account_length),
            }
            raise NeedsHuman(Problem("account_length_differs", lengths, ("client",)))
