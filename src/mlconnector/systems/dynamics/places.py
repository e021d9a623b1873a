"""Where the goods of an invoice go to and leave from, and whether the customer collects them; pure.

Facts: https://learn.microsoft.com/dynamics365/sales/developer/entities/invoice and invoicedetail. `willcall`
says that goods are not shipped to the address but held until the customer calls; lines have their own, and
their own address. `shipto_freighttermscode` is not read: its `FOB` is about who pays, and no Incoterm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Place
from mlconnector.systems.dynamics.facts import Facts, Rows
from mlconnector.systems.dynamics.lines import Entry
from mlconnector.systems.dynamics.shapes import Detail, Invoice
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.places import place_of

_COLLECTED = "EXW"
_AT_THE_SELLER = frozenset({"EXW", "FCA"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """The places of an invoice, its terms of delivery, and its lines with places of their own."""

    entries: list[Entry]
    ship_to: Place | None
    ship_from: Place | None
    incoterms: str | None
    problems: list[Problem] = field(default_factory=list)

    def problems_beside(self, others: Sequence[Problem]) -> list[Problem]:
        """What is wrong, without countries that others ask for already: most addresses are the customer's."""
        asked = {problem.facts.get("country") for problem in others if problem.key == "country_unknown"}
        return [problem for problem in self.problems if problem.facts.get("country") not in asked]


def delivery(
    invoice: Invoice, entries: Sequence[Entry], rows: Rows, party: Party | None, facts: Facts
) -> Delivery:
    """What an invoice says of its goods; `rows` are those that belong to it as a whole."""
    moving = [entry for entry in entries if entry.detail.extendedamount != ZERO]
    collected = [entry for entry in moving if _is_collected(invoice, entry.detail)]
    whole = len(collected) == len(moving) and (bool(moving) or bool(invoice.willcall))
    said = facts.text("incoterms", rows)
    problems = _unclear(invoice, said, collected, whole=whole)
    ship_to, wrong = _ship_to(invoice, party)
    ship_to, wrong = (None, []) if whole or invoice.willcall else (ship_to, wrong)
    ship_from, wrong_from = place_of("ship_from", party, country=facts.text("ship_from", rows))
    problems += wrong + wrong_from
    placed = []
    for entry in entries:
        own, wrong = (None, []) if _is_collected(invoice, entry.detail) else _ship_to(entry.detail, party)
        own_from, wrong_from = place_of("ship_from", party, country=facts.text("ship_from", entry.rows))
        problems += wrong + wrong_from
        own = None if own == ship_to else own
        placed.append(replace(entry, ship_to=own, ship_from=None if own_from == ship_from else own_from))
    incoterms = said or (_COLLECTED if whole else None)
    return Delivery(placed, ship_to, ship_from, incoterms, list(_once(problems)))


def _is_collected(invoice: Invoice, detail: Detail) -> bool:
    """Whether the customer calls for a line: as it says itself or, where it has no address, the invoice."""
    return bool(detail.willcall) or (bool(invoice.willcall) and _ship_to(detail, None)[0] is None)


def _ship_to(row: Invoice | Detail, party: Party | None) -> tuple[Place | None, list[Problem]]:
    return place_of(
        "ship_to",
        party,
        country=row.shipto_country,
        postal_code=row.shipto_postalcode,
        city=row.shipto_city,
        street=row.shipto_line1,
    )


def _unclear(
    invoice: Invoice, incoterms: str | None, collected: Sequence[Entry], *, whole: bool
) -> list[Problem]:
    """Goods that are collected in part, or by terms of delivery that say otherwise."""
    carried = (incoterms or _COLLECTED).upper()[:3] not in _AT_THE_SELLER
    if not collected or (whole and not carried):
        return []
    facts = {
        "title": clean(invoice.name),
        "lines": "" if whole else ", ".join(entry.text for entry in collected),
        "incoterms": incoterms or "" if carried else "",
    }
    return [Problem("collection_unclear", facts)]


def _once(problems: Sequence[Problem]) -> Sequence[Problem]:
    found: list[Problem] = []
    for problem in problems:
        found += [problem] if problem not in found else []
    return found
