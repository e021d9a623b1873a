"""Number binding: a number is given to a party by hand, and taken back while nothing was sent under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.number_lists import step_of
from mlconnector.flow.agree.own_chart import books_of
from mlconnector.flow.context.context import Context
from mlconnector.mapping.list_entries import Fault, PersonEntry
from mlconnector.mapping.numbers import RESERVED, alike, changed_to
from mlconnector.model.entries import Ledger
from mlconnector.model.entries import decode as decode_entry
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Party
from mlconnector.model.vouchers import decode as decode_voucher
from mlconnector.store import accounts, documents, entries, lookup, merged_parties, person_records, vouchers
from mlconnector.store.accounts import GivenNumber
from mlconnector.store.audit import append

# What a sink has refused, or what was dissolved before it got there, stands nowhere.
_NOWHERE = frozenset({None, "failed", "dissolved"})
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Binding:
    """What giving a number to a party changes.

    `party` is as its latest document has it, `listed` the name under which a list reserves the number.
    `before` is the number that the party has now, and loses; `vouchers` are those that are prepared under it,
    by their labels: they are decided anew. `merged_with` is who has the number, where the party is taken for
    the same.
    """

    party: Party
    number: str
    ledger: Ledger
    listed: str
    before: GivenNumber | None
    vouchers: tuple[str, ...]
    changes_something: bool
    merged_with: GivenNumber | None = None

    def as_data(self) -> dict[str, Any]:
        """All of it for machines."""
        who = {"party": self.party.external_id}
        told = ("name", "street", "postal_code", "city", "country", "vat_id")
        return {
            "who": who | {name: getattr(self.party, name) for name in told},
            "listed_as": self.listed or None,
            "number_before": self.before and self.before.number,
            "vouchers": list(self.vouchers),
            "merged_with": self.merged_with and self.merged_with.party,
        }

    @property
    def is_listed_otherwise(self) -> bool:
        """Whether the list has another name for the number than the source has for the party."""
        return bool(self.listed) and not alike(self.listed, self.party.name)


@dataclass(frozen=True, slots=True)
class Unbound:
    """A number that was taken from its party; `vouchers` were prepared under it and are decided anew."""

    number: str
    party: str
    is_reserved: bool
    vouchers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What waits under a number for a batch: keys and labels of the vouchers."""

    keys: tuple[str, ...]
    labels: tuple[str, ...]


def would_bind(context: Context, party: str, number: str) -> Binding:
    """What it would change to give a number to a party. Raises NeedsHuman as `bind` does."""
    with context.read() as db:
        return _binding(context, db, party, number)[0]


def bind(context: Context, party: str, number: str, by: str) -> GivenNumber:
    """Give a number that a list reserves, or that is free, to a party that the source has named.

    The number of another party is given only where documents of that one name this one now: then both are the
    same party, what stands under the number is booked there on, and so is the rest of whoever has no other
    number.

    Another number that the party has goes with that, as long as nothing was sent under it; what is prepared
    under it is decided anew. Raises NeedsHuman when the party is unknown, when the number is somebody else's
    or is none, or when something was sent under the number that the party has.
    """
    now, client = context.now(), context.client
    with context.write() as db:
        accounts.hold(db, client)
        made, prepared = _binding(context, db, party, number)
        if made.changes_something:
            if made.before is not None:
                _take_away(context, db, made.before, prepared)
            if made.merged_with is not None:
                merged_parties.put(db, client, context.name, party, number, ledger=made.ledger, now=now)
            elif made.number in accounts.every(db, client):
                accounts.bind(db, client, context.name, party, number)
            else:
                names = {party: made.party.name}
                accounts.give(
                    db, client, context.name, {party: number}, names, now, ledger=made.ledger, origin="bound"
                )
            before = made.before and made.before.number
            detail = {"client": client, "by": by, "party": party, "number": number}
            told = {**detail, "number_before": before or "", "vouchers": list(made.vouchers)}
            if made.merged_with is not None:
                told["merged_with"] = made.merged_with.party
            append(db, [context.event(context.name, "number_bound", told)], now)
        return accounts.every(db, client)[number]


def would_unbind(context: Context, wanted: str) -> Unbound:
    """What it would change to take a number from its party. Raises NeedsHuman as `unbind` does."""
    with context.read() as db:
        return _unbound(context, db, wanted)[1]


def unbind(context: Context, wanted: str, by: str, reason: str = "") -> Unbound:
    """Take a number from the party to which a list or a person gave it, named by the number or the party.

    A number of a list is reserved again, another one is free. Raises NeedsHuman when nobody gave it so, and
    when something was sent under it (`number_sent`).
    """
    now, client = context.now(), context.client
    with context.write() as db:
        accounts.hold(db, client)
        row, made, prepared = _unbound(context, db, wanted)
        _take_away(context, db, row, prepared)
        detail = {"client": client, "by": by, "reason": reason.strip()}
        detail |= {"party": row.party, "number": row.number}
        told = {**detail, "vouchers": list(made.vouchers)}
        append(db, [context.event(context.name, "number_unbound", told)], now)
        return made


