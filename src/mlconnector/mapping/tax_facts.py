"""The facts that decide the tax of a line, complete: what is supplied, where, to whom, at which rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.lookups import own_rate
from mlconnector.mapping.places import Side, Where
from mlconnector.mapping.regions import rates_at
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import CustomerKind
from mlconnector.mapping.vat_ids import foreign_vat_id, vat_id_problem
from mlconnector.model.money import ZERO
from mlconnector.model.vouchers import Line, Party, Supply, Voucher


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides a tax case, with nothing open; `taxed_in` is the region whose cases hold for it."""

    voucher: Voucher
    line: Line
    rules: Rules
    party: Party
    supplied: Supply
    is_business: bool
    where: Where
    taxed_in: Side
    vat_id: Literal["yes", "no"]

    @property
    def rate(self) -> Decimal:
        """The rate on the document."""
        return rate_of(self.line)

    @property
    def day(self) -> date:
        """The day of supply, or of the document where that is not known."""
        return self.voucher.service_date or self.voucher.document_date

    @property
    def own_rate(self) -> Decimal | None:
        """The rate at which the client owes the tax itself; None where no rule says it."""
        return own_rate(self.voucher, self.line, self.rules).value

    @property
    def sale(self) -> bool:
        """Whether the client sells."""
        return self.voucher.direction == "sale"

    @property
    def consumer_service(self) -> bool:
        """Whether a service is sold to a consumer that § 3a Abs. 1 UStG taxes where the client is."""
        at_home = {"service"} if self.where.side == "third" else {"service", "catalogue"}
        return self.sale and not self.is_business and self.supplied in at_home

    @property
    def foreign_rates(self) -> tuple[Decimal, ...]:
        """The rates at the place, where the client declares them in the one-stop shop."""
        return rates_at(self.where.at, self.day, self.rules.vat_rates) if self.rules.mapping.oss else ()


def facts_of(
    voucher: Voucher,
    line: Line,
    rules: Rules,
    party: Party,
    supplied: Supply,
    place: Where,
    is_business: bool,
) -> Facts:
    """The facts of a line, if this is what it supplies and the customer is a business or not."""
    taxed_in = place.side
    sale = voucher.direction == "sale"
    if sale and not is_business and supplied == "service" and place.side == "third":
        # § 3a Abs. 1 UStG: the basic rule for consumers, wherever in a third country they are.
        taxed_in = "domestic"
    if not sale and supplied == "on_site" and place.side == "domestic" and place.other != "domestic":
        # § 13b Abs. 2 Nr. 1 UStG: what Abs. 1 leaves out, also of businesses in the Union.
        taxed_in = "third"
    return Facts(
        voucher=voucher,
        line=line,
        rules=rules,
        party=party,
        supplied=supplied,
        is_business=is_business,
        where=place,
        taxed_in=taxed_in,
        vat_id="yes" if _has_vat_id(party, place) else "no",
    )


def _has_vat_id(party: Party, place: Where) -> bool:
    if vat_id_problem(party) is not None:
        # A wrong id is a problem of its own; the tax case shall not be said to be unknown because of it.
        return place.side == "eu"
    number = foreign_vat_id(party)
    if number is None or place.side != "third":
        return number is not None
    # Where something goes to a third country, the buyer's own country does not matter.
    return place.told_by == "party" and not number.startswith("XI")


def rate_of(line: Line) -> Decimal:
    """The rate of a line; one without tax has none."""
    return ZERO if line.tax_method == "none" else line.tax_rate


def word(is_business: bool) -> CustomerKind:
    """What texts and tables call the kind of customer."""
    return "business" if is_business else "consumer"
