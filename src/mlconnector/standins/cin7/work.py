"""What is being made while the account is generated, and the counters that all records share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.pricing import Item
from mlconnector.standins.cin7.records import Generated, Row
from mlconnector.standins.cin7.times import stamp
from mlconnector.standins.cin7.vocabulary import Case, Product, vocabulary

_BANKS = ("090", "090", "090", "091", "092")


@dataclass
class Numbers:
    """The numbers that were given last."""

    order: int = 0
    invoice: int = 0
    credit: int = 0
    purchase: int = 0

    def next_order(self) -> str:
        """A number for a sale."""
        self.order += 1
        return f"SO-{self.order:05d}"

    def next_invoice(self) -> str:
        """A number for an invoice."""
        self.invoice += 1
        return f"INV-{self.invoice:05d}"

    def next_credit(self) -> str:
        """A number for a credit note."""
        self.credit += 1
        return f"CR-{self.credit:05d}"

    def next_purchase(self) -> str:
        """A number for a purchase."""
        self.purchase += 1
        return f"PO-{self.purchase:05d}"


@dataclass
class Work:
    """One record in the making; `head` is the sale or purchase, `ship_day` when goods move."""

    made: Generated
    numbers: Numbers
    random: Random
    case: Case
    day: date
    head: Row
    lines: list[Item] = field(default_factory=list)
    charges: list[Item] = field(default_factory=list)
    moment: str = ""

    def created(self, day: date) -> str:
        """The stamp of something that is typed on a day; the record was not changed before it."""
        random = self.random
        at = datetime.combine(day, time(random.randrange(7, 16), random.randrange(60), random.randrange(60)))
        made = stamp(
            at.replace(tzinfo=UTC) + timedelta(milliseconds=random.randrange(1000)), random.randrange(10_000)
        )
        self.moment = max(self.moment, made[:-5] + "0000Z")
        return made

    def payment_id(self) -> str:
        """An id for the next payment of the record."""
        return guid("payment", self.head["ID"], len(self.made.payments.get(self.head["ID"], [])))

    def pay_day(self) -> date:
        """A day on which the record could be paid."""
        later = self.day + timedelta(days=self.random.randrange(3, 25))
        return min(later, vocabulary().company.last_payment)

    def bank(self) -> str:
        """An account that money comes to or goes from."""
        return self.random.choice(_BANKS)

    def products(self, tax: int | None = None, count: int = 0, service: bool = False) -> list[Product]:
        """Products of the catalogue, of one tax rate or any."""
        choices = [
            product
            for product in vocabulary().products
            if product.service == service and (tax is None or product.tax == tax)
        ]
        wanted = count or self.random.choice((1, 1, 2, 2, 3))
        return self.random.sample(choices, min(wanted, len(choices)))

    def price(self, cents: int) -> Decimal:
        """A price around the one of the catalogue."""
        return Decimal(cents * self.random.randrange(85, 116) // 100) / 100

    def note_payment(self, payment: Row) -> None:
        """Keep a payment with its record."""
        self.made.payments.setdefault(self.head["ID"], []).append(payment)
