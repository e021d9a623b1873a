"""Customers that change on their own, without a document, are kept in step where the settings want it."""

from __future__ import annotations

from mlconnector.flow.intake.parties import note_parties
from mlconnector.model.vouchers import Party
from mlconnector.systems.source import Reading
from tests.flow.conftest import MakeRig
from tests.flow.master_data import BUYER, FIRST, difference, sending, sent, states
from tests.flow.rig import Rig

STRANGER = Party(external_id="organization/999", name="Neukunde AG", city="Kiel", country="DE")


def tell(rig: Rig, *parties: Party) -> None:
    """Let the source tell of parties, and do what a run does afterwards."""
    readings = [Reading(party.external_id, None, party=party) for party in parties]
    with rig.app.database.write() as db:
        note_parties(rig.context, db, readings)
    rig.work()


def buyer(rig: Rig, name: str) -> Party:
    """The customer of the first deal under another name."""
    return Party(external_id=f"organization/{BUYER}", name=name, country="DE", is_business=True)


def test_a_customer_without_a_document_waits_for_the_first_one(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig)
    tell(rig, STRANGER)
    assert sent(rig) == [FIRST]
    assert set(states(rig)) == {FIRST}


def test_with_all_parties_a_customer_gets_a_number_and_a_name_at_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig, more='parties = "all"')
    tell(rig, STRANGER)
    assert len(sent(rig)) == 2
    assert set(states(rig).values()) == {"sent"}
    tell(rig, STRANGER)
    assert len(sent(rig)) == 2


def test_a_change_of_a_known_customer_is_noticed_without_a_document(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig, "changes")
    rig.work()
    tell(rig, buyer(rig, "Anders GmbH"))
    assert states(rig) == {FIRST: "waiting"}
    changed = {column: after for column, _, after in difference(rig, FIRST).fields}
    assert changed["Name (Adressattyp Unternehmen)"] == "Anders GmbH"


def test_nothing_is_noted_where_nothing_is_sent(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig, "off")
    tell(rig, STRANGER)
    assert sent(rig) == []
    assert states(rig) == {}


def test_who_brings_a_number_gets_it_with_the_first_document(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig, more='parties = "all"')
    tell(rig, Party(external_id="organization/998", name="Alt AG", country="DE", account="12345"))
    assert sent(rig) == [FIRST]
