"""Customers of Dynamics are kept in step as debtors in DATEV, before or without an invoice.

Everything between the two stand-ins is the real way: change tracking, intake, numbers, files, jobs.
"""

from __future__ import annotations

from mlconnector.formats.extf import BOOKINGS, MASTER_DATA
from tests.flow.dynamics_rig import MakeRig
from tests.flow.master_data import difference, files, kinds, let_go, sent_rows, states

FIRST = "40000"
NEW = {"name": "Neukunde AG", "address1_city": "Kiel", "address1_country": "Deutschland"}
TRACKED, ALL = 'customers = "tracked"', 'send = "changes"\nparties = "all"'


def test_a_new_account_without_an_invoice_reaches_datev_as_a_debtor(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    rig.work()
    vouchers, before = rig.states(), rig.names()
    rig.dynamics.add_record("account", **NEW)
    rig.work()
    (number,) = rig.names().keys() - before.keys()
    row = sent_rows(rig)[-1]
    assert (row["Konto"], row["Name (Adressattyp Unternehmen)"]) == (number, "Neukunde AG")
    assert (row["Ort"], row["Land"]) == ("Kiel", "DE")
    assert kinds(rig) == [MASTER_DATA, BOOKINGS, MASTER_DATA]
    assert rig.states() == vouchers
    assert set(states(rig).values()) == {"sent"}


def test_its_first_invoice_is_booked_on_the_number_that_it_has(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    rig.work()
    before = rig.names()
    new = rig.dynamics.add_record("account", **NEW)["accountid"]
    rig.work()
    (number,) = rig.names().keys() - before.keys()
    copy = rig.dynamics.copy_invoice(1, billto_line1="Baustelle 3", billto_city="Ulm")
    rig.dynamics.change_customer(copy["invoiceid"], ("account", new))
    rig.work()
    booked = [row for file in files(rig, BOOKINGS) for row in file.rows]
    assert {row["Konto"] for row in booked if row["Belegfeld 1"] == copy["invoicenumber"]} == {number}
    assert set(states(rig).values()) == {"sent"}, "the address on the invoice is none of the customer's"


def test_a_webhook_is_enough(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    rig.work()
    rig.told("account", rig.dynamics.add_record("account", **NEW)["accountid"])
    assert "Neukunde AG" in rig.names().values()


def test_a_changed_name_waits_for_consent(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, 'send = "changes"')
    rig.work()
    assert set(states(rig).values()) == {"sent"}
    rig.dynamics.change_record("account", rig.customer(), name="Anders GmbH")
    rig.work()
    assert states(rig) == {FIRST: "waiting"}
    changed = {column: after for column, _, after in difference(rig, FIRST).fields}
    assert changed == {"Name (Adressattyp Unternehmen)": "Anders GmbH", "Kurzbezeichnung": "Anders GmbH"}
    assert let_go(rig, FIRST)
    rig.work()
    assert rig.names() == {FIRST: "Anders GmbH"}


def test_who_has_no_booking_is_not_sent_unless_all_are_wanted(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, 'send = "changes"')
    rig.dynamics.add_record("account", **NEW)
    rig.work()
    assert set(rig.names()) == {FIRST}


def test_one_that_was_deleted_changes_nothing(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    new = rig.dynamics.add_record("account", **NEW)["accountid"]
    rig.work()
    before = rig.names(), rig.states(), states(rig), rig.causes()
    rig.dynamics.environment.remove("account", new)
    rig.work()
    assert (rig.names(), rig.states(), states(rig), rig.causes()) == before
    assert "Neukunde AG" in rig.names().values()


def test_without_tracking_nothing_is_noticed_before_the_next_invoice(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig("", ALL)
    rig.work()
    before = rig.names()
    rig.dynamics.add_record("account", **NEW)
    rig.dynamics.change_record("account", rig.customer(), name="Anders GmbH")
    rig.work()
    assert rig.names() == before
    assert states(rig) == {FIRST: "sent"}


def test_following_customers_from_now_on_books_nothing_anew(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig("", 'send = "changes"')
    rig.dynamics.change_invoice(1, billto_line1="Baustelle 3", billto_city="Ulm")
    rig.work()
    booked = len(files(rig, BOOKINGS))
    rig.connect(rig.text.replace("[source]\n", f"[source]\n{TRACKED}\n"))
    rig.work()
    assert len(files(rig, BOOKINGS)) == booked
    assert states(rig) == {FIRST: "waiting"}
    assert {column for column, _, _ in difference(rig, FIRST).fields} == {"Straße", "Ort"}
