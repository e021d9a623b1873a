"""What Dynamics tells twice, forgets or takes back reaches DATEV once, and is corrected where it must be."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.store.tables import cursors
from tests.flow.dynamics_rig import DynamicsRig, MakeRig

OFF = 'send = "off"'
MANY = 30


def settled(make: MakeRig) -> tuple[DynamicsRig, dict[str, Decimal]]:
    """A rig whose invoices were all booked as far as they can be, and what DATEV has of each."""
    rig = make("", OFF, MANY)
    rig.work()
    assert rig.states()["settled"] > MANY / 3
    return rig, rig.outside.sums()


def test_without_its_cursor_everything_is_read_again_and_nothing_sent(make_dynamics_rig: MakeRig) -> None:
    rig, sums = settled(make_dynamics_rig)
    states, jobs = rig.states(), len(rig.outside.jobs())
    with rig.app.database.write() as db:
        db.execute(cursors.delete())
    rig.work()
    assert (rig.states(), len(rig.outside.jobs()), rig.outside.sums()) == (states, jobs, sums)
    assert rig.verdict().ok


def test_an_expired_delta_token_doubles_nothing_and_cancels_nothing(make_dynamics_rig: MakeRig) -> None:
    rig, sums = settled(make_dynamics_rig)
    states, jobs = rig.states(), len(rig.outside.jobs())
    rig.dynamics.add_column("invoice", "new_since")
    rig.work()
    assert (rig.states(), len(rig.outside.jobs()), rig.outside.sums()) == (states, jobs, sums)


def test_an_invoice_that_is_cancelled_after_it_was_booked_is_taken_back(make_dynamics_rig: MakeRig) -> None:
    rig, sums = settled(make_dynamics_rig)
    number = rig.dynamics.invoice(1)["invoicenumber"]
    assert sums[number] > 0
    rig.dynamics.cancel(1)
    rig.work()
    assert rig.outside.sums() == {**sums, number: Decimal(0)}


def test_an_invoice_that_is_changed_after_it_was_booked_is_corrected(make_dynamics_rig: MakeRig) -> None:
    rig, sums = settled(make_dynamics_rig)
    invoice = rig.dynamics.invoice(1)
    rig.dynamics.change_line(1, 0, quantity=Decimal(1), priceperunit=Decimal(100), tax=Decimal(19))
    rig.work()
    after = rig.outside.sums()
    number = invoice["invoicenumber"]
    assert after == {**sums, number: after[number]}
    assert after[number] != sums[number]
    assert after[number] == rig.dynamics.invoice(1)["totalamount"]
