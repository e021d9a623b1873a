"""Debtors and creditors reach DATEV before the bookings that use them, and overwrite nothing unasked."""

from __future__ import annotations

from collections import Counter

import pytest

from mlconnector.commands.working import work_through
from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.agree import number_binding
from mlconnector.flow.agree.consent import approve
from mlconnector.flow.batches import master_data
from mlconnector.flow.batches.kinds import freeze_next
from mlconnector.flow.engine import workflows
from mlconnector.formats.extf import BOOKINGS, MASTER_DATA
from tests.flow.conftest import MakeRig
from tests.flow.deliver.test_races import meanwhile
from tests.flow.master_data import (
    BUYER,
    FIRST,
    booked_on,
    difference,
    kinds,
    let_go,
    masters,
    move,
    sending,
    sent,
    sent_rows,
    states,
    touch,
)
from tests.flow.rig import DOMESTIC, MIXED_RATES, second_connection


def test_new_numbers_go_in_one_file_before_the_bookings_that_use_them(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(12)
    sending(rig)
    rig.work()
    assert kinds(rig) == [MASTER_DATA, BOOKINGS, BOOKINGS, BOOKINGS, BOOKINGS]
    assert sent(rig) == sorted(number for number in booked_on(rig) if number >= FIRST)
    assert sent(rig) != sorted(booked_on(rig))
    assert set(states(rig).values()) == {"sent"}
    assert rig.states() == {"needs_human": 4, "settled": 8}
    assert rig.verdict().ok


def test_numbers_that_the_source_brings_are_never_sent_by_default(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.pipedrive.change_organization(BUYER, custom_fields={"Debitorennummer": "10555"})
    sending(rig)
    rig.work()
    move(rig, "Andere Straße")
    rig.work()
    assert (sent(rig), states(rig), masters(rig)) == ([], {}, [])
    assert booked_on(rig) == {"10555"}


def test_nothing_goes_again_while_nothing_changes(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(3)
    sending(rig, "changes", 'overwrite = "send"')
    rig.work()
    before = sent(rig)
    rig.work()
    touch(rig)
    rig.work()
    assert sent(rig) == before
    assert len(masters(rig)) == 1


def test_what_changed_in_a_known_account_is_not_sent_by_default(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    assert (len(sent(rig)), states(rig)) == (1, {FIRST: "sent"})


def test_nothing_is_sent_where_it_is_switched_off(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    sending(rig, "off")
    rig.freeze()
    rig.transfer()
    assert (masters(rig), states(rig)) == ([], {FIRST: "due"})
    with pytest.raises(NeedsHuman, match="master_data_off"):
        let_go(rig, FIRST)


def test_a_number_that_was_in_use_before_it_was_switched_on_is_not_new_to_datev(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(2)
    rig.work()
    sending(rig)
    touch(rig)
    rig.work()
    assert states(rig) == {}
    sending(rig, "changes")
    touch(rig)
    rig.work()
    assert states(rig) == {FIRST: "waiting"}
    assert not difference(rig).is_new
    assert sent(rig) == []


def test_a_collective_account_is_nobodys_and_stays_as_it_is(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    sending(rig, "changes", **{"first = 40000\nlast = 69999": 'collective = "10000"'})
    rig.work()
    assert (sent(rig), states(rig)) == ([], {})
    assert booked_on(rig) == {"10000"}


def test_bookings_that_are_delivered_first_send_the_master_data_before_them(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    master, bookings = rig.prepare()
    rig.deliver(bookings)
    assert [rig.batch(one).state for one in (master, bookings)] == ["submitted", "submitted"]
    rig.transfer()
    assert kinds(rig) == [MASTER_DATA, BOOKINGS]


def test_bookings_do_not_wait_for_master_data_that_is_newer_than_they_are(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    rig.pipedrive.lose(MIXED_RATES)
    sending(rig, "off")
    (bookings,) = rig.prepare()
    sending(rig)
    rig.pipedrive.win(MIXED_RATES)
    master, _ = rig.prepare()
    rig.deliver(bookings)
    assert rig.batch(master).state == "frozen"
    rig.transfer()
    assert kinds(rig) == [BOOKINGS, MASTER_DATA, BOOKINGS]


def test_the_durable_workflows_carry_master_data_too(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "_PATIENCE", (0.05,) * 5)
    monkeypatch.setattr("mlconnector.commands.working._GLANCE_SECONDS", 0.05)
    rig = make_any_rig(3)
    sending(rig)
    with rig.app.working() as started:
        work_through(rig.app, started, [rig.name], None)
        work_through(rig.app, started, [rig.name], None)
    assert kinds(rig)[0] == MASTER_DATA
    assert Counter(sent(rig)) == dict.fromkeys(sent(rig), 1)
    assert set(states(rig).values()) == {"sent"}
    assert rig.states() == {"settled": 3}


def test_a_changed_address_waits_for_consent_and_goes_once_it_is_given(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    sending(rig, "changes")
    rig.work()
    (before,) = [row for row in sent_rows(rig) if row["Konto"] == FIRST]
    move(rig, "Neue Straße")
    rig.work()
    assert (states(rig)[FIRST], len(masters(rig))) == ("waiting", 1)
    shown = difference(rig)
    assert shown.fields == (("Straße", before["Straße"], "Neue Straße 1"),)
    assert (shown.was_sent, shown.name) == (True, before["Name (Adressattyp Unternehmen)"])
    assert let_go(rig, FIRST) == [FIRST]
    rig.work()
    assert states(rig)[FIRST] == "sent"
    assert sent(rig).count(FIRST) == 2
    assert sent_rows(rig)[-1]["Straße"] == "Neue Straße 1"
    assert difference(rig).fields == ()
    (noted,) = [one for one in rig.story(rig.name) if one.event == "master_data_approved"]
    assert noted.detail == {"numbers": {FIRST: ["Straße"]}, "by": "Frau Beispiel", "noted_by": "erika"}
    assert rig.verdict().ok


def test_a_changed_name_waits_with_its_short_form(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig, "changes")
    rig.work()
    rig.pipedrive.change_organization(BUYER, name="Zimmerei am Alten Hafen GmbH")
    touch(rig)
    rig.work()
    assert [(column, after) for column, _, after in difference(rig).fields] == [
        ("Name (Adressattyp Unternehmen)", "Zimmerei am Alten Hafen GmbH"),
        ("Kurzbezeichnung", "Zimmerei am Alt"),
    ]


def test_a_change_goes_at_once_where_that_is_agreed(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig, "changes", 'overwrite = "send"')
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    assert [row["Straße"] for row in sent_rows(rig)][1:] == ["Neue Straße 1"]
    assert states(rig) == {FIRST: "sent"}
    assert kinds(rig) == [MASTER_DATA, BOOKINGS, MASTER_DATA, BOOKINGS]


def test_what_waits_goes_once_it_is_agreed_that_nobody_is_asked(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig, "changes")
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    sending(rig, "changes", 'overwrite = "send"')
    touch(rig)
    rig.work()
    assert (states(rig), len(sent(rig))) == ({FIRST: "sent"}, 2)


def test_a_number_that_the_source_brings_waits_for_consent(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.pipedrive.change_organization(BUYER, custom_fields={"Debitorennummer": "10555"})
    sending(rig, "changes")
    rig.work()
    assert (states(rig), sent(rig)) == ({"10555": "waiting"}, [])
    shown = difference(rig, "10555")
    assert (shown.is_new, shown.was_sent) == (False, False)
    assert all(before == "" for _, before, _ in shown.fields)
    assert let_go(rig, "10555") == ["10555"]
    rig.work()
    assert (states(rig), sent(rig)) == ({"10555": "sent"}, ["10555"])


def test_only_what_was_shown_goes(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    sending(rig, "changes")
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    shown = [difference(rig)]
    move(rig, "Ganz andere Straße")
    rig.work()
    assert approve(rig.context, shown, "Frau Beispiel", "erika") == []
    assert states(rig) == {FIRST: "waiting"}
    assert "master_data_approved" not in rig.events(rig.name)


def test_consent_to_one_change_is_none_to_the_next(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig, "changes")
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    let_go(rig, FIRST)
    move(rig, "Ganz andere Straße")
    rig.work()
    assert (states(rig), len(sent(rig))) == ({FIRST: "waiting"}, 1)


def test_a_change_that_is_taken_back_waits_no_longer(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.pipedrive.change_organization(BUYER, name="Holz GmbH")
    sending(rig, "changes")
    rig.work()
    for name, state in (("Holz & Söhne GmbH", "waiting"), ("Holz GmbH", "sent")):
        rig.pipedrive.change_organization(BUYER, name=name)
        touch(rig)
        rig.work()
        assert states(rig) == {FIRST: state}
    assert len(sent(rig)) == 1


def test_two_connections_of_a_client_never_share_a_number(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.pipedrive.change_organization(BUYER, custom_fields={"Debitorennummer": "10555"})
    sending(rig, "changes")
    rig.work()
    let_go(rig, "10555")
    rig.work()
    other = second_connection(rig)
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "RE-2026-90001"})
    other.work()
    assert other.causes() == ["debtor_number_taken:number=10555"]
    assert (states(other), states(rig)) == ({}, {"10555": "sent"})
    assert sent(rig) == ["10555"]


def test_two_who_freeze_at_the_same_time_make_one_file(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    sending(rig)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    meanwhile(monkeypatch, master_data, "write", rig.freeze)
    with pytest.raises(RetryLater, match="another process"):
        freeze_next(rig.context)
    rig.transfer()
    assert sent(rig) == [FIRST]


def test_a_change_between_reading_and_freezing_is_not_taken_for_sent(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(1)
    sending(rig)
    run = rig.begin()
    rig.read(run)
    rig.book(run)

    def others() -> None:
        move(rig, "Neue Straße")
        again = rig.begin()
        rig.read(again)
        rig.book(again)

    meanwhile(monkeypatch, master_data, "write", others)
    with pytest.raises(RetryLater, match="another process"):
        freeze_next(rig.context)
    assert states(rig) == {FIRST: "due"}
    rig.freeze()
    rig.transfer()
    assert [row["Straße"] for row in sent_rows(rig)] == ["Neue Straße 1"]


def test_a_number_of_a_list_is_somebodys_already(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig)
    rig.read(rig.begin())
    number_binding.bind(rig.context, f"organization/{BUYER}", "10042", "erika")
    rig.work()
    assert (sent(rig), states(rig)) == ([], {})
    assert booked_on(rig) == {"10042"}
