"""Preview: what would be booked, read from the source and decided, with nothing stored and nothing sent.

Nothing is asked of DATEV: fiscal years, and which kinds of files the client takes, are checked by the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.open_day import first_open_day
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.changed_parties import numbers_of, party_changed
from mlconnector.flow.decide.clearings import Clearings
from mlconnector.flow.decide.decisions import channel_closed, decided_on, number_taken, open_item, posted
from mlconnector.flow.decide.documents.notes import noted
from mlconnector.flow.decide.doubles import ByMark, Recognised, seen
from mlconnector.flow.decide.rows import books_the_same, nameless, unfit, unwritable
from mlconnector.flow.intake import records
from mlconnector.flow.preview.booking_list import Previewed, listed
from mlconnector.flow.preview.voucher_files import files_of
from mlconnector.formats.names import voucher_id
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, Held, Ignored, entry
from mlconnector.mapping.numbers import allocate
from mlconnector.model.entries import Entry, decode, reversed_entry
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.store import accounts, connections, entries, lookup, vouchers
from mlconnector.systems.source import Reading, Reference

FEW = 20
"""Vouchers whose files are looked into without being asked: each of them is fetched."""

_AT_ONCE = 100
_UNDECIDED: tuple[vouchers.VoucherState, ...] = ("received", "needs_human", "rejected")
UNCHANGED = "unchanged"
MADE = "made"
LEFT_OUT = "left_out"
BY_HAND = "booked_by_hand"


@dataclass
class _Promised:
    """What vouchers that were shown before would take: numbers by ledger and party, open items by our key.

    `entries` are their bookings, for the payments that clear them, `documents` what they are recognised by.
    """

    persons: dict[tuple[str, str], str] = field(default_factory=dict)
    open_items: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    documents: ByMark = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What vouchers are previewed with: their standing bookings by our key, and what was promised before.

    `aside` says of those that somebody left out or booked by hand which of the two it was.
    """

    context: Context
    standing: Mapping[str, Sequence[Entry]]
    open_from: date
    promised: _Promised
    examine: bool
    clearings: Clearings
    aside: Mapping[str, str]


def preview(
    context: Context, limit: int, wanted: Sequence[str] = (), *, examine: bool | None = None
) -> Iterator[Previewed]:
    """What a run would book: changed records first, then those that wait, at most `limit` of them.

    Or the vouchers `wanted`, by number, external id or key; what is not known here yet is looked for in the
    source by its external id. Parties that have no debtor number yet are shown with one that they might get.
    Files are looked into where that is asked for, and by default where there are few vouchers.
    """
    if examine is None:
        examine = (len(wanted) or limit) <= FEW
    promised, left = _Promised(), limit
    with context.read() as db:
        connections.read(db, context.name)
    for readings in _named(context, wanted) if wanted else _next(context, limit):
        fresh = readings if wanted else _not_handed_over(context, readings)
        fresh = fresh if wanted else fresh[:left]
        fresh = sorted(fresh, key=_is_payment)
        read = [one.voucher for one in fresh if one.voucher is not None]
        with context.read() as db:
            standing = entries.standing(db, [voucher_id(context.name, one.identity) for one in read])
            open_from = first_open_day(context, db)
            clearings = Clearings(context, db, read)
            rows = vouchers.by_ids(db, [voucher_id(context.name, one.identity) for one in read])
        aside = {
            key: BY_HAND if row.state == "booked_by_hand" else LEFT_OUT
            for key, row in rows.items()
            if row.is_set_aside
        }
        for made in promised.entries:
            clearings.add(made)
        known = {key: [decode(row.content) for row in rows] for key, rows in standing.items()}
        shown = _Shown(context, known, open_from, promised, examine, clearings, aside)
        yield from (_previewed(shown, reading) for reading in fresh)
        left -= len(fresh)
        if left <= 0 and not wanted:
            return


def _is_payment(reading: Reading) -> bool:
    """Payments are shown after the documents that they clear."""
    return reading.voucher is not None and reading.voucher.kind == Kind.PAYMENT


