"""A whole Pipedrive account made from a seed: the same seed and number of deals give the same account.

Every deal is won. They are spread evenly over the period in `account.toml`, in the order of their ids;
`update_time` rises with the id, and now and then two deals share one. See `pricing` for what a deal's
value is, and `cases` for what is wrong with some deals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from mlconnector.standins.pipedrive.cases import labels
from mlconnector.standins.pipedrive.catalogue import last_stage
from mlconnector.standins.pipedrive.einvoices import has_einvoice, zugferd
from mlconnector.standins.pipedrive.fields import account_fields, field_key
from mlconnector.standins.pipedrive.files import FIRST_FILE, generated_files
from mlconnector.standins.pipedrive.parties import Parties, parties
from mlconnector.standins.pipedrive.pricing import Order, number, price
from mlconnector.standins.pipedrive.records import (
    CustomFields,
    Deal,
    Discount,
    File,
    Instalment,
    Labels,
    Line,
    Organization,
    Person,
)
from mlconnector.standins.pipedrive.times import local_date, rfc3339
from mlconnector.standins.pipedrive.vocabulary import Kind, Money, vocabulary

FIRST_LINE = 1_000_001
FIRST_INSTALMENT = 700_001
_TIE_EVERY = 40
_PARTY_POOLS = {"eu_business", "eu_without_vat_id", "invalid_vat_id", "unknown_country"}
_FOREIGN_MONEY = {"foreign_currency_with_rate", "foreign_currency_without_rate"}


@dataclass
class Generated:
    """The account's deals with what belongs to them; lines, discounts, instalments and files by deal id."""

    deals: list[Deal] = field(default_factory=list)
    lines: dict[int, list[Line]] = field(default_factory=dict)
    discounts: dict[int, list[Discount]] = field(default_factory=dict)
    instalments: dict[int, list[Instalment]] = field(default_factory=dict)
    files: dict[int, list[File]] = field(default_factory=dict)
    labels: dict[int, Labels] = field(default_factory=dict)
    organizations: list[Organization] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)


@dataclass
class _Counters:
    line: int = FIRST_LINE
    file: int = FIRST_FILE
    instalment: int = FIRST_INSTALMENT


@dataclass
class _Moment:
    """When a deal was won and last changed, in seconds since the epoch."""

    won: int
    updated: int


@dataclass
class _Buyer:
    """Who buys: the ids of organisation and person, a name for titles, and the currency unless it is EUR."""

    org_id: int | None
    person_id: int | None
    name: str
    money: Money | None = None


@dataclass
class _Sale:
    """What is decided about a deal before it is written down."""

    deal_id: int
    random: Random
    label: Labels
    text: Kind
    moment: _Moment
    buyer: _Buyer

    @property
    def day(self) -> date:
        """The calendar day on which the deal was won."""
        return local_date(self.moment.won)


def generate(records: int, seed: int) -> Generated:
    """The account with `records` deals that belongs to `seed`."""
    involved = parties(records, seed)
    made = Generated(organizations=involved.organizations, persons=involved.persons)
    counters, texts = _Counters(), {kind.name: kind for kind in vocabulary().texts}
    kinds, moments = labels(records, seed), _moments(records, seed)
    for deal_id, (label, moment) in enumerate(zip(kinds, moments, strict=True), start=1):
        random = Random(f"{seed}-deal-{deal_id}")
        buyer = _buyer(random, label, involved, deal_id)
        _add(made, counters, _Sale(deal_id, random, label, texts[label.text], moment, buyer))
    return made


