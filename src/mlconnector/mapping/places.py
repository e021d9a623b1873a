"""Places: where a line has its place for German VAT, by what is supplied; the facts are those of the voucher.

Goods: where they go to and where they leave from (§ 3 Abs. 6, § 3c UStG). Services: where the recipient is
(§ 3a Abs. 2 UStG), but those that are bound to a place where they are performed (§ 3a Abs. 3, § 3b UStG).
Which country's law then taxes them is for `tax`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from mlconnector.mapping.regions import Located, address_of, located
from mlconnector.mapping.rules import Rules
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Place, Supply, Voucher

Side = Literal["domestic", "eu", "third"]
ToldBy = Literal["ship_to", "ship_from", "party", "setting"]
_End = Literal["ship_to", "ship_from"]

# Incoterms under which the buyer has the goods carried (groups E and F of Incoterms 2020).
_CARRIED_BY_BUYER = frozenset({"EXW", "FCA", "FAS", "FOB"})


@dataclass(frozen=True, slots=True)
class Where:
    """Where a line has its place: of goods the other party's end, of services where they are performed.

    `stock` is the client's own end of goods, `stock_country` its country. `other` is the region of the other
    party itself. `told_by` says which fact it was, `elsewhere` that the other party's address says otherwise.
    """

    side: Side
    at: Located
    told_by: ToldBy
    elsewhere: bool
    other: Side | None
    stock: Side = "domestic"
    stock_country: str = "DE"


def where(voucher: Voucher, line: Line, party: Party, supplied: Supply, rules: Rules) -> Where | Problem:
    """The place of a line, if this is what it supplies; or the problem that says which fact is missing."""
    if supplied == "goods":
        return _of_goods(voucher, line, party, rules)
    if supplied == "on_site":
        return _on_site(voucher, line, party, rules)
    return _of_party(party, goods=False)


def carried_by_buyer(voucher: Voucher) -> bool:
    """Whether the terms of delivery say that the buyer has the goods carried."""
    return (voucher.incoterms or "").strip().upper()[:3] in _CARRIED_BY_BUYER


def side_of(at: Located, *, goods: bool) -> Side:
    """The region of a place for goods or for services, which differ in Northern Ireland."""
    if at.region == "northern_ireland":
        return "eu" if goods else "third"
    return at.region


def _of_goods(voucher: Voucher, line: Line, party: Party, rules: Rules) -> Where | Problem:
    sale = voucher.direction == "sale"
    ship_to = line.ship_to or voucher.ship_to
    ship_from = line.ship_from or voucher.ship_from
    theirs, ours = (ship_to, ship_from) if sale else (ship_from, ship_to)
    their_end: _End = "ship_to" if sale else "ship_from"
    our_end: _End = "ship_from" if sale else "ship_to"
    found = _told(theirs, their_end, party, goods=True)
    if found is None:
        if rules.mapping.places.goods == "told":
            facts = {**_about(voucher, line, party), "place": their_end}
            return Problem("goods_place_missing", facts, ("place",))
        found = _of_party(party, goods=True)
    if isinstance(found, Problem):
        return found
    home = rules.mapping.places.home
    place = ours or Place(country=home.country, postal_code=home.postal_code)
    stock = located(place)
    if stock is None:
        return _unclear(place, our_end, party)
    return replace(found, stock=side_of(stock, goods=True), stock_country=stock.country)


def _on_site(voucher: Voucher, line: Line, party: Party, rules: Rules) -> Where | Problem:
    found = _told(line.ship_to or voucher.ship_to, "ship_to", party, goods=False)
    if found is not None:
        return found
    match rules.mapping.places.on_site:
        case "party":
            return _of_party(party, goods=False)
        case "home":
            home = rules.mapping.places.home
            at = located(Place(country=home.country, postal_code=home.postal_code))
            if at is None:
                return _unclear(Place(country=home.country), "home", party)
            return Where(side_of(at, goods=False), at, "setting", False, _other(party))
        case "told":
            return Problem("site_missing", _about(voucher, line, party))


def _of_party(party: Party, *, goods: bool) -> Where | Problem:
    if not party.country:
        return Problem("country_missing", {"party": party.name, "party_id": party.external_id}, ("party_id",))
    at = located(address_of(party), party.vat_id)
    if at is None:
        facts = {"country": party.country, "party": party.name, "party_id": party.external_id}
        return Problem("country_unknown", facts, ("country",))
    return Where(side_of(at, goods=goods), at, "party", False, side_of(at, goods=goods))


def _told(place: Place | None, name: _End, party: Party, *, goods: bool) -> Where | Problem | None:
    """A place that the voucher tells; without a country it is the party's if the postal code is the same."""
    if place is None:
        return None
    if not place.country and place.postal_code and place.postal_code == party.postal_code:
        if not party.country:
            return _of_party(party, goods=goods)
        place = address_of(party)
    at = located(place, None if place.postal_code else party.vat_id)
    if at is None:
        return _unclear(place, name, party)
    theirs = located(address_of(party), party.vat_id)
    return Where(side_of(at, goods=goods), at, name, theirs != at, _other(party, goods=goods))


def _other(party: Party, *, goods: bool = False) -> Side | None:
    at = located(address_of(party), party.vat_id)
    return None if at is None else side_of(at, goods=goods)


def _unclear(place: Place, name: str, party: Party) -> Problem:
    facts = {
        "place": name,
        "country": place.country or "",
        "postal_code": place.postal_code or "",
        "city": place.city or "",
        "party": party.name,
        "party_id": party.external_id,
    }
    return Problem("place_unclear", facts, ("place", "country"))


def _about(voucher: Voucher, line: Line, party: Party) -> dict[str, str]:
    return {"line": line.text, "number": voucher.number or "", "party": party.name}
