"""A booked document that names another party keeps its number, once it is certain that both are the same."""

from __future__ import annotations

import msgspec
import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import number_binding
from mlconnector.flow.preview import preview
from mlconnector.model.entries import Entry, decode
from mlconnector.model.problems import Problem
from mlconnector.store import accounts, lookup
from mlconnector.systems.kit.fields import clean
from tests.flow.agree.test_number_lists import holders
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig

NUMBER = "RE-2026-00001"


def made(rig: Rig, deal_id: int) -> list[Entry]:
    return [decode(row.content) for row in rig.entries(deal_id)]


def organisation(rig: Rig, deal_id: int) -> int:
    found = rig.pipedrive.account.deal(deal_id).org_id
    assert found is not None
    return found


def number(rig: Rig, organisation_id: int) -> str | None:
    party = f"organization/{organisation_id}"
    with rig.app.database.read() as db:
        return accounts.given(db, rig.context.client, rig.name, [party], "receivable").get(party)


def booked_then_merged(make: MakeRig) -> tuple[Rig, int, int]:
    """Two booked documents, the customer of the first of which is merged into that of the second."""
    rig = make(2)
    rig.work()
    gone, into = organisation(rig, DOMESTIC), organisation(rig, MIXED_RATES)
    rig.pipedrive.merge("organization", gone, into)
    return rig, gone, into


def moved_to_a_new_one(make: MakeRig, name: str) -> tuple[Rig, int, int]:
    """A booked document whose customer is another record now: of the same name, or of that one."""
    rig = make(2)
    rig.pipedrive.lose(MIXED_RATES)
    rig.work()
    gone, into = organisation(rig, DOMESTIC), 987_654
    known = rig.pipedrive.account.organization(gone)
    new = msgspec.structs.replace(known, id=into, name=name or known.name)
    rig.pipedrive.account.keep_organization(new)
    rig.pipedrive.change_deal(DOMESTIC, org_id=into)
    return rig, gone, into


def problems(rig: Rig) -> list[Problem]:
    with rig.app.database.read() as db:
        return [one.problem for one in lookup.waiting(db, rig.name)]


def test_who_is_somebody_else_by_name_and_number_is_named_and_nothing_is_rebooked(
    make_any_rig: MakeRig,
) -> None:
    rig, gone, into = booked_then_merged(make_any_rig)
    (booked,) = made(rig, DOMESTIC)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    assert made(rig, DOMESTIC) == [booked]
    assert rig.voucher(DOMESTIC).state == "needs_human"
    (problem,) = problems(rig)
    assert problem.key == "party_changed"
    assert problem.facts == {
        "document": NUMBER,
        "before": booked.party_name,
        "before_id": f"organization/{gone}",
        "number": booked.lines[0].account,
        "party": clean(rig.pipedrive.account.organization(into).name),
        "party_id": f"organization/{into}",
        "other": number(rig, into),
    }


def test_a_document_of_which_nothing_but_the_party_changed_waits_too(make_rig: MakeRig) -> None:
    rig, _, _ = booked_then_merged(make_rig)
    rig.work()
    assert [one.key for one in problems(rig)] == ["party_changed"]


def test_the_preview_says_so_too(make_rig: MakeRig) -> None:
    rig, _, _ = booked_then_merged(make_rig)
    (shown,) = preview.preview(rig.context, 1, [str(DOMESTIC)])
    assert [one.key for one in shown.problems] == ["party_changed"]


def test_once_both_are_said_to_be_the_same_it_goes_on_under_its_number(make_any_rig: MakeRig) -> None:
    """As after two customers were merged: the open item stands under the old number, and may be paid."""
    rig, gone, into = booked_then_merged(make_any_rig)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    account, own = number(rig, gone), number(rig, into)
    assert account is not None
    seen = number_binding.would_bind(rig.context, f"organization/{into}", account)
    assert seen.merged_with is not None
    assert (seen.merged_with.party, seen.changes_something) == (f"organization/{gone}", True)
    before = holders(rig)
    number_binding.bind(rig.context, f"organization/{into}", account, "erika")
    assert holders(rig) == before
    (cause,) = rig.causes()
    assert rig.replay(cause=cause) == 1
    rig.work()
    assert [one.lines[0].account for one in made(rig, DOMESTIC)] == [account] * 3
    assert made(rig, DOMESTIC)[-1].party_id == f"organization/{into}"
    assert [one.lines[0].account for one in made(rig, MIXED_RATES)] == [own]
    assert (rig.causes(), rig.outside.sums()[NUMBER]) == ([], rig.outside.gross(DOMESTIC))
    assert not number_binding.would_bind(rig.context, f"organization/{into}", account).changes_something
    (event,) = [event for event in rig.story(rig.name) if event.event == "number_bound"]
    assert (event.detail["by"], event.detail["merged_with"]) == ("erika", f"organization/{gone}")


def test_who_has_no_number_of_its_own_is_booked_under_the_shared_one(make_rig: MakeRig) -> None:
    rig, gone, into = moved_to_a_new_one(make_rig, "Ganz anders GmbH")
    rig.work()
    account = number(rig, gone)
    assert account is not None
    number_binding.bind(rig.context, f"organization/{into}", account, "erika")
    rig.replay(rig.key(DOMESTIC))
    rig.pipedrive.change_deal(MIXED_RATES, status="won", org_id=into)
    rig.work()
    assert rig.causes() == []
    assert {one.lines[0].account for one in made(rig, MIXED_RATES)} == {account}
    assert number(rig, into) is None


def test_another_record_of_the_same_name_without_a_number_is_the_same_party(make_rig: MakeRig) -> None:
    rig, gone, _ = moved_to_a_new_one(make_rig, "")
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    assert rig.causes() == []
    assert {one.lines[0].account for one in made(rig, DOMESTIC)} == {number(rig, gone)}


def test_another_party_without_a_number_but_of_another_name_waits(make_rig: MakeRig) -> None:
    rig, _, _ = moved_to_a_new_one(make_rig, "Ganz anders GmbH")
    rig.work()
    (problem,) = problems(rig)
    assert (problem.key, problem.facts["other"]) == ("party_changed", "")


def test_a_number_of_somebody_else_is_bound_only_to_whom_its_documents_name(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    rig.work()
    account, other = number(rig, organisation(rig, DOMESTIC)), organisation(rig, MIXED_RATES)
    assert account is not None
    with pytest.raises(NeedsHuman, match="number_taken"):
        number_binding.bind(rig.context, f"organization/{other}", account, "erika")


def test_a_document_of_the_wrong_party_is_taken_back_and_entered_anew(make_any_rig: MakeRig) -> None:
    rig, _, into = booked_then_merged(make_any_rig)
    rig.work()
    owed = rig.outside.sums()["RE-2026-00002"]
    rig.pipedrive.lose(DOMESTIC)
    rig.pipedrive.change_deal(MIXED_RATES, custom_fields={"Rechnungsnummer": NUMBER})
    rig.work()
    rig.replay(rig.key(MIXED_RATES))
    rig.work()
    assert rig.causes() == []
    assert made(rig, MIXED_RATES)[-1].lines[0].account == number(rig, into)
    assert rig.outside.sums()[NUMBER] == owed
