"""From a deal and what belongs to it to a voucher; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher
from mlconnector.systems.kit.fields import clean, day_of, document_number
from mlconnector.systems.kit.vouchers import currency_problems, filled, kind_by_total
from mlconnector.systems.pipedrive.facts import Facts
from mlconnector.systems.pipedrive.fields import KnownFields
from mlconnector.systems.pipedrive.files import chosen
from mlconnector.systems.pipedrive.lines import voucher_lines
from mlconnector.systems.pipedrive.parties import party_of
from mlconnector.systems.pipedrive.places import place
from mlconnector.systems.pipedrive.settings import Settings
from mlconnector.systems.pipedrive.shapes import (
    Deal,
    DealProduct,
    Discount,
    File,
    Instalment,
    Organization,
    Person,
    Product,
)
from mlconnector.systems.source import Reading


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a set of deals refers to, by id; `categories` are labels of product categories by option id."""

    known: KnownFields
    organizations: dict[int, Organization] = field(default_factory=dict)
    persons: dict[int, Person] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    pipelines: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to one deal alone."""

    products: Sequence[DealProduct] = ()
    discounts: Sequence[Discount] = ()
    instalments: Sequence[Instalment] = ()
    files: Sequence[File] = ()


def withdrawn(deal: Deal, settings: Settings, known: KnownFields) -> Reading:
    """The reading of a deal that is not won: enough to take a booking back, so without lines and party."""
    facts = Facts(settings.fields, known, clean(deal.title))
    voucher = Voucher(
        kind=kind_by_total(deal.value),
        direction="sale",
        external_id=str(deal.id),
        number=document_number(facts.text("invoice_number", deal.custom_fields)),
        document_date=facts.day("invoice_date", deal.custom_fields) or _won_on(deal, settings),
        currency=deal.currency or "",
        party=None,
        lines=(),
        standing="withdrawn",
        title=clean(deal.title),
        stated_total=deal.value or ZERO,
        stated_total_is="either",
    )
    return Reading(str(deal.id), voucher)


def final(deal: Deal, belongings: Belongings, around: Surroundings, settings: Settings) -> Reading:
    """The reading of a won deal."""
    title = clean(deal.title)
    facts = Facts(settings.fields, around.known, title)
    party, problems = party_of(deal, around.organizations, around.persons, facts, settings)
    ship_to, wrong_to = place("ship_to", deal, party, facts)
    ship_from, wrong_from = place("ship_from", deal, party, facts)
    lines, wrong_lines = voucher_lines(
        deal, belongings.products, belongings.discounts, around.products, around.categories, settings
    )
    attachments, wrong_files = chosen(belongings.files, settings.documents, title)
    day = facts.day("invoice_date", deal.custom_fields)
    voucher = Voucher(
        kind=kind_by_total(deal.value),
        direction="sale",
        external_id=str(deal.id),
        number=document_number(facts.text("invoice_number", deal.custom_fields)),
        document_date=day or _won_on(deal, settings),
        currency=deal.currency or "",
        party=party,
        lines=lines,
        title=title,
        service_date=facts.day("service_date", deal.custom_fields, end=True),
        due_date=facts.day("due_date", deal.custom_fields),
        exchange_rate=_exchange_rate(deal, facts),
        stated_total=deal.value or ZERO,
        stated_total_is="either",
        ship_to=ship_to,
        ship_from=ship_from,
        incoterms=facts.text("incoterms", deal.custom_fields),
        attachments=attachments,
        attributes=_attributes(deal, around, facts),
    )
    problems += wrong_to + wrong_from + wrong_lines + wrong_files
    problems += _formal(deal, belongings.instalments) + facts.problems
    problems += [] if day else _two_days(deal, settings)
    return Reading(str(deal.id), voucher, tuple(problems))


def _won_on(deal: Deal, settings: Settings) -> date:
    return deal.local_won_date or day_of(deal.won_time or deal.add_time, settings.zone)


def _two_days(deal: Deal, settings: Settings) -> list[Problem]:
    """Pipedrive says the day of winning as its user saw it, which may not be the one of the time zone."""
    if deal.local_won_date is None or deal.won_time is None:
        return []
    day = day_of(deal.won_time, settings.zone)
    if day == deal.local_won_date:
        return []
    facts = {
        "title": clean(deal.title),
        "user_day": deal.local_won_date.isoformat(),
        "zone_day": day.isoformat(),
        "zone": settings.timezone,
    }
    return [Problem("won_day_unclear", facts)]


def _exchange_rate(deal: Deal, facts: Facts) -> Decimal | None:
    return None if deal.currency == "EUR" else facts.positive("exchange_rate", deal.custom_fields)


def _attributes(deal: Deal, around: Surroundings, facts: Facts) -> dict[str, str]:
    return filled(
        {
            "pipeline": None if deal.pipeline_id is None else around.pipelines.get(deal.pipeline_id),
            "owner": None if deal.owner_id is None else str(deal.owner_id),
            "cost_centre": facts.text("cost_centre", deal.custom_fields),
        }
    )


def _formal(deal: Deal, instalments: Sequence[Instalment]) -> list[Problem]:
    problems = currency_problems(deal.currency or "")
    if instalments:
        facts = {"title": clean(deal.title), "count": str(len(instalments))}
        problems.append(Problem("deal_has_instalments", facts))
    return problems
