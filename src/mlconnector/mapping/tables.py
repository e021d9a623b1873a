"""The mapping tables as the connection file has them: accounts, tax cases, cost centres, payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mlconnector.mapping.books import Digits, Table

_TaxKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")]
_CostCentre = Annotated[str, StringConstraints(pattern=r"^[\w ]{1,36}$")]
_Matter = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}$")]
_TermsNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}$")]
_Percent = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]?)(\.[0-9]*[1-9])?$")]
OwnRate = Literal[19, 7]


class AccountRow(Table):
    """Which account a line goes to. All facts that the row names must hold; the most specific row wins.

    Specific first: attributes (the more of them the more specific), product, product_code, category,
    pipeline, then rows that name none of them. A row without `account` takes the tax case's own. `supply`
    says what is supplied and `own_rate` at which rate the client owes the tax itself, which both help to
    find the tax case, so they cannot stand in a row that names one. `matter` is the Sachverhalt L+L.
    """

    product: str | None = None
    product_code: str | None = None
    category: str | None = None
    pipeline: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    tax_case: str | None = None
    account: Digits | None = None
    automatic: bool | None = None
    tax_key: _TaxKey | None = None
    supply: Literal["goods", "service"] | None = None
    own_rate: OwnRate | None = None
    matter: _Matter | None = None


class TaxCaseRow(Table):
    """Which tax case holds whatever the facts alone would say: an explicit choice of the adviser.

    The first row whose facts all hold decides; `tax_code` is the source's own name for the tax of a line.
    """

    rate: Decimal | None = Field(default=None, ge=0, le=100)
    region: Literal["domestic", "eu", "third", "any"] = "any"
    vat_id: Literal["yes", "no", "any"] = "any"
    supply: Literal["goods", "service", "any"] = "any"
    category: str | None = None
    product_code: str | None = None
    tax_code: str | None = None
    case: str

    @model_validator(mode="after")
    def _looks_at_something(self) -> Self:
        if self.tax_code is None and (self.rate is None or self.region == "any"):
            raise ValueError("a row needs rate and region, or tax_code, or it would hold for everything")
        return self


class CostCentres(Table):
    """Cost centre by the value of one of the voucher's or line's attributes."""

    attribute: str = "cost_centre"
    table: dict[str, _CostCentre] = Field(default_factory=dict)
    default: _CostCentre | None = None


class Payments(Table):
    """Which account money is on, and how Skonto is booked.

    The bank or clearing account follows from an attribute of the payment. Skonto goes to an account for each
    tax case (`accounts`), or into DATEV's own column beside the payment (`column`), which then finds the
    account by the client's settings, or by `discount_account`; what that would tax wrongly goes to accounts
    all the same. `granted` and `received` name accounts by the rate in percent on the document, e.g.
    `{"19": "8736"}`.
    """

    attribute: str = "payment_method"
    table: dict[str, Digits] = Field(default_factory=dict)
    default: Digits | None = None
    discount: Literal["accounts", "column"] = "accounts"
    discount_account: Digits | None = None
    granted: dict[_Percent, Digits] = Field(default_factory=dict)
    received: dict[_Percent, Digits] = Field(default_factory=dict)


class PaymentTerms(Table):
    """Numbers of the client's terms of payment (Zahlungsbedingungen) by what the source calls its own."""

    table: dict[str, _TermsNumber] = Field(default_factory=dict)


class MasterData(Table):
    """Whether debtors and creditors are sent as master data, and which of their fields are ours.

    `new` sends what DATEV cannot know yet: parties whose number was given here. `changes` also sends what
    changed, and parties whose number the source brought; with `overwrite = "ask"` those wait for consent.
    Without `send` it is `new` where EXTF files are used at all. `parties` says whether only those are sent
    that were booked, or `all` that the source tells of.
    """

    send: Literal["off", "new", "changes"] | None = None
    overwrite: Literal["ask", "send"] = "ask"
    parties: Literal["booked", "all"] = "booked"
    fields: frozenset[Literal["name", "address", "email", "vat_id"]] = frozenset(
        {"name", "address", "email", "vat_id"}
    )
