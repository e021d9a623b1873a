"""The mapping tables as the connection file has them: accounts, tax cases, cost centres, payments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mlconnector.mapping.books import Digits, Table
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.row_names import Facts, FollowingRow, facts_of
from mlconnector.model.unsuitable import Unsuitable
from mlconnector.model.vouchers import Supply

_TaxKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")]
_CostCentre = Annotated[str, StringConstraints(pattern=r"^[\w ]{1,36}$")]
_Matter = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}$")]
_TermsNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}$")]
_Percent = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]?)(\.[0-9]*[1-9])?$")]
_OwnVatId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9A-Z+*]{2,13}$")]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
OwnRate = Literal[19, 7]
CustomerKind = Literal["business", "consumer"]
_FACTS_OF_TAX = (
    *("rate", "region", "vat_id", "customer", "supply", "stock"),
    *("category", "product_code", "tax_code", "attributes"),
)


class AccountRow(FollowingRow):
    """Which account a line goes to. All facts that the row names must hold; the most specific row wins.

    Specific first: attributes (the more of them the more specific), product, product_code, category,
    pipeline, then rows that name none of them. Rows with the same facts follow each other by `valid_from`,
    the first document date that they hold for. A row without `account` takes the tax case's own. `supply`
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
    supply: Supply | None = None
    own_rate: OwnRate | None = None
    matter: _Matter | None = None

    @property
    def facts(self) -> Facts:
        """All that the row looks at; rows that are alike in it follow each other."""
        return facts_of(self, ("product", "product_code", "category", "pipeline", "attributes", "tax_case"))


class TaxCaseRow(FollowingRow):
    """Which tax case holds whatever the facts alone would say: an explicit choice of the adviser.

    The first row whose facts all hold decides; `tax_code` is the source's own name for the tax of a line, and
    `attributes` are other facts that the source names, e.g. a supplier and a kind of cost.
    `region` is where the line has its place: of goods where they go to, of bought ones where they come from;
    of services the other party's, and of those bound to a place that place. `stock` is the client's own end,
    where sold goods leave from and bought ones arrive. `supply = "service"` also holds for electronic and
    catalogue services, but not for those bound to a place. `deductible` is the part of the input tax in
    percent that the client may deduct (§ 15 Abs. 4 UStG). `reason` says in the adviser's words why the case
    holds, e.g. why something is not taxable. Rows with the same facts and cases of the same direction follow
    each other by `valid_from`, the first day of supply that they hold for.
    """

    rate: Decimal | None = Field(default=None, ge=0, le=100, decimal_places=4)
    region: Literal["domestic", "eu", "third", "any"] = "any"
    vat_id: Literal["yes", "no", "any"] = "any"
    customer: Literal["business", "consumer", "any"] = "any"
    supply: Supply | Literal["any"] = "any"
    stock: Literal["domestic", "eu", "third", "any"] = "domestic"
    category: str | None = None
    product_code: str | None = None
    tax_code: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    case: str
    deductible: Decimal | None = Field(default=None, gt=0, lt=100)
    reason: str | None = None

    @property
    def facts(self) -> Facts:
        """All that the row looks at, and the direction of its case; rows alike in it follow each other."""
        case = tax_cases().get(self.case)
        direction = case.direction if case is not None else ""
        return (("direction", direction), *facts_of(self, _FACTS_OF_TAX))

    @model_validator(mode="after")
    def _looks_at_something(self) -> Self:
        named = self.tax_code is not None or self.attributes
        if not named and (self.rate is None or self.region == "any"):
            raise Unsuitable(
                "a row needs rate and region, or tax_code, or attributes, or it would hold for everything"
            )
        return self


class CustomerRow(Table):
    """Whether a customer is a business or a consumer. The first row whose facts all hold decides.

    A row without facts holds for every customer.
    """

    party_id: str | None = None
    pipeline: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    customer: CustomerKind


class Home(Table):
    """Where the client's goods usually are."""

    country: _Country = "DE"
    postal_code: str | None = None


class Places(Table):
    """What holds where a voucher does not say where goods go to and leave from, or where work is done.

    `home` is where sold goods leave from and bought ones arrive. `goods` says whether the other party's
    address may stand in for the place of delivery (`party`), or whether it has to be `told`. `on_site` says
    what stands in for the place of a service that is bound to one: nothing (`told`), the other party's
    address, or the client's `home`. `vat_ids` are the client's own VAT ids in other member states where it
    keeps goods, by country.
    """

    home: Home = Home()
    vat_ids: dict[_Country, _OwnVatId] = Field(default_factory=dict)
    goods: Literal["party", "told"] = "party"
    on_site: Literal["told", "party", "home"] = "told"


