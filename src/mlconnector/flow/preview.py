"""Preview: what would be booked, read from the source and decided, with nothing stored and nothing sent.

Only what is decided without DATEV is looked at: documents and fiscal years are checked by the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.flow import intake
from mlconnector.flow.freeze import rows_of, unwritable
from mlconnector.flow.services import Services
from mlconnector.formats.extf import document_field
from mlconnector.formats.naming import voucher_id
from mlconnector.mapping.booking import Held, Ignored, decide, entry
from mlconnector.mapping.numbers import allocate
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher
from mlconnector.store import accounts, connections, entries, lookup, vouchers
from mlconnector.systems.source import Reading, Reference

_AT_ONCE = 100
_UNDECIDED = ("received", "needs_human", "rejected")


@dataclass(frozen=True, slots=True)
class Previewed:
    """One voucher as it would be booked: rows by DATEV's column names and why, or why not."""

    external_id: str
    number: str
    title: str
    rows: tuple[dict[str, Any], ...]
    because: tuple[Because, ...]
    changes: tuple[str, ...]
    problems: tuple[Problem, ...]
    ignored: str


@dataclass
class _Promised:
    """What vouchers that were shown before would take: debtor numbers by party, Belegfeld 1 by our key."""

    debtors: dict[str, str] = field(default_factory=dict)
    document_fields: dict[str, str] = field(default_factory=dict)


def preview(services: Services, name: str, limit: int, wanted: Sequence[str] = ()) -> Iterator[Previewed]:
    """What a run would book: changed records first, then those that wait, at most `limit` of them.

    Or the vouchers `wanted`, by number, external id or key; what is not known here yet is looked for in the
    source by its external id. Parties that have no debtor number yet are shown with one that they might get.
    """
    promised = _Promised()
    with services.database.read() as db:
        connections.read(db, name)
    readings = _named(services, name, wanted) if wanted else _next(services, name, limit)
    for shown, reading in enumerate(readings, start=1):
        yield _previewed(services, name, reading, promised)
        if shown == limit and not wanted:
            return


def _named(services: Services, name: str, wanted: Sequence[str]) -> Iterator[Reading]:
    with services.database.read() as db:
        known = [lookup.find(db, one, name) for one in wanted]
    ids = [one if row is None else row.external_id for one, row in zip(wanted, known, strict=True)]
    readings = services.source(name).fetch([Reference(external_id) for external_id in ids])
    for one, row, reading in zip(wanted, known, readings, strict=True):
        if row is None and reading.voucher is None and not reading.problems:
            raise NeedsHuman(Problem("voucher_unknown", {"voucher": one}))
        yield reading


def _next(services: Services, name: str, limit: int) -> Iterator[Reading]:
    """Changed records that DATEV does not have as they are, then what was read before and waits."""
    source = services.source(name)
    cursor, position = intake.since(services, name), None
    seen: set[str] = set()
    while True:
        page = source.changes(cursor, position)
        for start in range(0, len(page.references), min(limit, _AT_ONCE)):
            for reading in source.fetch(page.references[start : start + min(limit, _AT_ONCE)]):
                seen.add(reading.external_id)
                if not _is_handed_over(services, name, reading):
                    yield reading
        position = page.position
        if position is None:
            break
    with services.database.read() as db:
        rows = [row for state in _UNDECIDED for row in vouchers.listed(db, name, state, limit + len(seen))]
    waiting = [Reference(row.external_id) for row in rows if row.external_id not in seen]
    for start in range(0, len(waiting), _AT_ONCE):
        yield from source.fetch(waiting[start : start + _AT_ONCE])


def _is_handed_over(services: Services, name: str, reading: Reading) -> bool:
    if reading.voucher is None:
        return False
    key = voucher_id(name, reading.voucher.identity)
    with services.database.read() as db:
        row = vouchers.by_ids(db, [key]).get(key)
    return row is not None and row.state in intake.HANDED_OVER and row.revision == reading.voucher.revision()


def _previewed(services: Services, name: str, reading: Reading, promised: _Promised) -> Previewed:
    voucher = reading.voucher
    if voucher is None:
        return Previewed(reading.external_id, "", "", (), (), (), reading.problems, reading.reason)
    rules = services.rules(name)
    decision = decide(voucher, rules)
    if isinstance(decision, Ignored):
        return _without_rows(voucher, (), decision.reason)
    if isinstance(decision, Held) or reading.problems:
        own = decision.problems if isinstance(decision, Held) else ()
        found = {one.cause: one for one in (*own, *reading.problems)}
        return _without_rows(voucher, tuple(found.values()), "")
    taken = _taken(services, name, voucher, decision.number, promised)
    debtor = _debtor(services, name, voucher, promised)
    if taken is not None or isinstance(debtor, Problem):
        wrong = tuple(one for one in (taken, debtor) if isinstance(one, Problem))
        return _without_rows(voucher, wrong, "")
    made = entry(decision, debtor=debtor, document=None, revision=voucher.revision(), turn=1)
    unfit = unwritable(made, rules.books)
    if unfit is not None:
        return _without_rows(voucher, (unfit,), "")
    written = rows_of(made, rules.books)
    return Previewed(
        external_id=voucher.external_id,
        number=made.number,
        title=voucher.title,
        rows=tuple(dict(row) for row in written.rows),
        because=made.because,
        changes=tuple(f"{one.field}: {one.before} → {one.after} ({one.reason})" for one in written.changes),
        problems=(),
        ignored="",
    )


def _without_rows(voucher: Voucher, problems: tuple[Problem, ...], ignored: str) -> Previewed:
    return Previewed(voucher.external_id, voucher.number or "", voucher.title, (), (), (), problems, ignored)


def _taken(
    services: Services, name: str, voucher: Voucher, number: str, promised: _Promised
) -> Problem | None:
    """The problem of a voucher whose Belegfeld 1 another one has, or was shown with before."""
    value, key = document_field(number)[0], voucher_id(name, voucher.identity)
    client = services.connection(name).client
    with services.database.read() as db:
        holders = entries.holders_of_document_field(db, client, [value]).get(value, set())
    others = (holders | {promised.document_fields.setdefault(value, key)}) - {key}
    if not others:
        return None
    facts = {"number": number, "document_field": value, "other": min(others)}
    return Problem("document_field_taken", facts, ("document_field",))


def _debtor(services: Services, name: str, voucher: Voucher, promised: _Promised) -> str | Problem:
    settings, party = services.connection(name), voucher.party
    books = settings.rules.books
    if books.debtors.collective:
        return books.debtors.collective
    if party is None:
        return ""
    if party.account or party.external_id in promised.debtors:
        return party.account or promised.debtors[party.external_id]
    with services.database.read() as db:
        given = accounts.given(db, settings.client, name, [party.external_id])
        brought = accounts.brought(db, settings.client)
        highest = accounts.highest_allocated(db, settings.client, *books.debtor_range)
    if party.external_id in given:
        return given[party.external_id]
    highest = max([highest or 0, *map(int, promised.debtors.values())]) or None
    new = allocate([party], given, brought, highest, books)
    if isinstance(new, Problem):
        return new
    promised.debtors.update(new)
    return promised.debtors[party.external_id]
