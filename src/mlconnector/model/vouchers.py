"""Vouchers: business documents in our own terms, whatever system they came from.

A voucher is immutable. A change in the source is a new revision: another hash over the normalised
content under the same identity.
"""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from mlconnector.model.money import exact


class Kind(StrEnum):
    """What a voucher is in business terms."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    DIRECT_COST = "direct_cost"
    COMMITMENT = "commitment"


Direction = Literal["sale", "purchase"]
TaxMethod = Literal["exclusive", "inclusive", "none"]
Standing = Literal["final", "withdrawn"]
Supply = Literal["goods", "service", "electronic", "catalogue", "on_site"]


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where goods leave or arrive, or where work is done; `country` is ISO 3166 alpha-2, or None."""

    country: str | None = None
    postal_code: str | None = None
    city: str | None = None


class Party(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Customer or supplier; `external_id` identifies it within its source account.

    `is_business` is None where the source cannot say whether this is a business or a consumer. `country` is
    ISO 3166 alpha-2, or None where the source does not say; `account` is a debtor or creditor number that the
    source itself carries and that then wins over an allocated one.
    """

    external_id: str
    name: str
    is_business: bool | None = None
    vat_id: str | None = None
    country: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    email: str | None = None
    account: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a voucher: a signed amount in the voucher's currency, exact and not yet rounded.

    `tax_method` says whether `amount` is net (`exclusive`), gross (`inclusive`) or carries no tax
    (`none`). `tax_rate` is in percent; `tax_code` is the source's own name for the tax rule of the line, and
    with `tax_code_decides` nothing but a row of the mapping for that name says which tax case it is.
    `attributes` are facts of this line alone; they go before those of the voucher. `supply` is what the
    source knows of what is supplied, None where it cannot say. `ship_to` and `ship_from` are where these
    goods go to and leave from, where that is not the voucher's. `ancillary` lines (freight, packing) share
    the fate of what they belong to; `model.ancillary` gives them their rates.
    """

    text: str
    amount: Decimal
    tax_method: TaxMethod
    tax_rate: Decimal
    quantity: Decimal = Decimal(1)
    product: str | None = None
    product_code: str | None = None
    category: str | None = None
    tax_code: str | None = None
    tax_code_decides: bool = False
    supply: Supply | None = None
    ship_to: Place | None = None
    ship_from: Place | None = None
    ancillary: bool = False
    attributes: dict[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write numbers in their one form, so that `100` and `100.00` are the same revision."""
        _write_exactly(self, ("amount", "tax_rate", "quantity"))


class Allocation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a payment clears: the document of this `number`, or nothing yet (None, an amount on account).

    `amount` is the money that moved: positive from a customer or to a supplier, negative when it went back.
    `discount` is the Skonto that was taken with it, gross, on supplies taxed with `discount_rate` percent;
    a document with several rates has an allocation for each rate that Skonto was taken on. Where the document
    requests a down payment, `down_payment_rate` is its tax rate in percent: the tax falls due with the money.
    """

    number: str | None
    amount: Decimal
    discount: Decimal = Decimal(0)
    discount_rate: Decimal | None = None
    down_payment_rate: Decimal | None = None

    def __post_init__(self) -> None:
        """Write numbers in their one form."""
        _write_exactly(self, ("amount", "discount", "discount_rate", "down_payment_rate"))


class DownPayment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A down payment that a final document settles: gross, with the sign of the document's own amounts.

    `number` is that of the document that requested it, `tax_rate` its rate in percent. `paid` is whether it
    was paid before the final document; all three are None where the source cannot say.
    """

    amount: Decimal
    number: str | None = None
    tax_rate: Decimal | None = None
    paid: bool | None = None

    def __post_init__(self) -> None:
        """Write numbers in their one form."""
        _write_exactly(self, ("amount", "tax_rate"))


class Instalment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a document that falls due on a day of its own, e.g. what is retained until acceptance.

    `amount` is gross, with the sign of the document; `due_date` is None where the source cannot say.
    """

    amount: Decimal
    due_date: date | None = None

    def __post_init__(self) -> None:
        """Write the amount in its one form."""
        _write_exactly(self, ("amount",))


class Retained(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a document is kept back as a security (Sicherheitseinbehalt), and what of it falls due at last.

    Both are positive amounts, as they change what is due: `withheld` of this document, until `due_date` where
    the source can say; `released` of earlier ones. A document that only releases has no lines.
    """

    withheld: Decimal = Decimal(0)
    released: Decimal = Decimal(0)
    due_date: date | None = None

    def __post_init__(self) -> None:
        """Write numbers in their one form."""
        _write_exactly(self, ("withheld", "released"))


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that belongs to the voucher; the source can fetch its bytes by `external_id`."""

    external_id: str
    file_name: str
    media_type: str
    size: int | None = None


class Voucher(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One business document, as it stood when it was read.

    `number` is the document's own number, `stated_total` the total that the source itself shows for
    it, with `stated_total_is` saying which one; `either` when the source does not know, and has compared
    it with both itself. `exchange_rate` is foreign units for one EUR.
    `refers_to` is the number of the document that a credit note corrects. `allocations` are what a payment
    clears; only payments have them, and they have no lines. `payment_terms` is what the source calls its
    terms of payment. `standing` is `withdrawn` when the source no longer regards the document as final (a
    won deal that was reopened or lost). `ship_to` is where goods go to, or where work is done that is bound
    to a place (a building site, a venue), and `ship_from` where goods leave from; None where the source
    cannot say. `incoterms` is the code of the terms of delivery, e.g. `EXW`. `requests_down_payment` says
    that nothing was supplied yet; `down_payments` are those that the document settles, and its lines and
    total are then those of the whole supply. `instalments` are the parts in which the document falls due,
    where it does so on more than one day; together they are its gross. `retained` is what is kept back of
    it as a security, and released. `building_work` says that it is for work on a building at home, of which
    tax may have to be withheld (§ 48 EStG). `fee` is what the provider of a payment kept back of it; the
    allocations are those of the whole payment. `attributes` are named facts that mapping tables may look at,
    e.g. `{"pipeline": "Vertrieb", "cost_centre": "100"}`. The lines of a commitment are what is still open
    of it, net and without tax.
    """

    kind: Kind
    direction: Direction
    external_id: str
    number: str | None
    document_date: date
    currency: str
    party: Party | None
    lines: tuple[Line, ...]
    standing: Standing = "final"
    title: str = ""
    service_date: date | None = None
    due_date: date | None = None
    exchange_rate: Decimal | None = None
    stated_total: Decimal | None = None
    stated_total_is: Literal["net", "gross", "either"] = "gross"
    refers_to: str | None = None
    payment_terms: str | None = None
    ship_to: Place | None = None
    ship_from: Place | None = None
    incoterms: str | None = None
    requests_down_payment: bool = False
    down_payments: tuple[DownPayment, ...] = ()
    fee: Decimal | None = None
    instalments: tuple[Instalment, ...] = ()
    retained: Retained | None = None
    building_work: bool = False
    allocations: tuple[Allocation, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    attributes: dict[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write numbers in their one form."""
        _write_exactly(self, ("exchange_rate", "stated_total", "fee"))

    @property
    def identity(self) -> str:
        """Kind and external id: what the voucher is called within its connection, e.g. `invoice/815`."""
        return f"{self.kind.value}/{self.external_id}"

    def revision(self) -> str:
        """Hash over the whole normalised content; the same content has the same revision."""
        return hashlib.sha256(encode(self)).hexdigest()


def _write_exactly(record: msgspec.Struct, fields: tuple[str, ...]) -> None:
    for field in fields:
        number = getattr(record, field)
        if number is not None:
            msgspec.structs.force_setattr(record, field, exact(number))


_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="string")
_decoder = msgspec.json.Decoder(Voucher)


def encode(voucher: Voucher) -> bytes:
    """Canonical JSON of a voucher: sorted keys, decimals as text, dates in ISO form."""
    return _encoder.encode(voucher)


def decode(content: bytes | str) -> Voucher:
    """The voucher that `encode` wrote."""
    return _decoder.decode(content)
