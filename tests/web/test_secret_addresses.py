"""Where a source signs nothing, its webhooks come to an address that nobody guesses."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from mlconnector.flow.connect.webhooks import webhook_address
from mlconnector.standins.cin7.webhooks import Authentication
from mlconnector.store import hints
from mlconnector.systems.source import Delivery
from mlconnector.web.webhooks import Outcome, take
from tests.flow.cin7_rig import Cin7FlowRig, MakeRig, cin7_rigs
from tests.flow.conftest import make_cin7_rig

__all__ = ["cin7_rigs", "make_cin7_rig"]

KEY = "demo-webhook-key"


@pytest.fixture
def rig(make_cin7_rig: MakeRig) -> Cin7FlowRig:
    return make_cin7_rig(20)


def secret_of(rig: Cin7FlowRig) -> str:
    return webhook_address(rig.context).rpartition("/")[2]


def told(rig: Cin7FlowRig, secret: str, token: str = KEY) -> Outcome:
    sale = next(iter(rig.cin7.sales))
    body, headers = rig.cin7.delivery("Sale/Undo", sale, Authentication(token=token))
    delivery = Delivery({name.lower(): value for name, value in headers.items()}, body)
    return take(rig.services, rig.name, delivery, secret)


def test_the_address_has_a_part_that_is_as_long_as_a_key(rig: Cin7FlowRig) -> None:
    assert len(secret_of(rig)) == 32
    assert told(rig, secret_of(rig)) == "accepted"


@pytest.mark.parametrize("change", [str.upper, lambda _: "", lambda _: "guessed", lambda it: it[:-1]])
def test_at_another_address_nobody_is_there(rig: Cin7FlowRig, change: Callable[[str], str]) -> None:
    wrong = change(secret_of(rig))
    assert told(rig, wrong) == ("unknown" if wrong != secret_of(rig) else "accepted")


def test_the_address_alone_is_not_enough(rig: Cin7FlowRig) -> None:
    assert told(rig, secret_of(rig), token="guessed") == "refused"


def test_of_hundreds_of_deliveries_none_is_lost_or_doubled_and_strangers_change_nothing(
    rig: Cin7FlowRig,
) -> None:
    rig.work()
    before, sales, secret = rig.outside.rows(), list(rig.cin7.sales), secret_of(rig)
    outcomes = []
    for number in range(500):
        if number % 10 == 0:
            outcomes.append(told(rig, secret, token="guessed"))
            continue
        sale = str(uuid4()) if number % 10 == 1 else sales[number % len(sales)]
        body = f'{{"SaleID":"{sale.upper()}","EventType":"Sale/Undo"}}'.encode()
        delivery = Delivery({"authorization": f"Bearer {KEY}"}, body)
        outcomes.append(take(rig.services, rig.name, delivery, secret))
    assert outcomes.count("refused") == 50
    assert outcomes.count("accepted") == 50 + len(sales)
    assert set(outcomes) == {"refused", "accepted", "known"}
    changed = rig.cin7.sale(sales[0])
    (invoice,) = changed["Invoices"]
    rig.cin7.reauthorise(changed["ID"], invoice["TaskID"], invoice["Lines"][0]["Price"] + 1)
    run = rig.begin("webhook")
    rig.read_hints(run)
    rig.book(run)
    rig.freeze()
    rig.transfer()
    with rig.app.database.read() as db:
        assert hints.counts(db, rig.name).waiting == 0
    new = [row for row in rig.outside.rows() if row not in before]
    assert len(new) == 2, "one taken back, one booked"
