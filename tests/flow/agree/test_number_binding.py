"""A number is bound to a party that the source knows, with a warning of what changes, until it was sent."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import number_binding
from mlconnector.store import person_records
from tests.flow.agree.test_number_lists import booked_on, holders, imported, make_list, parties
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig

LABEL = "RE-2026-00001"


def prepared(make: MakeRig) -> tuple[Rig, str, str]:
    """One voucher that is decided and not sent, its party, and the number that the party was given for it."""
    rig = make(1)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    (party,) = parties(rig)
    ((number, _),) = holders(rig).items()
    return rig, party.external_id, number


def test_it_says_whose_number_it_is_and_what_changes(make_rig: MakeRig) -> None:
    rig, party, before = prepared(make_rig)
    imported(rig, make_list(("10042", "Somebody else", "")))
    seen = number_binding.would_bind(rig.context, party, "10042")
    assert seen.party == parties(rig)[0]
    assert (seen.party.city, seen.party.country) != (None, None)
    assert (seen.listed, seen.is_listed_otherwise) == ("Somebody else", True)
    assert seen.before is not None
    assert (seen.before.number, seen.vouchers) == (before, (LABEL,))
    assert holders(rig)[before] == party, "looking changes nothing"


def test_a_party_that_the_source_has_not_named_is_refused(make_rig: MakeRig) -> None:
    rig, party, before = prepared(make_rig)
    for unknown in ("organization/4711", party[:-1], party.upper(), f"{party}0"):
        with pytest.raises(NeedsHuman, match="party_unknown"):
            number_binding.bind(rig.context, unknown, "10042", "erika")
    imported(rig, make_list(("10043", "only on a list", "organization/4711")))
    with pytest.raises(NeedsHuman, match="party_unknown"):
        number_binding.bind(rig.context, "organization/4711", "10042", "erika")
    assert holders(rig) == {before: party, "10043": "organization/4711"}


def test_another_number_takes_the_place_of_one_under_which_nothing_was_sent(make_any_rig: MakeRig) -> None:
    rig, party, before = prepared(make_any_rig)
    number_binding.bind(rig.context, party, "10042", "erika")
    assert (rig.states(), holders(rig)) == ({"received": 1}, {"10042": party})
    with rig.context.read() as db:
        assert person_records.read(db, rig.context.client, [before]) == {}
    rig.work()
    assert booked_on(rig) == {"10042"}
    (event,) = [event for event in rig.story(rig.name) if event.event == "number_bound"]
    assert (event.detail["by"], event.detail["number_before"]) == ("erika", before)
    assert event.detail["vouchers"] == [LABEL]


def test_a_number_that_was_sent_stays(make_any_rig: MakeRig) -> None:
    rig, party, _ = prepared(make_any_rig)
    number_binding.bind(rig.context, party, "10042", "erika")
    rig.work()
    with pytest.raises(NeedsHuman, match="party_has_number"):
        number_binding.bind(rig.context, party, "10043", "erika")
    with pytest.raises(NeedsHuman, match="number_sent") as refused:
        number_binding.unbind(rig.context, "10042", "erika")
    assert refused.value.problem.facts["vouchers"].startswith(LABEL)
    assert holders(rig) == {"10042": party}


def test_a_number_that_is_on_its_way_stays(make_rig: MakeRig) -> None:
    rig, party, _ = prepared(make_rig)
    number_binding.bind(rig.context, party, "10042", "erika")
    rig.book(rig.begin())
    rig.freeze()
    with pytest.raises(NeedsHuman, match="number_sent"):
        number_binding.unbind(rig.context, "10042", "erika")


@pytest.mark.parametrize("by_party", [True, False])
def test_a_binding_is_taken_back_until_it_was_sent(make_any_rig: MakeRig, by_party: bool) -> None:
    rig, party, before = prepared(make_any_rig)
    number_binding.bind(rig.context, party, "10042", "erika")
    rig.book(rig.begin())
    done = number_binding.unbind(rig.context, party if by_party else "10042", "karl", "mistaken")
    assert (done.number, done.party, done.vouchers) == ("10042", party, (LABEL,))
    assert (rig.states(), holders(rig)) == ({"received": 1}, {})
    (event,) = [event for event in rig.story(rig.name) if event.event == "number_unbound"]
    assert (event.detail["by"], event.detail["reason"]) == ("karl", "mistaken")
    rig.work()
    assert booked_on(rig) == {before}


def test_a_number_of_a_list_is_reserved_again(make_rig: MakeRig) -> None:
    rig, party, _ = prepared(make_rig)
    imported(rig, make_list(("10042", "Muster GmbH", "")))
    number_binding.bind(rig.context, party, "10042", "erika")
    assert number_binding.unbind(rig.context, "10042", "erika").is_reserved
    assert holders(rig) == {"10042": "list:10042"}


def test_what_nobody_bound_is_not_taken_back(make_rig: MakeRig) -> None:
    rig, party, before = prepared(make_rig)
    for wanted in (before, party, "10042"):
        with pytest.raises(NeedsHuman, match="number_not_bound"):
            number_binding.unbind(rig.context, wanted, "erika")
    assert holders(rig) == {before: party}