def _moments(records: int, seed: int) -> list[_Moment]:
    company, random = vocabulary().company, Random(f"{seed}-moments")
    begin = datetime.combine(company.first_day, time(), ZoneInfo(company.timezone)).timestamp()
    end = datetime.combine(
        company.last_day + timedelta(days=1), time(), ZoneInfo(company.timezone)
    ).timestamp()
    step = (end - begin) / max(records, 1)
    made = []
    for place in range(records):
        won = int(begin + (place + 0.8 * random.random()) * step)
        made.append(_Moment(won, won + int(random.random() * min(300, 0.2 * step))))
    for place in range(_TIE_EVERY // 2, records, _TIE_EVERY):
        made[place - 1].updated = made[place].updated
    return made


def _buyer(random: Random, label: Labels, involved: Parties, deal_id: int) -> _Buyer:
    if label.case == "no_party":
        return _Buyer(None, None, "Laufkundschaft")
    if label.case == "person_only":
        person = random.choice(involved.private)
        return _Buyer(None, person.id, person.name)
    pool, money = "domestic", None
    if label.case in _PARTY_POOLS:
        pool = label.case
    elif label.case == "third_country" or label.case in _FOREIGN_MONEY:
        chosen = random.choice(vocabulary().money)
        pool = f"third_country:{chosen.country}"
        money = chosen if label.case in _FOREIGN_MONEY else None
    choices = involved.pools[pool]
    organization = (
        choices[deal_id - 1] if deal_id <= len(choices) and pool == "domestic" else random.choice(choices)
    )
    contact = involved.contact[organization.id] if random.random() < 0.7 else None
    return _Buyer(organization.id, contact, organization.name, money)


def _add(made: Generated, counters: _Counters, sale: _Sale) -> None:
    deal_id, label, won_time = sale.deal_id, sale.label, rfc3339(sale.moment.won)
    order = Order(
        random=sale.random,
        deal_id=deal_id,
        case=label.case,
        kind=label.lines,
        text=sale.text,
        money=sale.buyer.money,
        time=won_time,
        day=sale.day.isoformat(),
        first_line_id=counters.line,
    )
    price(order)
    invoice_number = _invoice_number(sale)
    made.deals.append(_deal(sale, order, invoice_number))
    made.labels[deal_id] = label
    made.lines[deal_id], counters.line = order.lines, counters.line + len(order.lines)
    if order.discounts:
        made.discounts[deal_id] = order.discounts
    if label.case == "instalments":
        made.instalments[deal_id] = list(_instalments(sale, order.value, counters.instalment))
        counters.instalment += len(made.instalments[deal_id])
    made.files[deal_id] = generated_files(label.files, deal_id, counters.file, invoice_number, won_time)
    counters.file += len(made.files[deal_id])
    if has_einvoice(deal_id, label):
        made.files[deal_id][0].content = zugferd(made.deals[-1], sale.buyer.name, order.lines)


def _deal(sale: _Sale, order: Order, invoice_number: str | None) -> Deal:
    owner = sale.random.choice(vocabulary().company.owner_ids)
    pipeline_id = 2 if sale.label.case == "recurring" else 1
    return Deal(
        id=order.deal_id,
        title=_title(sale, order),
        creator_user_id=owner,
        owner_id=owner,
        value=number(order.value),
        person_id=sale.buyer.person_id,
        org_id=sale.buyer.org_id,
        stage_id=last_stage(pipeline_id),
        pipeline_id=pipeline_id,
        currency=order.money.currency if order.money else "EUR",
        archive_time=None,
        add_time=rfc3339(sale.moment.won - sale.random.randrange(5, 60) * 86_400),
        update_time=rfc3339(sale.moment.updated),
        stage_change_time=order.time,
        status="won",
        is_archived=False,
        is_deleted=False,
        probability=None,
        lost_reason=None,
        visible_to=3,
        close_time=order.time,
        won_time=order.time,
        lost_time=None,
        local_won_date=order.day,
        local_lost_date=None,
        local_close_date=order.day,
        expected_close_date=order.day,
        label_ids=[],
        origin="ManuallyCreated",
        origin_id=None,
        channel=None,
        channel_id=None,
        source_lead_id=None,
        acv=None,
        arr=None,
        mrr=None,
        custom_fields=_custom_fields(sale, invoice_number),
    )


def _title(sale: _Sale, order: Order) -> str:
    product = sale.random.choice(vocabulary().products).name
    if order.lines and not sale.text.title:
        product = order.lines[0].name
    pattern = sale.text.title or sale.random.choice(vocabulary().words.lead_titles)
    return pattern.format(product=product, party=sale.buyer.name)


def _invoice_number(sale: _Sale) -> str | None:
    if sale.label.case == "missing_invoice_number":
        return None
    if sale.label.case == "odd_invoice_number":
        return _odd_invoice_number(sale.deal_id, 0)
    if sale.label.case == "colliding_invoice_number":
        return _odd_invoice_number(sale.deal_id - 1, 1)
    return f"RE-2026-{sale.deal_id:05d}"


def _odd_invoice_number(deal_id: int, variant: int) -> str:
    pairs = vocabulary().words.odd_invoice_numbers
    return pairs[deal_id % len(pairs)][variant].format(number=deal_id)


def _custom_fields(sale: _Sale, invoice_number: str | None) -> CustomFields:
    random, case, money = sale.random, sale.label.case, sale.buyer.money
    invoice_day = sale.day + timedelta(days=random.randrange(3))
    service_day = invoice_day - timedelta(days=random.randrange(21))
    due_day = invoice_day + timedelta(days=random.choice((14, 30)))
    values: CustomFields = {
        field_key("deal", "Leistungsdatum"): service_day.isoformat(),
        field_key("deal", "Fällig am"): due_day.isoformat(),
    }
    if invoice_number is not None:
        values[field_key("deal", "Rechnungsnummer")] = invoice_number
    if case != "missing_invoice_date":
        values[field_key("deal", "Rechnungsdatum")] = invoice_day.isoformat()
    if case != "missing_cost_centre":
        values[field_key("deal", "Kostenstelle")] = random.choice(_cost_centre_options())
    if money is not None and case == "foreign_currency_with_rate":
        values[field_key("deal", "Wechselkurs")] = (
            money.per_euro * random.randrange(980, 1_020) // 1_000 / 10_000
        )
    return values


@cache
def _cost_centre_options() -> list[int]:
    field = next(field for field in account_fields()["deal"] if field.field_name == "Kostenstelle")
    return [option["id"] for option in field.options or []]


def _instalments(sale: _Sale, value: int, first_id: int) -> Iterator[Instalment]:
    first, second = value // 2, value * 3 // 10
    for place, amount in enumerate((first, second, value - first - second)):
        yield Instalment(
            id=first_id + place,
            amount=number(amount),
            billing_date=(sale.day + timedelta(days=30 * place)).isoformat(),
            deal_id=sale.deal_id,
            description=f"{place + 1}. Abschlag",
        )
