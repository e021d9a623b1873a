"""The Procore source at its stand-in, for the conformance suite and for tests of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.faults import Fault
from mlconnector.standins.procore import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, ProcoreStandIn
from mlconnector.systems.procore import describe_source
from mlconnector.systems.source import Delivery
from tests.conformance.context import FakeTime, Outside
from tests.conformance.doors import served
from tests.conformance.source_suite import Sale, SourceRig, Webhooks

WEBHOOK_KEY = "a-key-that-nobody-guesses"
LISTING = r"^/rest/v1\.1/(requisitions|projects/\d+/direct_costs)$"
COUNTING = frozenset({"approved", "approved_as_noted"})
APPROVED = "approved"

Row = dict[str, Any]


class ProcoreRig(SourceRig):
    """The conformance rig together with the stand-in behind it."""

    standin: ProcoreStandIn
    url: str


@contextmanager
def procore_rig(
    records: int = 60, settings: Row | None = None, extra: dict[str, str] | None = None
) -> Iterator[ProcoreRig]:
    """A source of one company, whose webhooks bring a key; bills are performance."""
    standin = ProcoreStandIn(Options(records=records, clock=Clock(), extra=extra or {}))
    with served(standin.app) as url:
        table = {
            "client_id": CLIENT_ID,
            "companies": [str(COMPANY_ID)],
            "login_url": url,
            "api_url": url,
            "calls_per_minute": 1_000_000,
            "requisitions": {"bills": "performance"},
            "webhook": {},
            **(settings or {}),
        }
        rig = ProcoreRig(
            system=describe_source(),
            settings=table,
            secrets={"client_secret": CLIENT_SECRET, "webhook_key": WEBHOOK_KEY},
            outside=Outside(FakeTime(standin.options.clock)),
            faults=standin.faults,
            listing=LISTING,
            api=r"^/rest/",
            first_load=lambda: names(standin),
            change=lambda name: change(standin, name),
            stamp=lambda name, moment: stamp(standin, name, moment),
            sell=lambda sale: sell(standin, sale),
            ship=lambda country: ship(standin, country),
            garble=lambda: garble(standin),
            circle=standin.circle,
            attachment=lambda attachment: standin.file_content(int(attachment.rpartition("/")[2])),
            lengthen=lambda attachment: lengthen(standin, attachment),
            remove=lambda: remove(standin),
            leave_out=lambda: leave_out(standin),
            withdraw=lambda: withdraw(standin),
            expire_tokens=standin.login.tokens.clear,
            has_gross_prices=False,
        )
        rig.standin, rig.url = standin, url
        rig.webhooks = Webhooks(
            deliver=lambda name: proved(delivery(standin, name)),
            prove=proved,
            forge=lambda delivery: Delivery({"authorization": "Bearer guessed"}, delivery.body),
        )
        with closing(rig.outside):
            yield rig


def name_of(record: Row) -> str:
    """What a raw requisition or direct cost is called."""
    if "direct_cost_type" in record:
        return f"direct-cost/{COMPANY_ID}/{record['project']['id']}/{record['id']}"
    return f"requisition/{COMPANY_ID}/{record['project_id']}/{record['id']}"


def names(standin: ProcoreStandIn) -> set[str]:
    """The names of all records that count."""
    bills = [one for one in standin.requisitions.values() if one["status"] in COUNTING]
    costs = [one for one in standin.direct_costs.values() if one["status"] == APPROVED]
    return {name_of(one) for one in (*bills, *costs)}


def id_in(name: str) -> int:
    return int(name.rpartition("/")[2])


def is_bill(name: str) -> bool:
    return name.startswith("requisition/")


def of_case(standin: ProcoreStandIn, case: str) -> Row:
    """The first requisition or direct cost of a case."""
    found = standin.of_case(case)[0]
    return standin.requisitions.get(found) or standin.direct_costs[found]


def update(standin: ProcoreStandIn, name: str, edit: Callable[[Row], None], **given: Any) -> None:
    """Edit a requisition or a direct cost."""
    (standin.update_requisition if is_bill(name) else standin.update_direct_cost)(id_in(name), edit, **given)


def change(standin: ProcoreStandIn, name: str) -> None:
    """Another day of the document."""
    day = "billing_date" if is_bill(name) else "direct_cost_date"
    update(standin, name, lambda row: row.update({day: "2026-08-03"}))


def stamp(standin: ProcoreStandIn, name: str, moment: datetime) -> None:
    """Let a record count as changed at a moment."""
    update(standin, name, lambda row: None, at=moment.astimezone(UTC))


def plain(standin: ProcoreStandIn) -> Row:
    """A direct cost with tax codes, of a vendor."""
    return next(
        one
        for one in standin.direct_costs.values()
        if one["direct_cost_type"] == "invoice" and one["vendor_id"] and one["line_items"][0]["tax_code_id"]
    )


def sell(standin: ProcoreStandIn, sale: Sale) -> str:
    """A direct cost with its first line alone."""
    record = plain(standin)
    codes = standin.table("tax_codes").values()
    code = next(one["id"] for one in codes if Decimal(str(one["rate1"])) == 19)

    def edit(raw: Row) -> None:
        line, amount = raw["line_items"][0], sale.amount
        total = round(amount * Decimal("1.19"), 2)
        line |= {"amount": f"{amount}", "extended_amount": f"{amount}", "total_amount": f"{total}"}
        line |= {"quantity": None if sale.quantity is None else f"{sale.quantity}", "tax_code_id": code}
        raw |= {"line_items": [line], "grand_total": f"{total}", "invoice_number": sale.number}

    standin.update_direct_cost(record["id"], edit)
    standin.update_vendor(record["vendor_id"], lambda row: row.update(country_code=sale.country))
    return name_of(record)


def ship(standin: ProcoreStandIn, country: str) -> str:
    """A direct cost of a project with a building in another country."""
    record = plain(standin)
    address = {"address": "Baustelle 3", "city": "Anderswo", "country_code": country or None}
    standin.update_record("projects", record["project"]["id"], lambda row: row.update(address))
    return name_of(record)


def garble(standin: ProcoreStandIn) -> set[str]:
    """A requisition, a line of a direct cost and a vendor with values of another kind than described."""
    whole, line = of_case(standin, "stored_materials"), of_case(standin, "mixed_tax")
    everything = (*standin.requisitions.values(), *standin.direct_costs.values())
    counted = names(standin)
    vendors = Counter(one["vendor_id"] for one in everything if one["vendor_id"] and name_of(one) in counted)
    vendor = min(vendors, key=lambda one: (vendors[one], one))

    def of_bill(raw: Any) -> None:
        raw["items"] = "viele"

    def of_cost(raw: Any) -> None:
        raw["line_items"][0]["amount"] = "viel"

    def of_vendor(raw: Any) -> None:
        raw["name"] = {"name": "viel"}

    for path, edit in (
        (rf"/requisitions/{whole['id']}$", of_bill),
        (rf"/direct_costs/{line['id']}$", of_cost),
        (rf"/vendors/{vendor}$", of_vendor),
    ):
        standin.faults.add(Fault("alter", path=path, times=100_000, alter=partial(edited, edit=edit)))
    follower = [one for one in standin.requisitions.values() if one["previous_requisition_id"] == whole["id"]]
    bad = [line, whole, *follower, *(one for one in everything if one["vendor_id"] == vendor)]
    return {name_of(one) for one in bad} & counted


def edited(answer: bytes, edit: Callable[[Any], None]) -> bytes:
    """An answer with something else in its JSON; what is none is left."""
    try:
        content = json.loads(answer)
    except ValueError:
        return answer
    edit(content)
    return json.dumps(content).encode()


def lengthen(standin: ProcoreStandIn, attachment: str) -> None:
    id_ = int(attachment.rpartition("/")[2])
    standin.enlarge_file(id_, len(standin.file_content(id_)) + 1)


def remove(standin: ProcoreStandIn) -> str:
    record = of_case(standin, "credit_direct_cost")
    standin.delete_direct_cost(record["id"])
    return name_of(record)


def leave_out(standin: ProcoreStandIn) -> list[str]:
    """Wages, and a direct cost that mirrors a requisition."""
    return [name_of(of_case(standin, case)) for case in ("payroll", "mirrored_direct_cost")]


def withdraw(standin: ProcoreStandIn) -> str:
    name = min(names(standin))
    update(standin, name, lambda row: row.update(status="revise_and_resubmit"))
    return name


def delivery(standin: ProcoreStandIn, name: str, **values: Any) -> bytes:
    """The body of an event of a record."""
    return standin.delivery("Requisitions" if is_bill(name) else "Direct Costs", id_in(name), **values)


def proved(body: bytes) -> Delivery:
    return Delivery({"authorization": f"Bearer {WEBHOOK_KEY}"}, body)