def _binding(context: Context, db: Connection, party: str, number: str) -> tuple[Binding, _Prepared]:
    books = books_of(context)
    ledger = next((one for one in _ledgers() if books.books.is_person(number, one)), None)
    if ledger is None:
        facts = {"number": number, "digits": str(books.books.account_length + 1)}
        raise NeedsHuman(Problem("number_not_person", facts))
    if party.startswith(RESERVED):
        raise NeedsHuman(Problem("party_reserved", {"party": party}))
    every = accounts.every(db, books.client)
    of_party = [one for one in every.values() if (one.connection, one.party) == (context.name, party)]
    known = _as_documents_say(db, context.name, party) or _as_given(of_party)
    if known is None:
        raise NeedsHuman(Problem("party_unknown", {"party": party, "name": context.name}))
    holder = every.get(number)
    if holder is not None and _names_now(context, db, holder, party):
        merged = merged_parties.numbers(db, books.client, context.name, [party], ledger)
        is_new = number not in merged.get(party, ())
        return Binding(known, number, ledger, "", None, (), is_new, holder), _Prepared((), ())
    step = step_of(context.name, holder, None, PersonEntry(0, number, "", party, ""))
    if isinstance(step, Fault):
        owner = step.facts["owner"]
        raise NeedsHuman(Problem("number_taken", {"name": context.name, "number": number, "owner": owner}))
    before = next((one for one in of_party if one.ledger == ledger and one.number != number), None)
    prepared = _Prepared((), ())
    if before is not None:
        sent, prepared = _under(db, books.client, before.number)
        if sent:
            facts = {"party": party, "given": before.number, "number": number}
            raise NeedsHuman(Problem("party_has_number", facts))
    listed = holder.name if holder is not None and holder.is_reserved else ""
    made = Binding(known, number, ledger, listed, before, prepared.labels, step[0] != "unchanged")
    return made, prepared


def _names_now(context: Context, db: Connection, holder: GivenNumber, party: str) -> bool:
    """Whether documents that stand under the number of its holder name another party now."""
    if holder.connection != context.name or holder.party == party:
        return False
    merged = merged_parties.numbers(db, context.client, context.name, [party], holder.ledger)
    cause = changed_to(holder.number, party)
    return holder.number in merged.get(party, ()) or bool(vouchers.held_for(db, cause, context.name))


def _unbound(context: Context, db: Connection, wanted: str) -> tuple[GivenNumber, Unbound, _Prepared]:
    client = context.client
    every = accounts.every(db, client)
    own = [one for one in every.values() if one.connection == context.name and not one.is_reserved]
    rows = [one for one in own if wanted in {one.number, one.party}]
    bound = [one for one in rows if one.origin in {"list", "bound"}]
    if len(bound) != 1:
        numbers = ", ".join(one.number for one in bound or rows)
        raise NeedsHuman(Problem("number_not_bound", {"wanted": wanted, "numbers": numbers}))
    (row,) = bound
    sent, prepared = _under(db, client, row.number)
    if sent:
        facts = {"number": row.number, "party": row.party, "vouchers": ", ".join(sent[:_SHOWN])}
        raise NeedsHuman(Problem("number_sent", facts))
    made = Unbound(row.number, row.party, row.origin == "list", prepared.labels)
    return row, made, prepared


def _under(db: Connection, client: str, number: str) -> tuple[list[str], _Prepared]:
    """What was sent under a number, or is on its way, by its labels; and what only waits there."""
    found = [
        (row, state)
        for row, state in entries.naming(db, client, number)
        if any(number in {line.account, line.contra_account} for line in decode_entry(row.content).lines)
    ]
    rows = vouchers.by_ids(db, sorted({row.voucher for row, _ in found}))
    sent = list(dict.fromkeys(rows[row.voucher].label for row, state in found if state not in _NOWHERE))
    record = person_records.read(db, client, [number]).get(number)
    if record is not None and (record.sent or record.on_the_way or record.state in {"batched", "sent"}):
        sent.append(number)
    waiting = list(dict.fromkeys(row.voucher for row, _ in found if row.batch is None))
    return sent, _Prepared(tuple(waiting), tuple(rows[key].label for key in waiting))


def _take_away(context: Context, db: Connection, row: GivenNumber, prepared: _Prepared) -> None:
    """Take a number from its party; what was prepared under it is decided anew."""
    client = context.client
    vouchers.hold(db, prepared.keys)
    vouchers.drop_waiting_entries(db, prepared.keys)
    if _under(db, client, row.number)[0]:
        # A batch has taken it in this very moment.
        raise NeedsHuman(Problem("number_sent", {"number": row.number, "party": row.party, "vouchers": ""}))
    documents.drop_unsent(db, prepared.keys)
    vouchers.set_state(db, prepared.keys, "received", context.now(), of={"bookable"})
    person_records.forget(db, client, row.number)
    if row.origin == "list":
        accounts.reserve_again(db, client, row.number)
    else:
        accounts.free(db, client, row.number)


def _as_documents_say(db: Connection, name: str, party: str) -> Party | None:
    """The party as its latest document has it; payments often know no more than a name."""
    text = f'"external_id":{msgspec.json.encode(party).decode()}'
    best: tuple[tuple[bool, date], Party] | None = None
    for _, content in lookup.naming(db, name, text):
        voucher = decode_voucher(content)
        if voucher.party is None or voucher.party.external_id != party:
            continue
        rank = (voucher.kind != Kind.PAYMENT, voucher.document_date)
        if best is None or rank >= best[0]:
            best = (rank, voucher.party)
    return None if best is None else best[1]


def _as_given(rows: Sequence[GivenNumber]) -> Party | None:
    """A party that the source has named without a document; what only a list says is no proof of that."""
    known = next((one for one in rows if one.origin in {"allocated", "source"}), None)
    return None if known is None else Party(external_id=known.party, name=known.name)


def _ledgers() -> Iterator[Ledger]:
    yield from ("receivable", "payable")
