"""The Cin7 source at its stand-in, for the conformance suite and for tests of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.cin7.standin import Cin7StandIn
from mlconnector.standins.cin7.webhooks import Authentication
from mlconnector.standins.faults import Fault
from mlconnector.systems.cin7 import describe_source
from mlconnector.systems.source import Delivery
from tests.conformance.context import FakeTime, Outside
from tests.conformance.doors import served
from tests.conformance.source_suite import Sale, SourceRig, Webhooks

WEBHOOK_KEY = "a-key-that-nobody-guesses"
LISTING = r"(?i)^/ExternalApi/v2/(sale|purchase)(CreditNote)?List$"
LOCATIONS = {"Hauptlager Hamburg": {"country": "DE"}, "Lager Wien": {"country": "AT"}}

Row = dict[str, Any]


class Cin7Rig(SourceRig):
    """The conformance rig together with the stand-in behind it."""

    standin: Cin7StandIn
    url: str


@contextmanager
def cin7_rig(
    records: int = 60, settings: dict[str, Any] | None = None, extra: dict[str, str] | None = None
) -> Iterator[Cin7Rig]:
    """A source with its key, whose webhooks bring a bearer token; each of its lists has a page of its own."""
    standin = Cin7StandIn(Options(records=records, clock=Clock(), extra=extra or {}))
    with served(standin.app) as url:
        table = {
            "account_id": standin.account_id,
            "base_url": url,
            "calls_per_minute": 1_000_000,
            "locations": LOCATIONS,
            "webhook": {"mode": "bearer"},
            "look_again_at_unpaid": False,
            **(settings or {}),
        }
        rig = Cin7Rig(
            system=describe_source(),
            settings=table,
            secrets={"application_key": standin.key, "webhook_key": WEBHOOK_KEY},
            outside=Outside(FakeTime(standin.options.clock)),
            faults=standin.faults,
            listing=LISTING,
            api=r"(?i)^/ExternalApi/",
            first_load=lambda: names(standin),
            change=lambda name: change(standin, name),
            stamp=lambda name, moment: stamp(standin, name, moment),
            sell=lambda sale: sell(standin, sale),
            ship=lambda country: ship(standin, country),
            garble=lambda: garble(standin),
            circle=standin.circle,
            attachment=lambda attachment: standin.file_content(attachment.rpartition("/")[2]),
            lengthen=lambda attachment: standin.lengthen_file(attachment.rpartition("/")[2]),
            remove=lambda: remove(standin),
        )
        rig.standin, rig.url = standin, url
        rig.webhooks = Webhooks(
            deliver=lambda name: delivered(standin, name),
            prove=lambda body: Delivery({"authorization": f"Bearer {WEBHOOK_KEY}"}, body),
            forge=lambda delivery: Delivery({"authorization": "Bearer guessed"}, delivery.body),
        )
        with closing(rig.outside):
            yield rig


def names(standin: Cin7StandIn) -> set[str]:
    """The names of all records."""
    return {f"sale/{id_.lower()}" for id_ in standin.sales} | {
        f"purchase/{id_.lower()}" for id_ in standin.purchases
    }


def of_case(standin: Cin7StandIn, case: str) -> Row:
    """The first sale or purchase of a case."""
    id_ = next(id_ for id_, shown in standin.cases().items() if shown == case)
    return standin.sales.get(id_) or standin.purchases[id_]


def name_of(record: Row) -> str:
    """What a raw record is called."""
    return f"{'sale' if 'CustomerID' in record else 'purchase'}/{record['ID'].lower()}"


def is_sale(name: str) -> bool:
    return name.startswith("sale/")


def id_of(standin: Cin7StandIn, name: str) -> str:
    """The id of a record as the stand-in writes it."""
    kind, _, id_ = name.partition("/")
    held = standin.sales if kind == "sale" else standin.purchases
    return next(one for one in held if one.lower() == id_)


def update(standin: Cin7StandIn, name: str, edit: Any, **given: Any) -> None:
    """Edit a sale or purchase."""
    (standin.update_sale if is_sale(name) else standin.update_purchase)(id_of(standin, name), edit, **given)


def change(standin: Cin7StandIn, name: str) -> None:
    """Another terms of payment, and a document where there is none, so that every record changes."""

    def edit(record: Row) -> None:
        record["Terms"] = "geändert"
        papers = record["Invoices"] if is_sale(name) else record["Invoice"]
        for paper in papers:
            if paper["Status"] not in {"AUTHORISED", "PAID"}:
                day = "2026-08-01T00:00:00"
                paper |= {"Status": "AUTHORISED", "InvoiceNumber": "NEU-1", "InvoiceDate": day}
        if record["Status"] == "VOIDED":
            record["Status"] = "COMPLETED"

    update(standin, name, edit)


def stamp(standin: Cin7StandIn, name: str, moment: datetime) -> None:
    """Let a record count as changed at a moment."""
    update(standin, name, lambda record: None, at=moment.astimezone(UTC))


def sell(standin: Cin7StandIn, sale: Sale) -> str:
    """The first plain sale with its first line alone, and no payment."""
    record = of_case(standin, "plain_19")

    def edit(raw: Row) -> None:
        inclusive = sale.tax_method == "inclusive"
        raw["TaxCalculation"] = "Inclusive" if inclusive else "Exclusive"
        invoice = raw["Invoices"][0]
        line, amount = invoice["Lines"][0], sale.amount
        tax = (amount - amount * 100 / 119) if inclusive else amount * Decimal("0.19")
        price = amount / (sale.quantity or 1)
        line |= {"Quantity": sale.quantity, "Price": price, "Discount": 0, "Total": amount}
        line |= {"Tax": round(tax, 4), "TaxRule": "19% USt"}
        net = amount - tax if inclusive else amount
        total = round(net + tax, 4)
        invoice |= {"Lines": [line], "AdditionalCharges": [], "InvoiceNumber": sale.number}
        invoice |= {"TotalBeforeTax": round(net, 4), "Tax": round(tax, 4), "Total": total}
        raw["BillingAddress"]["Country"] = sale.country

    standin.update_sale(record["ID"], edit)
    return name_of(record)


def ship(standin: Cin7StandIn, country: str) -> str:
    """The first plain sale, with a ship-to address."""
    record = of_case(standin, "plain_19")

    def edit(raw: Row) -> None:
        raw["ShippingAddress"] |= {"Line1": "Baustelle 3", "City": "Anderswo", "Country": country or None}

    standin.update_sale(record["ID"], edit)
    return name_of(record)


def garble(standin: Cin7StandIn) -> set[str]:
    """A sale, a line, a payment and a customer with values of another kind than described."""
    whole, line, paid = (of_case(standin, case) for case in ("plain_7", "mixed_rates", "full_payment"))
    customer = of_case(standin, "freight")["CustomerID"]

    def of_sale(raw: Any) -> None:
        if raw.get("ID") == whole["ID"]:
            raw["Invoices"] = "viele"
        elif raw.get("ID") == line["ID"]:
            raw["Invoices"][0]["Lines"][0]["Total"] = "viel"

    def of_payments(raw: Any) -> None:
        if raw and raw[0]["SaleID"] == paid["ID"]:
            raw[0]["Amount"] = "viel"

    def of_customer(raw: Any) -> None:
        for one in raw["CustomerList"]:
            if one["ID"] == customer:
                one["Name"] = {"name": "viel"}

    for path, edit in (("sale", of_sale), ("sale/payment", of_payments), ("customer", of_customer)):
        alter = partial(edited, edit=edit)
        standin.faults.add(Fault("alter", path=f"(?i)^/ExternalApi/v2/{path}$", times=100_000, alter=alter))
    theirs = {name_of(sale) for sale in standin.sales.values() if sale["CustomerID"] == customer}
    return {name_of(whole), name_of(line), name_of(paid)} | theirs


def edited(answer: bytes, edit: Callable[[Any], None]) -> bytes:
    """An answer with something else in its JSON; what is none is left."""
    try:
        content = json.loads(answer)
    except ValueError:
        return answer
    edit(content)
    return json.dumps(content).encode()


def remove(standin: Cin7StandIn) -> str:
    """Remove a sale that has a document."""
    record = of_case(standin, "plain_19")
    standin.remove_sale(record["ID"])
    return name_of(record)


def delivered(standin: Cin7StandIn, name: str) -> Delivery:
    """A genuine delivery that says that the record changed."""
    event = "Sale/Undo" if is_sale(name) else "Purchase/InvoiceAuthorised"
    authentication = Authentication("bearerauth", token=WEBHOOK_KEY)
    body, headers = standin.delivery(event, id_of(standin, name), authentication)
    return Delivery({key.lower(): value for key, value in headers.items()}, body)


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
