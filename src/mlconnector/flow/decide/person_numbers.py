"""Persons: the number of every debtor and creditor, given once, brought along, or disputed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.changed_parties import numbers_of
from mlconnector.flow.decide.decisions import Decisions
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.numbers import alike, allocate
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.store import accounts


def persons_of(context: Context, db: Connection, decisions: Decisions) -> dict[str, str]:
    """The number of every draft's party, by our key; drafts that cannot have one are held, and statistical
    ones need none.

    Others who give numbers for the client must be held off while this runs (`accounts.hold`).

    A party keeps its number for ever, so a source that brings another one later is a human's matter, as is
    a number that belongs to somebody else. A voucher that stands in the books keeps its account whoever is
    its party now: who was merged into another or got another number has open items under the old one. Where
    that party may be somebody else, it is held before (`changed_parties`).
    """
    return {
        **_numbers(context, db, decisions, "receivable"),
        **_numbers(context, db, decisions, "payable"),
    }


def _numbers(context: Context, db: Connection, decisions: Decisions, ledger: Ledger) -> dict[str, str]:
    settings = context.settings
    books = settings.rules.books
    of_ledger = {
        key: draft
        for key, draft in decisions.drafts.items()
        if draft.ledger == ledger and not draft.is_statistical
    }
    kept = {key: account for key in of_ledger if (account := decisions.booked_under(key)) is not None}
    drafts = {key: draft for key, draft in of_ledger.items() if key not in kept}
    collective = books.numbers_of(ledger).collective
    if collective or not drafts:
        return {**dict.fromkeys(drafts, collective or ""), **kept}
    parties = {draft.party.external_id: draft.party for draft in drafts.values()}
    given = numbers_of(context, db, [one.external_id for one in parties.values() if not one.account], ledger)
    bringing = [one.external_id for one in parties.values() if one.account]
    given |= accounts.given(db, settings.client, context.name, bringing, ledger)
    owners = accounts.owners(db, settings.client, [one.account for one in parties.values() if one.account])
    reserved = accounts.reserved(db, settings.client, list(owners))
    brought, wrong = _brought(context.name, parties, given, owners, reserved)
    _hold(decisions, wrong, drafts)
    taken = accounts.brought(db, settings.client)
    highest = accounts.highest_allocated(db, settings.client, *books.range_of(ledger))
    waiting = [one for one in parties.values() if one.external_id not in brought]
    new = allocate(waiting, given, taken.union(brought.values()), highest, books, ledger)
    if isinstance(new, Problem):
        _hold(decisions, {one.external_id: new for one in waiting if one.external_id not in given}, drafts)
        new = {}
    names = {external_id: party.name for external_id, party in parties.items()}
    fresh = {party: number for party, number in brought.items() if party not in given}
    give = partial(
        accounts.give, db, settings.client, context.name, names=names, now=context.now(), ledger=ledger
    )
    give(new, origin="allocated")
    give({party: number for party, number in fresh.items() if number not in reserved}, origin="source")
    for party, number in fresh.items():
        if number in reserved:
            accounts.bind(db, settings.client, context.name, party, number)
    numbers = {**given, **new, **brought}
    fresh_ones = {key: draft for key, draft in drafts.items() if key in decisions.drafts}
    return {**kept, **{key: numbers[draft.party.external_id] for key, draft in fresh_ones.items()}}


def _brought(
    name: str,
    parties: Mapping[str, Party],
    given: Mapping[str, str],
    owners: Mapping[str, tuple[str, str]],
    reserved: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, Problem]]:
    """The numbers that the source brings and that may be used, and what is wrong with all others.

    A number that a list reserves may be used by whom the list names.
    """
    brought: dict[str, str] = {}
    bringer: dict[str, str] = {}
    wrong: dict[str, Problem] = {}
    for party_id, party in parties.items():
        if not party.account:
            continue
        before = given.get(party_id)
        owner = owners.get(party.account, (name, bringer.get(party.account, party_id)))
        if party.account in reserved:
            listed = reserved[party.account]
            may = bringer.get(party.account, party_id) == party_id and alike(listed, party.name)
            owner = (name, party_id) if may else (name, listed or owner[1])
        facts = {"party": party.name, "party_id": party_id, "number": party.account}
        if before is not None and before != party.account:
            wrong[party_id] = Problem("debtor_number_differs", {**facts, "given": before}, ("party_id",))
        elif owner != (name, party_id):
            wrong[party_id] = Problem("debtor_number_taken", {**facts, "owner": owner[1]}, ("number",))
        else:
            brought[party_id], bringer[party.account] = party.account, party_id
    return brought, wrong


def _hold(decisions: Decisions, wrong: Mapping[str, Problem], drafts: Mapping[str, Draft]) -> None:
    """Hold those of the drafts whose party has something wrong with its number."""
    for key, draft in drafts.items():
        problem = wrong.get(draft.party.external_id)
        if problem is not None and decisions.drafts.pop(key, None) is not None:
            decisions.held[key] = (problem,)
