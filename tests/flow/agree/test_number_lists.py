"""Lists of debtors are taken over: numbers go to parties, or are kept free until somebody matches them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import number_binding, number_lists
from mlconnector.flow.agree.number_lists import NumbersProposal
from mlconnector.formats.extf import Header, person_row, write
from mlconnector.model.entries import Ledger
from mlconnector.model.vouchers import Party
from mlconnector.systems.source import Reference
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig, second_connection


def proposed(rig: Rig, content: str | bytes, ledger: Ledger = "receivable") -> NumbersProposal:
    raw = content if isinstance(content, bytes) else content.encode()
    return number_lists.propose(rig.context, raw, ledger)


def imported(rig: Rig, content: str | bytes, ledger: Ledger = "receivable") -> NumbersProposal:
    proposal = proposed(rig, content, ledger)
    assert proposal.faults == ()
    number_lists.apply(rig.services, proposal, "erika", "debitoren.csv")
    return proposal


def steps(proposal: NumbersProposal) -> list[tuple[str, str]]:
    return [(step, entry.number) for step, entry in proposal.steps]


def fault_keys(proposal: NumbersProposal) -> list[tuple[int, str]]:
    return [(one.line, one.key) for one in proposal.faults]


def holders(rig: Rig) -> dict[str, str]:
    return {one.number: one.party for one in number_lists.listed(rig.context)}


def booked_on(rig: Rig) -> set[str]:
    return {row.account for row in rig.outside.rows()}


def make_list(*rows: tuple[str, str, str]) -> str:
    return "\n".join(["Konto;Name;Kennung", *(";".join(row) for row in rows)])


def parties(rig: Rig) -> list[Party]:
    """The parties of the source's vouchers."""
    source = rig.services.source(rig.name)
    references: list[Reference] = []
    position = None
    while True:
        page = source.changes(None, position)
        references += page.references
        position = page.position
        if position is None:
            break
    vouchers = [reading.voucher for reading in source.fetch(references) if reading.voucher is not None]
    return [voucher.party for voucher in vouchers if voucher.party is not None]


def read(rig: Rig) -> list[str]:
    """The ids of parties whose documents were read, and not decided yet."""
    rig.read(rig.begin())
    return list(dict.fromkeys(party.external_id for party in parties(rig)))


def bringer(rig: Rig) -> Party:
    """A party that brings its number."""
    return next(one for one in parties(rig) if one.account)


