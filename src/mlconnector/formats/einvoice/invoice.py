"""What an e-invoice says, in the terms of EN 16931 (BT numbers), and what was found out about a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.model.entries import Because

Syntax = Literal["ubl", "cii"]
Form = Literal["none", "xml", "hybrid", "zugferd_1"]
Severity = Literal["fatal", "warning"]

# UNTDID 1001: what counts as a credit note in EN 16931, so that its positive amounts are given back.
_CREDIT_NOTES = frozenset(
    ("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532")
)
_BOOKING_AIDS = ("urn:factur-x.eu:1p0:minimum", "urn:factur-x.eu:1p0:basicwl")


@dataclass(frozen=True, slots=True)
class VatGroup:
    """One group of the VAT breakdown (BG-23): category (BT-118), rate in percent (BT-119), base, tax.

    `rate` is None for what is outside the scope of VAT.
    """

    category: str
    rate: Decimal | None
    base: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """An e-invoice; amounts are in `currency` and as they stand in it, so positive in a credit note.

    `profile` is BT-24, `type_code` BT-3, `tax` BT-110, `prepaid` BT-113, `payable` BT-115 and `preceding`
    all of BT-25. None and "" stand for what the invoice does not say.
    """

    syntax: Syntax
    profile: str
    number: str
    type_code: str
    issue_date: date
    currency: str
    seller_name: str
    buyer_name: str
    seller_vat_id: str
    buyer_vat_id: str
    delivery_date: date | None
    due_date: date | None
    vat: tuple[VatGroup, ...]
    net: Decimal
    tax: Decimal | None
    gross: Decimal
    prepaid: Decimal | None
    payable: Decimal
    preceding: tuple[str, ...]

    @property
    def sign(self) -> int:
        """-1 for a credit note, whose amounts a voucher has as negative ones; 1 otherwise."""
        return -1 if self.type_code in _CREDIT_NOTES else 1

    @property
    def is_booking_aid(self) -> bool:
        """Whether the profile is MINIMUM or BASIC WL: without lines, so no invoice by § 14 UStG."""
        return self.profile in _BOOKING_AIDS


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an e-invoice: the rule's id, how grave it is, its words, and where it holds."""

    rule: str
    severity: Severity
    text: str
    location: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found out about a file.

    `form` is `none` for a file that is no e-invoice. `invoice` is None where there is none, or where it
    cannot be read; then fatal findings say why, or `several` name the e-invoices of which none can be chosen.
    `unseen` says why the file could not be looked through. `notes` are for the audit trail, without the
    file's name.
    `applied` says whether the rules of EN 16931 were applied, `rules` why they could not be although that
    was wanted.
    """

    form: Form
    invoice: EInvoice | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[Because, ...] = ()
    applied: bool = False
    rules: str = ""
    several: tuple[str, ...] = ()
    unseen: str = ""

    @property
    def is_einvoice(self) -> bool:
        """Whether the file is, or claims to be, an e-invoice after EN 16931."""
        return self.form in {"xml", "hybrid"}

    @property
    def fatal(self) -> tuple[Finding, ...]:
        """The findings that an invoice must not have."""
        return tuple(finding for finding in self.findings if finding.severity == "fatal")