def _named(context: Context, wanted: Sequence[str]) -> Iterator[list[Reading]]:
    with context.read() as db:
        known = [lookup.find(db, one, context.name) for one in wanted]
    records_of = [one if row is None else row.record for one, row in zip(wanted, known, strict=True)]
    readings = context.source.fetch([Reference(record) for record in dict.fromkeys(records_of)])
    for one, row, record in zip(wanted, known, records_of, strict=True):
        found = [each for each in readings if each.asked_for == record]
        if row is None and all(each.voucher is None and not each.problems for each in found):
            raise NeedsHuman(Problem("voucher_unknown", {"voucher": one}))
        # A record that holds several documents was asked for as a whole; here one of them is wanted.
        yield [each for each in found if row is None or each.external_id == row.external_id] or found


def _next(context: Context, limit: int) -> Iterator[list[Reading]]:
    """Changed records, then what was read before and waits, some at a time."""
    source = context.source
    cursor, position = records.since(context), None
    seen: set[str] = set()
    while True:
        page = source.changes(cursor, position)
        for some in _some(page.references, limit):
            readings = source.fetch(some)
            seen.update(reading.external_id for reading in readings)
            yield readings
        position = page.position
        if position is None:
            break
    with context.read() as db:
        rows = [
            row for state in _UNDECIDED for row in vouchers.listed(db, context.name, state, limit + len(seen))
        ]
    waiting = dict.fromkeys(row.record for row in rows if row.external_id not in seen)
    for some in _some([Reference(record) for record in waiting], limit):
        yield source.fetch(some)


def _some(references: Sequence[Reference], limit: int) -> Iterator[Sequence[Reference]]:
    step = min(limit, _AT_ONCE)
    return (references[start : start + step] for start in range(0, len(references), step))


def _not_handed_over(context: Context, readings: Sequence[Reading]) -> list[Reading]:
    """Those that DATEV does not have as they are."""
    keys = {
        one.external_id: voucher_id(context.name, one.voucher.identity) for one in readings if one.voucher
    }
    with context.read() as db:
        rows = vouchers.by_ids(db, list(keys.values()))

    def is_handed_over(reading: Reading) -> bool:
        row = rows.get(keys.get(reading.external_id, ""))
        return (
            reading.voucher is not None
            and row is not None
            and row.state in records.HANDED_OVER
            and row.revision == reading.voucher.revision()
        )

    return [one for one in readings if one.party is None and not is_handed_over(one)]


def _previewed(shown: _Shown, reading: Reading) -> Previewed:
    voucher = reading.voucher
    if voucher is None:
        return Previewed(reading.external_id, problems=reading.problems, ignored=reading.reason)
    rules = shown.context.rules
    key = voucher_id(shown.context.name, voucher.identity)
    before = shown.standing.get(key, ())
    bare = _bare(shown, voucher)
    if key in shown.aside:
        return replace(bare, ignored=shown.aside[key])
    cleared = shown.clearings.of(voucher, stands=bool(before))
    today = decided_on(shown.context, before)
    decision = decide(voucher, rules, stands=bool(before), cleared=cleared, today=today)
    if isinstance(decision, Ignored):
        return listed(replace(bare, ignored=decision.reason), _taken_back(shown, voucher, before), rules)
    if isinstance(decision, Held) or reading.problems:
        own = decision.problems if isinstance(decision, Held) else ()
        found = {one.cause: one for one in (*own, *reading.problems)}
        return replace(bare, problems=tuple(found.values()))
    return _drafted(shown, bare, decision, before)


def _drafted(shown: _Shown, bare: Previewed, draft: Draft, before: Sequence[Entry]) -> Previewed:
    voucher, rules = draft.voucher, shown.context.rules
    with shown.context.read() as db:
        changed = party_changed(shown.context, db, draft, before)
    if changed is not None:
        return replace(bare, problems=(changed,))
    if before:
        again = _entry(draft, before[-1].lines[0].account)
        same = [one for one in before if books_the_same(again, one, bare.channel, rules)]
        if same:
            shown.clearings.add(same[-1])
            others = [one for one in before if one is not same[-1]]
            return listed(replace(bare, ignored=UNCHANGED), _taken_back(shown, voucher, others), rules)
    hindrance = _hindrance(shown, bare, draft) or _looks_booked(shown, draft, stands=bool(before))
    if hindrance is not None:
        return replace(bare, problems=(hindrance,))
    its = files_of(shown.context, draft, examine=shown.examine)
    bare = replace(bare, files=its.files, document=its.linked or bare.document)
    if its.problems:
        return replace(bare, problems=its.problems)
    person = _person(shown, draft, before)
    if isinstance(person, Problem):
        return replace(bare, problems=(person,))
    made = noted(_entry(draft, person), its.because)
    if before and made.document_date < shown.open_from:
        made = posted(made, shown.open_from)
    wrong = unfit(made, bare.channel, rules) or unwritable(made, rules.books)
    if wrong is not None:
        return replace(bare, problems=(wrong,))
    shown.clearings.add(made)
    shown.promised.entries.append(made)
    is_new = not draft.is_statistical and (draft.ledger, draft.party.external_id) in shown.promised.persons
    found = replace(bare, number=made.number, new_person=person if is_new else "")
    return listed(found, [*_taken_back(shown, voucher, before), made], rules)


