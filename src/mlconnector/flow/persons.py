"""Debtors: the number of every party, given once, brought by the source, or held where the two disagree."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from mlconnector.flow.decisions import Decisions
from mlconnector.flow.services import Services
from mlconnector.mapping.numbers import allocate
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.store import accounts


def debtors_of(services: Services, db: Connection, name: str, decisions: Decisions) -> dict[str, str]:
    """The debtor number of every draft, by our key; drafts that cannot have one are held.

    Others who give numbers for the client must be held off while this runs (`accounts.hold`).

    A party keeps its number for ever, so a source that brings another one later is a human's matter, as is
    a number that belongs to somebody else.
    """
    settings = services.connection(name)
    books = settings.rules.books
    if books.debtors.collective:
        return dict.fromkeys(decisions.drafts, books.debtors.collective)
    parties = {draft.party.external_id: draft.party for draft in decisions.drafts.values()}
    given = accounts.given(db, settings.client, name, list(parties))
    owners = accounts.owners(db, settings.client, [one.account for one in parties.values() if one.account])
    brought = _brought(name, parties, given, owners, decisions)
    taken = accounts.brought(db, settings.client)
    highest = accounts.highest_allocated(db, settings.client, *books.debtor_range)
    waiting = [one for one in parties.values() if one.external_id not in brought]
    new = allocate(waiting, given, taken.union(brought.values()), highest, books)
    if isinstance(new, Problem):
        _hold(decisions, {one.external_id: new for one in waiting if one.external_id not in given})
        new = {}
    names = {external_id: party.name for external_id, party in parties.items()}
    fresh = {party: number for party, number in brought.items() if party not in given}
    accounts.give(db, settings.client, name, new, names, services.now(), origin="allocated")
    accounts.give(db, settings.client, name, fresh, names, services.now(), origin="source")
    numbers = {**given, **new, **brought}
    return {key: numbers[draft.party.external_id] for key, draft in decisions.drafts.items()}


def _brought(
    name: str,
    parties: Mapping[str, Party],
    given: Mapping[str, str],
    owners: Mapping[str, tuple[str, str]],
    decisions: Decisions,
) -> dict[str, str]:
    """The numbers that the source brings and that may be used; drafts of all others are held."""
    brought: dict[str, str] = {}
    bringer: dict[str, str] = {}
    wrong: dict[str, Problem] = {}
    for party_id, party in parties.items():
        if not party.account:
            continue
        before = given.get(party_id)
        owner = owners.get(party.account, (name, bringer.get(party.account, party_id)))
        facts = {"party": party.name, "party_id": party_id, "number": party.account}
        if before is not None and before != party.account:
            wrong[party_id] = Problem("debtor_number_differs", {**facts, "given": before}, ("party_id",))
        elif owner != (name, party_id):
            wrong[party_id] = Problem("debtor_number_taken", {**facts, "owner": owner[1]}, ("number",))
        else:
            brought[party_id], bringer[party.account] = party.account, party_id
    _hold(decisions, wrong)
    return brought


def _hold(decisions: Decisions, wrong: Mapping[str, Problem]) -> None:
    for key, draft in list(decisions.drafts.items()):
        problem = wrong.get(draft.party.external_id)
        if problem is not None:
            del decisions.drafts[key]
            decisions.held[key] = (problem,)
