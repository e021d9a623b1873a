"""Vouchers of a firm over two years: invoices, credit notes, payments, bills; the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from mlconnector.model.vouchers import Allocation, Kind, Line, Party, Voucher

DAYS = 730
_CATEGORIES = ("Holz", "Montage", "Wartung", "Beratung", "Fracht", "Bücher 7 %")
_TRADES = ("Holzbau", "Tischlerei", "Möbelhaus", "Autohaus", "Metallbau", "Gärtnerei", "Bäckerei", "Hotel")
_NAMES = ("Müller", "Straßer", "Öztürk", "Brandt", "Kowalski", "Yıldız", "Schäfer", "Nguyen", "Weiß", "Haas")
_FORMS = ("GmbH", "GmbH & Co. KG", "KG", "e. K.", "AG")
_CENTRES = ("100 Verwaltung", "210 Werkstatt", "220 Montage", "300 Vertrieb")
_STRANGE = 0.03
"""The share of documents with a line of which the mapping knows nothing."""


def parties(count: int) -> list[Party]:
    """So many companies."""
    chance = Random(count)
    return [
        Party(
            external_id=f"organization/{number}",
            name=f"{chance.choice(_TRADES)} {chance.choice(_NAMES)} {number} {chance.choice(_FORMS)}",
            is_business=True,
            country="DE",
            street=f"Nelkenweg {number}",
            postal_code=f"{10_000 + number}",
            city="Nürnberg",
        )
        for number in range(1, count + 1)
    ]


def made(name: str, count: int, last: date) -> Iterator[Voucher]:
    """So many vouchers of a connection, the oldest first, up to a day; payments clear what came before."""
    chance = Random(name)
    whose = parties(max(count // 25, 10))
    unpaid: list[tuple[Voucher, Decimal]] = []
    for number in range(1, count + 1):
        day = last - timedelta(days=DAYS - DAYS * number // count)
        drawn = chance.random()
        if drawn < 0.55 and len(unpaid) > count // 50:
            document, gross = unpaid.pop(0)
            yield _payment(number, day, document, gross)
        elif drawn > 0.96 and unpaid:
            unpaid.append(
                _document(chance, f"{name[0]}{number:06}", day, unpaid[-1][0].party, Kind.CREDIT_NOTE)
            )
            yield unpaid[-1][0]
        else:
            found, gross = _document(chance, f"{name[0]}{number:06}", day, chance.choice(whose), Kind.INVOICE)
            yield found
            if not any(line.category == "Sonstiges" for line in found.lines):
                unpaid.append((found, gross))


def _document(
    chance: Random, number: str, day: date, party: Party | None, kind: Kind
) -> tuple[Voucher, Decimal]:
    sign = -1 if kind == Kind.CREDIT_NOTE else 1
    count = chance.choice((1, 1, 1, 2, 2, 3, 5))
    is_strange = chance.random() < _STRANGE
    categories = [chance.choice(_CATEGORIES) for _ in range(count)]
    if is_strange:
        categories[0] = "Sonstiges"
    lines = tuple(
        Line(
            text=f"{category} {place}",
            amount=sign * Decimal(chance.randrange(500, 500_000)) / 100,
            tax_method="exclusive",
            tax_rate=Decimal(7 if category == "Bücher 7 %" else 19),
            category=category,
            product=f"{category} {place}",
            product_code=f"P-{chance.randrange(12)}" if category == "Sonstiges" else None,
        )
        for place, category in enumerate(categories, 1)
    )
    by_rate: dict[Decimal, Decimal] = {}
    for line in lines:
        by_rate[line.tax_rate] = by_rate.get(line.tax_rate, Decimal(0)) + line.amount
    gross = sum(
        (net + round(net * rate / 100, 2) for rate, net in by_rate.items()),
        Decimal(0),
    )
    prefix = "GS" if kind == Kind.CREDIT_NOTE else "RE"
    found = Voucher(
        kind=kind,
        direction="sale",
        external_id=f"deal/{number}",
        number=f"{prefix}-{day:%Y}-{number}",
        document_date=day,
        currency="EUR",
        party=party,
        lines=lines,
        title=f"Auftrag {number}",
        service_date=day - timedelta(days=2),
        due_date=day + timedelta(days=30),
        stated_total=gross,
        attributes={"cost_centre": chance.choice(_CENTRES)},
    )
    return found, gross


def _payment(number: int, day: date, document: Voucher, gross: Decimal) -> Voucher:
    return Voucher(
        kind=Kind.PAYMENT,
        direction="sale",
        external_id=f"payment/{number}",
        number=f"Z-{number:06}",
        document_date=day,
        currency="EUR",
        party=document.party,
        lines=(),
        allocations=(Allocation(number=document.number, amount=gross),),
    )