def _entry(draft: Draft, person: str) -> Entry:
    return entry(draft, person=person, document=None, revision=draft.voucher.revision(), turn=1)


def _hindrance(shown: _Shown, bare: Previewed, draft: Draft) -> Problem | None:
    """What a run holds a decided voucher for before it looks at its files."""
    closed = channel_closed(shown.context, draft)
    return closed or nameless(draft.party, bare.channel, shown.context.rules.books) or _taken(shown, draft)


def _bare(shown: _Shown, voucher: Voucher) -> Previewed:
    settings = shown.context.settings
    document = ""
    is_filed = voucher.kind != Kind.COMMITMENT and (voucher.attachments or voucher.kind != Kind.PAYMENT)
    if settings.takes_documents and is_filed:
        document = voucher.attachments[0].file_name if voucher.attachments else MADE
    return Previewed(
        external_id=voucher.external_id,
        number=voucher.number or "",
        title=voucher.title,
        voucher=voucher,
        channel=settings.channel_of(voucher),
        document=document,
    )


def _taken_back(shown: _Shown, voucher: Voucher, before: Sequence[Entry]) -> list[Entry]:
    revision, open_from = voucher.revision(), shown.open_from
    return [
        reversed_entry(one, revision=revision, turn=turn, open_from=open_from)
        for turn, one in enumerate(before, start=1)
    ]


def _taken(shown: _Shown, draft: Draft) -> Problem | None:
    """The problem of a voucher whose Belegfeld 1 another one has, or was shown with before."""
    item, key = open_item(shown.context.name, draft), voucher_id(shown.context.name, draft.voucher.identity)
    if not item:
        return None
    client = shown.context.settings.client
    with shown.context.read() as db:
        holders = entries.holders_of_open_items(db, client, [item]).get(item, set())
        others = (holders | {shown.promised.open_items.setdefault(item, key)}) - {key}
        return number_taken(db, draft, min(others)) if others else None


def _looks_booked(shown: _Shown, draft: Draft, *, stands: bool) -> Problem | None:
    """The problem of a voucher that looks like what is booked, or was shown before."""
    key = voucher_id(shown.context.name, draft.voucher.identity)
    with shown.context.read() as db:
        own = seen(shown.context, db, {key: draft})
        if key not in own:
            return None
        booked = Recognised(shown.context, db, own, shown.promised.documents)
        problems = () if stands else booked.problems(own[key])
    if not problems:
        booked.add(own[key])
    return problems[0] if problems else None


def _person(shown: _Shown, draft: Draft, before: Sequence[Entry]) -> str | Problem:
    """The number of the party: of what stands, collective, brought along, given, or the next free one."""
    standing = [one for one in before if not one.is_statistical]
    if draft.is_statistical or standing:
        return "" if draft.is_statistical else standing[-1].lines[0].account
    settings, party, ledger = shown.context.settings, draft.party, draft.ledger
    books, promised = settings.rules.books, shown.promised.persons
    collective = books.numbers_of(ledger).collective
    key = (ledger, party.external_id)
    known = collective or party.account or promised.get(key)
    if known:
        return known
    with shown.context.read() as db:
        given = numbers_of(shown.context, db, [party.external_id], ledger)
        brought = accounts.brought(db, settings.client)
        highest = accounts.highest_allocated(db, settings.client, *books.range_of(ledger))
    if party.external_id in given:
        return given[party.external_id]
    shown_before = [int(number) for (of, _), number in promised.items() if of == ledger]
    highest = max([highest or 0, *shown_before]) or None
    new = allocate([party], given, brought, highest, books, ledger)
    if isinstance(new, Problem):
        return new
    promised[key] = new[party.external_id]
    return promised[key]
