"""What an e-invoice says, in the terms of EN 16931 (BT numbers), and what was found out about a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.formats.einvoice.document_types import DocumentType, document_type
from mlconnector.model.entries import Because

Syntax = Literal["ubl", "cii"]
Form = Literal["none", "xml", "hybrid", "zugferd_1"]
Severity = Literal["fatal", "warning"]

_BOOKING_AIDS = (":minimum", ":basicwl")


@dataclass(frozen=True, slots=True)
class VatGroup:
    """One group of the VAT breakdown (BG-23): category (BT-118), rate in percent (BT-119), base, tax.

    `rate` is None for what is outside the scope of VAT. `reason` is the code (VATEX, BT-121) of why no tax is
    charged.
    """

    category: str
    rate: Decimal | None
    base: Decimal
    tax: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """An e-invoice; amounts are in `currency` and as they stand in it, so positive in a credit note.

    `profile` is BT-24, `type_code` BT-3, `tax` BT-110, `prepaid` BT-113, `payable` BT-115 and `preceding`
    all of BT-25. `tax_currency` is BT-6 and `accounting_tax` the tax in it (BT-111). `*_names` are name and
    trading name of a party, `*_country` its ISO 3166 code. None and "" stand for what the invoice does not
    say.
    """

    syntax: Syntax
    profile: str
    number: str
    type_code: str
    issue_date: date
    currency: str
    seller_names: tuple[str, ...]
    buyer_names: tuple[str, ...]
    seller_vat_id: str
    buyer_vat_id: str
    seller_country: str
    buyer_country: str
    delivery_date: date | None
    due_date: date | None
    vat: tuple[VatGroup, ...]
    net: Decimal
    tax: Decimal | None
    gross: Decimal
    prepaid: Decimal | None
    payable: Decimal
    preceding: tuple[str, ...]
    tax_currency: str = ""
    accounting_tax: Decimal | None = None

    @property
    def document_type(self) -> DocumentType:
        """What its type code makes it."""
        return document_type(self.type_code)

    @property
    def sign(self) -> int:
        """-1 for a credit note, whose amounts a voucher has as negative ones; 1 otherwise."""
        return -1 if self.document_type.gives_back else 1

    @property
    def is_booking_aid(self) -> bool:
        """Whether the profile is MINIMUM or BASIC WL: without lines, so no invoice by § 14 UStG."""
        return self.profile.endswith(_BOOKING_AIDS)


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
