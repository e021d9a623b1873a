"""Preview: what would be booked, read from the source and decided, with nothing stored and nothing sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlconnector.flow import intake
from mlconnector.flow.freeze import rows_of, unwritable
from mlconnector.flow.services import Services
from mlconnector.mapping.booking import Held, Ignored, decide, entry
from mlconnector.mapping.numbers import allocate
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher
from mlconnector.store import accounts
from mlconnector.systems.source import Reading


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


def preview(services: Services, name: str, limit: int) -> Iterator[Previewed]:
    """The next changed records of a connection as they would be booked, at most `limit` of them.

    Parties that have no debtor number yet are shown with the number that they would get.
    """
    source = services.source(name)
    cursor, position, shown = intake.since(services, name), None, 0
    numbers: dict[str, str] = {}
    while shown < limit:
        page = source.changes(cursor, position)
        for reading in source.fetch(page.references[: limit - shown]):
            shown += 1
            yield _previewed(services, name, reading, numbers)
        position = page.position
        if position is None:
            return


def _previewed(services: Services, name: str, reading: Reading, numbers: dict[str, str]) -> Previewed:
    voucher = reading.voucher
    if voucher is None:
        return Previewed(reading.external_id, "", "", (), (), (), reading.problems, reading.reason)
    rules = services.rules(name)
    decision = decide(voucher, rules)
    if isinstance(decision, Ignored):
        return _without_rows(voucher, (), decision.reason)
    if isinstance(decision, Held) or reading.problems:
        own = decision.problems if isinstance(decision, Held) else ()
        return _without_rows(voucher, (*reading.problems, *own), "")
    debtor = _debtor(services, name, voucher, numbers)
    if isinstance(debtor, Problem):
        return _without_rows(voucher, (debtor,), "")
    made = entry(decision, debtor=debtor, document=None, revision=voucher.revision(), turn=1)
    wrong = unwritable(made, rules.books)
    if wrong is not None:
        return _without_rows(voucher, (wrong,), "")
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


def _debtor(services: Services, name: str, voucher: Voucher, numbers: dict[str, str]) -> str | Problem:
    settings, party = services.connection(name), voucher.party
    books = settings.rules.books
    if books.debtors.collective:
        return books.debtors.collective
    if party is None or party.account:
        return party.account or "" if party else ""
    if party.external_id not in numbers:
        with services.database.read() as db:
            given = accounts.given(db, settings.client, name, [party.external_id])
            highest = accounts.highest_allocated(db, settings.client, *books.debtor_range)
        highest = max([highest or 0, *map(int, numbers.values())]) or None
        new = allocate([party], given, frozenset(numbers.values()), highest, books)
        if isinstance(new, Problem):
            return new
        numbers.update(given | new)
    return numbers[party.external_id]
