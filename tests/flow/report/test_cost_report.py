"""Costs after whole runs: what was bought went to DATEV, and comes to what the source says it cost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.report.ledger_reports import CostReport, costs_of
from mlconnector.flow.report.search import Unreadable
from mlconnector.model.money import ZERO, rounded
from tests.flow.cin7_rig import Cin7FlowRig, MakeRig

RECORDS = 34


@pytest.fixture
def rig(make_cin7_rig: MakeRig) -> Cin7FlowRig:
    return make_cin7_rig(RECORDS)


def by_centre(report: CostReport) -> dict[str, Decimal]:
    return {one.number: one.total.net for one in report.costs.centres}


def of_source(rig: Cin7FlowRig, month: str = "") -> dict[str, Decimal]:
    """What the source's own purchases come to before tax in EUR, by the attribute that is KOST1."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for purchase in rig.cin7.purchases.values():
        centre = purchase["AdditionalAttributes"]["AdditionalAttribute1"] or "900"
        papers = [(1, one, one["InvoiceNumber"], one["InvoiceDate"]) for one in purchase["Invoice"]]
        papers += [
            (-1, one, one["CreditNoteNumber"], one["CreditNoteDate"]) for one in purchase["CreditNote"]
        ]
        states = {row.number: row.state for row in rig.of_record(purchase).values()}
        for sign, paper, number, day in papers:
            if day.startswith(month) and states[number] == "settled":
                found[centre] += sign * rounded(paper["TotalBeforeTax"] * Decimal(purchase["CurrencyRate"]))
    return dict(found)


def test_the_costs_are_what_the_source_itself_comes_to(rig: Cin7FlowRig) -> None:
    rig.work()
    report = costs_of(rig.services, rig.name)
    assert by_centre(report) == of_source(rig)
    assert set(by_centre(report)) == {"100", "210", "300", "900"}
    assert report.costs.total.documents == 11
    assert not report.costs.differs
    july = costs_of(rig.services, rig.name, period="2026-07", whole_client=True)
    assert by_centre(july) == of_source(rig, "2026-07")
    assert ZERO < july.costs.total.net < report.costs.total.net


def test_what_datev_does_not_have_yet_is_only_counted(rig: Cin7FlowRig) -> None:
    rig.prepare()
    report = costs_of(rig.services, rig.name)
    assert report.costs.centres == ()
    assert (report.costs.total.net, report.not_counted.planned) == (ZERO, 11)


def test_a_connection_that_nobody_has_and_a_period_that_is_none_are_refused(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(0, released=False)
    with pytest.raises(NeedsHuman, match="connection_unknown"):
        costs_of(rig.services, "nobody")
    with pytest.raises(Unreadable):
        costs_of(rig.services, rig.name, period="July")
