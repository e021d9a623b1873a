"""Entries (Buchungssätze): what a voucher becomes after mapping; they balance by construction.

Every line moves one amount between two accounts, so an entry cannot be out of balance. Amounts are
signed: positive debits `account` and credits `contra_account`, negative the other way round. Only the
writer of a format turns that into Umsatz and S/H.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from mlconnector.model.money import ZERO
from mlconnector.model.vouchers import Kind

EntryKind = Literal["original", "reversal"]
Ledger = Literal["receivable", "payable"]
BookedIn = Literal["receivable", "payable", "statistical"]
"""Where a booking stands: in the ledger of its party, or on statistical accounts alone."""


class Because(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a field has its value: the rule or mapping row that gave it, and the source facts it looked at.

    `rule` is a key of the texts (`reasons.toml`), which are filled with `facts`, or a sentence of its own.
    `line` counts the lines of the entry, beginning with 1; 0 is the entry as a whole.
    """

    field: str
    value: str
    rule: str
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    line: int = 0


class EntryLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One amount moved between `account` (person or bank) and `contra_account` (the tax-bearing account).

    `amount` is gross in the entry's currency. `tax_key` is the BU-Schlüssel, empty where the contra
    account is automatic or untaxed. `tax_rate` (percent) and `tax_case` say what DATEV will make of it:
    with `tax_added` the tax comes on top of the amount and is owed and deducted by the client (reverse
    charge, intra-community acquisition), otherwise it is part of the amount.

    `number` is the open item that the line clears where it is not the entry's own document. `discount` is
    the Skonto of a payment, with the sign of `amount`. `eu_vat_id` and `eu_rate` are the country, VAT id
    and rate of destination, `origin_vat_id` and `origin_rate` those of origin. `tax_period` is the day that
    decides the period of the VAT return, where the client's books have days of supply. `matter` is DATEV's
    number of a case of reverse charge (Sachverhalt L+L) with the rate `matter_rate`; `key_rate` and
    `key_country` complete a tax key that has no fixed rate. `currency` is `EUR` for a difference in euro
    beside foreign money, and `exchange_rate` the line's own where it is not the entry's. `due_date` is
    that of a part of the document that falls due on a day of its own. `net` is what the lines of the document
    come to that are booked with it, with the sign of `amount`; None where it is not told, and then DATEV's
    own net holds.
    """

    account: str
    contra_account: str
    amount: Decimal
    tax_case: str
    tax_rate: Decimal
    tax_added: bool = False
    tax_key: str = ""
    text: str = ""
    number: str = ""
    cost_centre_1: str = ""
    cost_centre_2: str = ""
    discount: Decimal | None = None
    discount_account: str = ""
    eu_vat_id: str = ""
    eu_rate: Decimal | None = None
    origin_vat_id: str = ""
    origin_rate: Decimal | None = None
    matter: str = ""
    matter_rate: Decimal | None = None
    key_rate: Decimal | None = None
    key_country: str = ""
    tax_period: date | None = None
    currency: str = ""
    exchange_rate: Decimal | None = None
    due_date: date | None = None
    net: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse an amount of zero and an account booked against itself: neither is a booking."""
        if self.amount == ZERO:
            raise ValueError("an entry line must move an amount; zero lines are dropped before")
        if self.account == self.contra_account:
            raise ValueError(f"account {self.account} cannot be booked against itself")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A voucher's booking: which revision it books, on which date, and every line of it.

    `number` is the document's own number as the source has it; formats turn it into Belegfeld 1.
    `turn` counts the bookings of one revision, beginning with 1. `document` is the GUID of the filed
    document that the rows link to. `exchange_rate` is foreign units for one EUR, set exactly when
    `currency` is not EUR. `reversal` entries carry the original's lines with opposite signs.

    `posting_date` is the day on which it is booked where that is not the document's: a correction of what
    was booked in a month that is closed by now. `ledger` says whether the person accounts are debtors or
    creditors; `party_*` name the party where a format shows it. `payment_terms` is the number of the client's
    terms of payment (Zahlungsbedingung).
    """

    voucher: str
    revision: str
    kind: EntryKind
    turn: int
    document_date: date
    number: str
    currency: str
    lines: tuple[EntryLine, ...]
    service_date: date | None = None
    due_date: date | None = None
    payment_terms: str = ""
    exchange_rate: Decimal | None = None
    ledger: Ledger = "receivable"
    party_id: str = ""
    party_name: str = ""
    party_city: str = ""
    document: uuid.UUID | None = None
    posting_date: date | None = None
    because: tuple[Because, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an entry that books nothing, and foreign money without a rate."""
        if not self.lines:
            raise ValueError("an entry needs at least one line")
        if (self.currency != "EUR") != (self.exchange_rate is not None):
            raise ValueError("an entry has an exchange rate exactly when its currency is not EUR")

    @property
    def voucher_kind(self) -> str:
        """What kind of voucher is booked, e.g. `invoice`; see `model.vouchers.Kind`."""
        return self.voucher.partition("/")[0]

    @property
    def is_statistical(self) -> bool:
        """Whether it moves statistical accounts alone: neither that of its party, nor anything real."""
        return self.voucher_kind == Kind.COMMITMENT

    @property
    def booked_in(self) -> BookedIn:
        """Where it stands, which also says with what it may be in one file."""
        return "statistical" if self.is_statistical else self.ledger

    @property
    def posted_on(self) -> date:
        """The day on which the entry is booked."""
        return self.posting_date or self.document_date

    @property
    def content_key(self) -> str:
        """What this entry books, as part of a batch's identity."""
        return f"{self.voucher}@{self.revision}:{self.kind}:{self.turn}"

    @property
    def total(self) -> Decimal:
        """Signed sum over all lines in the entry's currency, from the view of `account`: the gross."""
        return sum((line.amount for line in self.lines if not line.currency), ZERO)

    def legs(self) -> Iterator[tuple[str, Decimal]]:
        """Every account with its signed amount (debit positive); the amounts add up to zero."""
        for line in self.lines:
            yield line.account, line.amount
            yield line.contra_account, -line.amount


def reversed_entry(entry: Entry, *, revision: str, turn: int, open_from: date | None = None) -> Entry:
    """The entry that takes `entry` back: same accounts, keys and links, opposite signs.

    It is booked on the same day, and where that lies before `open_from` on the first open one: then its
    texts name the day of what they take back.
    """
    closed = open_from is not None and entry.posted_on < open_from
    of_when = f" {entry.posted_on:%d.%m.%Y}" if closed else ""
    return msgspec.structs.replace(
        entry,
        kind="reversal",
        revision=revision,
        turn=turn,
        posting_date=open_from if closed else entry.posting_date,
        lines=tuple(_opposite(line, f"Storno{of_when} {line.text}".rstrip()) for line in entry.lines),
        because=(Because("reversal", entry.number, "takes_back", {"entry": entry.content_key}),),
    )


def _opposite(line: EntryLine, text: str) -> EntryLine:
    discount = None if line.discount is None else -line.discount
    net = None if line.net is None else -line.net
    return msgspec.structs.replace(line, amount=-line.amount, discount=discount, net=net, text=text)


_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="string")
_decoder = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Canonical JSON of an entry."""
    return _encoder.encode(entry)


def decode(content: bytes | str) -> Entry:
    """The entry that `encode` wrote."""
    return _decoder.decode(content)
