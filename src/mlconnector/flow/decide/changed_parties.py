"""Changed parties: a document that stands in the books under one party, and names another one now.

Its open item stays where it stands, which is right where two records of the same party were merged. Where
somebody had named the wrong party, it would be booked again on a stranger's account.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.numbers import alike
from mlconnector.model.entries import Entry, Ledger
from mlconnector.model.problems import Problem
from mlconnector.store import accounts, merged_parties


def party_changed(context: Context, db: Connection, draft: Draft, before: Sequence[Entry]) -> Problem | None:
    """The problem of a document that names somebody else than its bookings `before`, as far as is known.

    Another record of the same name that has no other number is taken for the same party.
    """
    standing = [one for one in before if not one.is_statistical]
    if draft.is_statistical or not standing or standing[-1].party_id == draft.party.external_id:
        return None
    last, party, ledger = standing[-1], draft.party, draft.ledger
    number = last.lines[0].account
    if number in {context.rules.books.numbers_of(ledger).collective, party.account}:
        return None
    client, ids = context.client, [party.external_id]
    other = party.account or accounts.given(db, client, context.name, ids, ledger).get(party.external_id, "")
    if not other and alike(party.name, last.party_name):
        return None
    if number in merged_parties.numbers(db, client, context.name, ids, ledger).get(party.external_id, ()):
        return None
    facts = {
        "document": draft.number,
        "before": last.party_name,
        "before_id": last.party_id,
        "number": number,
        "party": party.name,
        "party_id": party.external_id,
        "other": other,
    }
    return Problem("party_changed", facts, ("number", "party_id"))


def numbers_of(context: Context, db: Connection, parties: Sequence[str], ledger: Ledger) -> dict[str, str]:
    """The numbers under which parties are booked: their own, else that of whom they were merged with."""
    client, name = context.client, context.name
    merged = merged_parties.numbers(db, client, name, parties, ledger)
    own = accounts.given(db, client, name, parties, ledger)
    return {**{party: found[0] for party, found in merged.items()}, **own}
