"""Bills of Procore on the whole way: what they cost, what is owed, and what becomes of corrections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.formats.extf import document_field
from tests.flow.procore_rig import MakeRig, ProcoreFlowRig, procore_rigs, record_name

RETAINAGE = "1700"
OBLIGO = "9801"
CENT = Decimal("0.01")
RECORDS = 60
COUNTING = frozenset({"approved", "approved_as_noted"})

pytestmark = pytest.mark.xdist_group("procore-flow")

Row = dict[str, Any]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[ProcoreFlowRig]:
    """Bills that are read and sent once, for tests that only look."""
    with procore_rigs(tmp_path_factory.mktemp("procore"), sqlite_template) as made:
        rig = made(RECORDS)
        rig.work()
        yield rig


@pytest.fixture
def rig(make_procore_rig: MakeRig) -> ProcoreFlowRig:
    """Bills that are read and sent, for tests that change something."""
    made = make_procore_rig(20)
    made.work()
    return made


def of_case(rig: ProcoreFlowRig, case: str) -> Row:
    found = rig.procore.of_case(case)[0]
    return rig.procore.requisitions.get(found) or rig.procore.direct_costs[found]


def filled(sums: Mapping[tuple[str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    """Without what comes to nothing; projects as a cost centre of DATEV is written."""
    return {(one.replace("-", " "), two): amount for (one, two), amount in sums.items() if amount}


def test_costs_are_what_procore_says_to_the_cent_whatever_is_corrected(make_procore_rig: MakeRig) -> None:
    rig = make_procore_rig(RECORDS, certified_counts)
    rig.work()
    equal_to_the_cent(rig, of_at_least=RECORDS // 2)
    correct_some(rig)
    rig.again()
    equal_to_the_cent(rig, of_at_least=RECORDS // 2)


def certified_counts(text: str) -> str:
    """A connection's text by which what was certified is booked, whatever was claimed."""
    return text.replace('bills = "performance"', 'bills = "performance"\ncertified_otherwise = "book"')


def equal_to_the_cent(rig: ProcoreFlowRig, of_at_least: int) -> None:
    sent = rig.transferred()
    theirs = rig.procore.costs(lambda record: record_name(record) in sent)
    assert filled(rig.costs()) == filled(theirs)
    assert len(sent) >= of_at_least


def correct_some(rig: ProcoreFlowRig) -> None:
    """Bills are put right, taken back and added, and so are direct costs."""
    bills = list(rig.procore.requisitions.values())
    added_to = {one["previous_requisition_id"] for one in bills}
    approved = [one for one in bills if one["status"] == "approved"]
    for bill in approved[::9]:
        rig.procore.change_work(bill["id"], Decimal("1234.56"))
    for bill in [one for one in approved if one["id"] not in added_to][::5]:
        rig.procore.update_requisition(bill["id"], lambda row: row.update(status="revise_and_resubmit"))
    costs = [one for one in rig.procore.direct_costs.values() if one["direct_cost_type"] == "invoice"]
    for cost in costs[::5]:
        rig.procore.change_amount(cost["id"], Decimal("99.99"))


def test_what_is_still_to_come_of_contracts_is_what_procore_says(rig: ProcoreFlowRig) -> None:
    assert rig.balance_of(OBLIGO) == filled_obligo(rig)
    contract = next(
        one
        for one in rig.procore.commitments.values()
        if one["status"] == "Approved" and any(line["amount"] != "0.00" for line in one["line_items"])
    )
    rig.procore.add_change_order(contract["id"], Decimal("7777.77"))
    billed = next(iter(rig.procore.of_case("progress_retainage")))
    rig.procore.change_work(billed, Decimal("1000.01"))
    ended = next(
        one for one in rig.procore.commitments.values() if one["status"] == "Approved" and one is not contract
    )
    rig.procore.update_commitment(ended["id"], lambda row: row.update(status="Terminated"))
    rig.again()
    assert rig.balance_of(OBLIGO) == filled_obligo(rig)


def filled_obligo(rig: ProcoreFlowRig) -> dict[tuple[str, str, str], Decimal]:
    return {
        (project.replace("-", " "), number, code): left
        for (project, number, code), left in rig.procore.obligo().items()
        if left
    }


