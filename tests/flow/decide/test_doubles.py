"""One bill that comes twice, spelled or numbered otherwise: a person says whether they are two."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import telling_apart
from mlconnector.flow.preview.preview import preview
from mlconnector.store import audit
from tests.flow.procore_rig import MakeRig, ProcoreFlowRig, record_name

Row = dict[str, Any]
LOOKS_BOOKED = "document_looks_booked"


def booked_cost(rig: ProcoreFlowRig) -> Row:
    """A direct cost that is booked."""
    rig.work()
    found: Row = next(
        one
        for one in rig.procore.direct_costs.values()
        if one["direct_cost_type"] == "invoice" and one["vendor_id"] and rig.of_record(one).state == "settled"
    )
    return found


def enter(rig: ProcoreFlowRig, like: Row, number: str) -> Row:
    """The same direct cost once more under another number, with its invoice."""
    more = rig.procore.add_direct_cost(like["id"], number)
    paper = next(iter(rig.procore.attachments(like["id"])))
    rig.procore.add_attachment(more, "Rechnung.pdf", rig.procore.file_content(paper))
    found: Row = rig.procore.direct_costs[more]
    return found


def respelled(number: str) -> str:
    return f" {number.lower().replace('-', '/')} "


def test_a_bill_under_another_spelling_or_number_waits_until_a_person_says_that_there_are_two(
    make_procore_rig: MakeRig,
) -> None:
    rig = make_procore_rig(20)
    booked = booked_cost(rig)
    before = rig.outside.sums()
    spelled = enter(rig, booked, respelled(booked["invoice_number"]))
    numbered = enter(rig, booked, "K-990017")
    shown = {
        problem.key for one in preview(rig.context, 20, [record_name(numbered)]) for problem in one.problems
    }
    assert shown == {LOOKS_BOOKED}
    rig.again()
    for record, like in ((spelled, "number"), (numbered, "amount")):
        (problem,) = rig.problems_of(record)
        assert (problem.key, problem.facts["like"]) == (LOOKS_BOOKED, like)
        assert problem.facts["other"] == rig.of_record(booked).id
        assert (problem.facts["connection"], problem.facts["state"]) == (rig.name, "settled")
    assert rig.outside.sums() == before
    key = rig.of_record(numbered).id
    telling_apart.tell_apart(rig.context, [key], "two deliveries", "Erika")
    rig.again()
    assert rig.of_record(numbered).state == "settled"
    assert rig.outside.sums() != before
    assert [one.key for one in rig.problems_of(spelled)] == [LOOKS_BOOKED]
    with rig.app.database.read() as db:
        (told,) = [one for one in audit.story(db, [key]) if one.event == "told_apart"]
    assert (told.detail["by"], told.detail["reason"]) == ("Erika", "two deliveries")
    with pytest.raises(NeedsHuman, match="voucher_not_distinct"):
        telling_apart.withdraw(rig.context, [key], "no", "Erika")
