"""Drafts: a voucher whose booking is decided but for the number of its party and the filed document."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from mlconnector.mapping.books import Books
from mlconnector.model.entries import Because, Entry, EntryLine, Ledger
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Party, Voucher

_PERSONS: dict[Ledger, str] = {"receivable": "debtor", "payable": "creditor"}
_INVALID: dict[Ledger, str] = {
    "receivable": "debtor_number_invalid",
    "payable": "creditor_number_invalid",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A voucher whose booking is decided; lines without an account get the number of `party`."""

    voucher: Voucher
    party: Party
    number: str
    lines: tuple[EntryLine, ...]
    exchange_rate: Decimal | None
    because: tuple[Because, ...]
    payment_terms: str = ""

    @property
    def ledger(self) -> Ledger:
        """Whether the party is a debtor or a creditor."""
        return ledger_of(self.voucher)

    @property
    def is_statistical(self) -> bool:
        """Whether only statistical accounts are booked: then the party gets no number, nothing is filed."""
        return self.voucher.kind == Kind.COMMITMENT


@dataclass(frozen=True, slots=True)
class Held:
    """A voucher that waits for a human."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A voucher that books nothing, and why: `zero_value`, `withdrawn`, `commitment` or `before_begin`."""

    reason: str


def ledger_of(voucher: Voucher) -> Ledger:
    """Whether the party of a voucher is a debtor (sales) or a creditor (purchases)."""
    return "receivable" if voucher.direction == "sale" else "payable"


def person_problem(party: Party, ledger: Ledger, books: Books) -> Problem | None:
    """What is wrong with the number that the source brings for a party, if it brings one."""
    if not party.account or books.is_person(party.account, ledger):
        return None
    facts = {"account": party.account, "party": party.name, "digits": str(books.account_length + 1)}
    return Problem(_INVALID[ledger], facts, ("account",))


def entry(draft: Draft, *, person: str, document: uuid.UUID | None, revision: str, turn: int) -> Entry:
    """The entry of a draft, with the number of its party and the document that was filed for it."""
    voucher, party = draft.voucher, draft.party
    statistical = draft.is_statistical
    whose = "number_of_source" if party.account == person else "number_in_books"
    why = Because(_PERSONS[draft.ledger], person, whose, {"party_id": party.external_id})
    return Entry(
        voucher=voucher.identity,
        revision=revision,
        kind="original",
        turn=turn,
        document_date=voucher.document_date,
        number=draft.number,
        currency=voucher.currency,
        exchange_rate=draft.exchange_rate,
        service_date=None if statistical else voucher.service_date,
        due_date=None if statistical else voucher.due_date,
        payment_terms=draft.payment_terms,
        ledger=draft.ledger,
        party_id=party.external_id,
        party_name=party.name,
        party_city=party.city or "",
        document=document,
        because=draft.because if statistical else (*draft.because, why),
        lines=tuple(msgspec.structs.replace(line, account=line.account or person) for line in draft.lines),
    )