class CostCentres(Table):
    """Cost centre by the value of one of the voucher's or line's attributes.

    A value without an entry waits, or is itself the cost centre (`as_given`), with a space for every sign
    that DATEV does not take; `default` goes before both.
    """

    attribute: str = "cost_centre"
    table: dict[str, _CostCentre] = Field(default_factory=dict)
    default: _CostCentre | None = None
    unlisted: Literal["hold", "as_given"] = "hold"


class FeeRow(Table):
    """Where the fee of a payment's provider goes: a cost account, and the tax case of its service."""

    account: Digits
    tax_case: str


class Payments(Table):
    """Which account money is on, and how Skonto is booked.

    The bank or clearing account follows from an attribute of the payment. Skonto goes to an account for each
    tax case (`accounts`), or into DATEV's own column beside the payment (`column`), which then finds the
    account by the client's settings, or by `discount_account`; what that would tax wrongly goes to accounts
    all the same. `granted` and `received` name accounts by the rate in percent on the document, e.g. `{"19":
    "8736"}`. `unknown_document` says what becomes of a payment whose document is not booked from here: it is
    sent with the document's number all the same, or held until the document is. `exchange_gain` and
    `exchange_loss` are for differences in euro of foreign money.
    """

    attribute: str = "payment_method"
    table: dict[str, Digits] = Field(default_factory=dict)
    default: Digits | None = None
    discount: Literal["accounts", "column"] = "accounts"
    discount_account: Digits | None = None
    unknown_document: Literal["send", "hold"] = "send"
    granted: dict[_Percent, Digits] = Field(default_factory=dict)
    received: dict[_Percent, Digits] = Field(default_factory=dict)
    fees: dict[str, FeeRow] = Field(default_factory=dict)
    exchange_gain: Digits | None = None
    exchange_loss: Digits | None = None


class Commitments(Table):
    """Between which statistical accounts what is still open of commitments (Obligo) is booked.

    What is open is in debit of `account` and in credit of `contra_account`.
    """

    account: Digits
    contra_account: Digits


class DownPayments(Table):
    """Accounts of down payments other than those of the seeds.

    `received` and `paid` name accounts by the rate in percent, e.g. `{"19": "1718"}`; `requested` and `due`
    are the clearing accounts (Verrechnungskonten) of what customers are asked for and suppliers ask for.
    """

    requested: Digits | None = None
    due: Digits | None = None
    received: dict[_Percent, Digits] = Field(default_factory=dict)
    paid: dict[_Percent, Digits] = Field(default_factory=dict)


class Retainage(Table):
    """Accounts of what is kept back as a security: of suppliers (`payable`), by customers (`receivable`)."""

    payable: Digits | None = None
    receivable: Digits | None = None


class Withholding(Table):
    """The account of tax withheld of building work (§ 48 EStG), where it is not the chart's."""

    account: Digits | None = None


class ContractorRow(Table):
    """Whether tax is withheld of building work of a supplier (`party_id`), or of one document (`number`).

    `certificate` is the number (Sicherheitsnummer) of a certificate of exemption, which holds from
    `valid_from` to `valid_to`, both included; several rows are certificates that follow each other. Other
    rows hold without end where they name no day. `reason` says why nothing has to be withheld: no building
    work, or below the limits of § 48 Abs. 2 EStG.
    """

    party_id: str = Field(min_length=1)
    number: str | None = None
    withholding: Literal["certificate", "deduct", "none"]
    certificate: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.withholding == "certificate" and (self.valid_from is None or self.valid_to is None):
            raise Unsuitable('withholding = "certificate" needs valid_from and valid_to')
        if self.withholding == "none" and not (self.reason or "").strip():
            raise Unsuitable('withholding = "none" needs a reason')
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise Unsuitable("valid_to must not lie before valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether the row holds for what is paid on a day."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)

    def contradicts(self, other: ContractorRow) -> bool:
        """Whether another row says something else of the same documents for a day that both hold on."""
        first = max(self.valid_from or date.min, other.valid_from or date.min)
        last = min(self.valid_to or date.max, other.valid_to or date.max)
        alike = (self.party_id, self.number) == (other.party_id, other.number)
        return alike and self.withholding != other.withholding and first <= last


class Margin(Table):
    """Which fact of a line is what the goods were bought for, gross: for each unit, or for the whole `line`.

    Sales under difference taxation (§ 25a UStG) need it; it is a plain number of euro, `1234.50`.
    """

    attribute: str
    per: Literal["unit", "line"]


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