def test_a_line_with_an_id_gives_its_number_to_that_party(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    (party,) = [one.party for one in number_lists.listed(rig.context)]
    other = make_list(("10007", "Zimmerei", "organization/900"), ("10008", "", ""))
    assert steps(imported(rig, other)) == [("given", "10007"), ("reserved", "10008")]
    assert holders(rig)["10007"] == "organization/900"
    assert party in holders(rig).values()


def test_bookings_go_to_the_number_of_the_list(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    run = rig.begin()
    rig.read(run)
    party = parties(rig)[0].external_id
    imported(rig, make_list(("10042", "whoever", party)))
    rig.book(run)
    rig.freeze()
    rig.transfer()
    assert booked_on(rig) == {"10042"}


def test_a_reserved_number_is_never_allocated_to_anybody(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    first = rig.services.rules(rig.name).books.range_of("receivable")[0]
    imported(rig, make_list((str(first), "Altkunde", ""), (str(first + 1), "Zweiter", "")))
    rig.work()
    given = [one for one in number_lists.listed(rig.context) if one.origin == "allocated"]
    assert given
    assert {str(first), str(first + 1)}.isdisjoint(one.number for one in given)
    assert holders(rig)[str(first)] == f"list:{first}"


def test_a_reserved_number_is_matched_once_and_for_one_party(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    one, other, *_ = read(rig)
    imported(rig, make_list(("10001", "Muster GmbH", ""), ("10002", "Zweite", "")))
    bound = number_binding.bind(rig.context, one, "10001", "erika")
    assert (bound.party, bound.name, bound.origin) == (one, "Muster GmbH", "list")
    number_binding.bind(rig.context, one, "10001", "erika")
    with pytest.raises(NeedsHuman, match="number_taken"):
        number_binding.bind(rig.context, other, "10001", "erika")
    with pytest.raises(NeedsHuman, match="party_unknown"):
        number_binding.bind(rig.context, "organization/4711", "10002", "erika")
    with pytest.raises(NeedsHuman, match="number_not_person"):
        number_binding.bind(rig.context, other, "8400", "erika")
    with pytest.raises(NeedsHuman, match="party_reserved"):
        number_binding.bind(rig.context, "list:10002", "10002", "erika")
    assert rig.events(rig.name).count("number_bound") == 1


def test_a_party_may_have_a_number_as_debtor_and_one_as_creditor(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (party,) = read(rig)
    for number in ("10001", "70001"):
        number_binding.bind(rig.context, party, number, "erika")
    assert [one.ledger for one in number_lists.listed(rig.context)] == ["receivable", "payable"]


def test_a_list_with_ids_matches_what_was_reserved(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    imported(rig, make_list(("10001", "Muster GmbH", "")))
    assert steps(imported(rig, make_list(("10001", "Muster GmbH", "organization/7")))) == [("bound", "10001")]
    assert steps(proposed(rig, make_list(("10001", "Muster GmbH", "organization/7")))) == [
        ("unchanged", "10001")
    ]


def test_another_connection_of_the_client_can_take_a_reserved_number(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    other = second_connection(rig)
    imported(rig, make_list(("10001", "Muster GmbH", ""), ("10002", "x", "organization/2")))
    number_binding.bind(rig.app.context(other.name), read(other)[0], "10001", "erika")
    assert number_lists.listed(rig.context)[0].connection == other.name
    assert fault_keys(proposed(other, make_list(("10002", "x", "organization/2")))) == [(2, "number_taken")]


def test_numbers_that_belong_to_somebody_else_are_faults(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    imported(rig, make_list(("10001", "Muster GmbH", "organization/7")))
    wrong = make_list(
        ("10001", "Andere AG", "organization/8"), ("10002", "Muster", "organization/7"), ("10003", "Neu", "")
    )
    proposal = proposed(rig, wrong)
    assert fault_keys(proposal) == [(2, "number_taken"), (3, "party_has_number")]
    assert fault_keys(proposed(rig, make_list(("10001", "Andere AG", "")))) == [(2, "number_taken")]


def test_a_list_that_knows_a_given_number_by_the_same_name_changes_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    imported(rig, make_list(("10001", "Muster GmbH & Co. KG", "organization/7")))
    same = proposed(rig, make_list(("10001", "MUSTER GMBH & CO.KG", "")))
    assert (steps(same), same.changes_something) == ([("unchanged", "10001")], False)


def test_a_proposal_is_outdated_when_a_number_was_given_since(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    early = proposed(rig, make_list(("10001", "Muster", "")))
    (party,) = read(rig)
    number_binding.bind(rig.context, party, "10001", "erika")
    with pytest.raises(NeedsHuman, match="list_outdated"):
        number_lists.apply(rig.services, early, "erika", "debitoren.csv")
    assert holders(rig) == {"10001": party}


def test_datevs_own_list_of_persons_is_read_by_ledger(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rows = [
        person_row(Party(external_id="x", name="Holz AG", is_business=True, vat_id="ATU13585627"), "10001"),
        person_row(Party(external_id="y", name="Erika Beispiel", is_business=False), "10002"),
        person_row(Party(external_id="z", name="Lieferant", is_business=True), "70001"),
    ]
    header = Header(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        consultant=29098,
        client=55003,
        fiscal_year_start=date(2026, 1, 1),
        account_length=4,
        category=16,
    )
    proposal = imported(rig, write(header, [one.row for one in rows]).content)
    assert [(one.number, one.name, one.vat_id) for one in proposal.lines("reserved")] == [
        ("10001", "Holz AG", "ATU13585627"),
        ("10002", "Erika Beispiel", ""),
    ]
    assert [one.number for one in proposal.left_out] == ["70001"]


class TestNumbersThatTheSourceBrings:
    def test_take_over_what_a_list_reserves_under_the_same_name(self, make_rig: MakeRig) -> None:
        rig = make_rig(4)
        brings = bringer(rig)
        imported(rig, make_list((brings.account or "", brings.name.upper(), "")))
        rig.work()
        kept = {one.number: one for one in number_lists.listed(rig.context)}[brings.account or ""]
        assert (kept.party, kept.origin) == (brings.external_id, "list")
        assert brings.account in booked_on(rig)

    def test_wait_while_the_list_names_somebody_else(self, make_rig: MakeRig) -> None:
        rig = make_rig(4)
        brings = bringer(rig)
        imported(rig, make_list((brings.account or "", "Ganz jemand anders", "")))
        rig.work()
        cause = f"debtor_number_taken:number={brings.account}"
        assert cause in rig.causes()
        number_binding.bind(rig.context, brings.external_id, brings.account or "", "erika")
        rig.replay(cause=cause)
        rig.work()
        assert cause not in rig.causes()
        assert brings.account in booked_on(rig)
