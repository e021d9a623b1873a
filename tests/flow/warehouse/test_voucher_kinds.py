"""Each row says what it books, so that nobody looks for the document of a payment."""

from __future__ import annotations

from tests.flow.conftest import MakeRig
from tests.flow.decide.test_payments import foreign, invoice, pay, telling_of_payments, with_payments
from tests.flow.rig import EU_BUSINESS, FOREIGN_MONEY
from tests.flow.warehouse.rig import folder, lines, load, with_tables
from tests.systems.databricks.tables import queried


def test_money_skonto_and_exchange_differences_are_booked_with_a_payment_and_need_no_document(
    make_rig: MakeRig,
) -> None:
    rig = telling_of_payments(make_rig(FOREIGN_MONEY, text=with_payments))
    with_tables(rig)
    rig.work()
    made, rate = foreign(rig)
    pay(rig, FOREIGN_MONEY, f"{made.total}", currency=made.currency, exchange_rate=rate)
    pay(rig, EU_BUSINESS, f"{invoice(rig, EU_BUSINESS).total - 20}", "20")
    rig.work()
    load(rig)
    found = {(row["voucher_kind"], row["contra_account"], row["contra_kind"]) for row in lines(rig)}
    paid = {(account, kind) for said, account, kind in found if said == "payment"}
    assert ("1200", "finance") in paid
    assert ("2150", None) in paid
    assert paid & {("8742", "sale"), ("8743", "sale")}
    assert len(paid) == 3
    assert {said for said, *_ in found} == {"payment", "invoice"}
    assert queried(folder(rig), "SELECT line_id FROM v_bookings_without_document") == []
