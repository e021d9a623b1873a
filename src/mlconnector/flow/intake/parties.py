"""Parties: customers and suppliers that changed in the source on their own, without a document."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.flow.intake.person_accounts import note_numbered
from mlconnector.mapping.numbers import allocate
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.store import accounts
from mlconnector.store.audit import append
from mlconnector.systems.source import Reading


def note_parties(context: Context, db: Connection, readings: Sequence[Reading]) -> None:
    """Note what DATEV shall know of parties that were read on their own.

    Parties with a number are kept in step. One without gets its number with its first document, or with
    `master_data.parties = "all"` at once; where it cannot have one (the range is used up, its number is not
    possible or somebody else's), its first document will say so.
    """
    settings = context.settings
    if settings.sends_master_data == "off":
        return
    for ledger in ("receivable", "payable"):
        found = {one.party.external_id: one.party for one in readings if one.party and one.ledger == ledger}
        if found and not settings.rules.books.numbers_of(ledger).collective:
            _note(context, db, found, ledger)


def _note(context: Context, db: Connection, found: dict[str, Party], ledger: Ledger) -> None:
    settings, now = context.settings, context.now()
    accounts.hold(db, settings.client)
    given = accounts.given(db, settings.client, context.name, list(found), ledger)
    new: dict[str, str] = {}
    if settings.master_data.parties == "all":
        new = _new_numbers(context, db, found, given, ledger)
    names = {party_id: party.name for party_id, party in found.items()}
    accounts.give(db, settings.client, context.name, new, names, now, ledger=ledger, origin="allocated")
    numbered = {number: found[party_id] for party_id, number in {**given, **new}.items()}
    note_numbered(context, db, numbered, now)
    append(db, [context.event(number, "numbered", {"party": party}) for party, number in new.items()], now)


def _new_numbers(
    context: Context,
    db: Connection,
    found: dict[str, Party],
    given: dict[str, str],
    ledger: Ledger,
) -> dict[str, str]:
    settings = context.settings
    books = settings.rules.books
    # A number that the source brings is taken with the first document, where it can be disputed.
    without = [party for party_id, party in found.items() if party_id not in given and not party.account]
    taken = accounts.brought(db, settings.client)
    highest = accounts.highest_allocated(db, settings.client, *books.range_of(ledger))
    new = allocate(without, given, taken, highest, books, ledger)
    return {} if isinstance(new, Problem) else new