def test_what_is_withheld_stands_on_its_own_account_until_it_is_released(worked: ProcoreFlowRig) -> None:
    held = {row.record for row in worked.held_vouchers()}
    theirs: dict[str, Decimal] = {}
    for bill in worked.procore.requisitions.values():
        before = worked.procore.requisitions.get(bill["previous_requisition_id"] or 0)
        kept = Decimal(bill["summary"]["total_retainage"])
        kept -= Decimal(before["summary"]["total_retainage"]) if before else Decimal(0)
        if bill["status"] in COUNTING and record_name(bill) not in held and kept:
            theirs[document_field(number_of(worked, bill))[0]] = -kept
    ours: dict[str, Decimal] = {}
    for (_, number, _), amount in worked.balance_of(RETAINAGE).items():
        ours[number] = ours.get(number, Decimal(0)) + amount
    assert ours == theirs
    assert any(amount > 0 for amount in ours.values()), "nothing is released"


def number_of(rig: ProcoreFlowRig, bill: Row) -> str:
    """The vendor's own number, else that of the contract with the number of the bill."""
    contract = rig.procore.commitments[bill["commitment_id"]]["number"]
    return str(bill["invoice_number"] or f"{contract}-{bill['number']}")


def test_a_bill_that_only_releases_moves_the_security_and_nothing_else(worked: ProcoreFlowRig) -> None:
    bill = of_case(worked, "release_only")
    rows = [row for row in worked.outside.rows() if row.number == bill["invoice_number"]]
    assert [abs(row.amount) for row in rows] == [Decimal(bill["summary"]["current_payment_due"])]
    assert RETAINAGE in {rows[0].account, rows[0].contra_account}


def test_a_bill_that_is_no_longer_approved_is_taken_back(rig: ProcoreFlowRig) -> None:
    bill = of_case(rig, "reverse_charge")
    assert rig.outside.sums()[bill["invoice_number"]] != 0
    rig.procore.update_requisition(bill["id"], lambda row: row.update(status="revise_and_resubmit"))
    rig.again()
    assert rig.outside.sums()[bill["invoice_number"]] == 0


def test_a_bill_of_a_project_that_was_taken_away_stays_booked(rig: ProcoreFlowRig) -> None:
    bill = of_case(rig, "reverse_charge")
    before = rig.outside.sums()
    rig.procore.hide_project(bill["project_id"])
    rig.again()
    assert rig.outside.sums() == before


def test_without_a_certificate_a_bill_waits_and_says_what_would_be_withheld(worked: ProcoreFlowRig) -> None:
    bill = of_case(worked, "no_certificate_vendor")
    (problem,) = worked.problems_of(bill)
    assert problem.key == "withholding_undecided"
    due = Decimal(bill["summary"]["current_payment_due"])
    owed_tax = Decimal(bill["summary"]["total_completed_and_stored_to_date"]) * Decimal("0.19")
    assert Decimal(problem.facts["base"]) == (due + owed_tax).quantize(CENT)
    assert Decimal(problem.facts["amount"]) == ((due + owed_tax) * Decimal("0.15")).quantize(CENT)


def test_a_bill_that_the_site_entered_once_more_as_a_direct_cost_waits(rig: ProcoreFlowRig) -> None:
    bill = of_case(rig, "reverse_charge")
    before = rig.outside.sums()
    vendor = rig.procore.vendors[rig.procore.commitments[bill["commitment_id"]]["vendor"]["id"]]
    like = next(row for row in rig.procore.direct_costs.values() if record_name(row) in rig.transferred())
    more = rig.procore.add_direct_cost(like["id"], bill["invoice_number"])
    paper = next(iter(rig.procore.attachments(bill["id"])))
    rig.procore.add_attachment(more, "Rechnung.pdf", rig.procore.file_content(paper))
    named = {"id": vendor["id"], "name": vendor["name"]}
    theirs = {"vendor": named, "vendor_id": vendor["id"], "vendor_name": vendor["name"]}
    rig.procore.update_direct_cost(more, lambda row: row.update(theirs))
    rig.again()
    (problem,) = rig.problems_of(rig.procore.direct_costs[more])
    assert problem.key == "document_field_taken"
    assert rig.outside.sums() == before


def test_every_bill_stands_on_the_cost_centre_of_its_project(worked: ProcoreFlowRig) -> None:
    bill = of_case(worked, "reverse_charge")
    number = worked.procore.projects[bill["project_id"]]["project_number"].replace("-", " ")
    centres = {row["KOST1 - Kostenstelle"] for row in worked.raw_rows(bill["invoice_number"])}
    assert centres == {number}


def test_documents_of_purchases_are_filed_among_incoming_invoices(worked: ProcoreFlowRig) -> None:
    places = {(one.document_type, one.folder) for one in worked.outside.documents()}
    assert places == {("Rechnungseingang", "Eingangsrechnungen")}
