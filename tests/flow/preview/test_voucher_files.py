"""A preview judges the files of a voucher as the run would, or says that nobody has looked into them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlconnector.flow.context.context import Context
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.flow.preview.preview import FEW, preview
from mlconnector.flow.preview.sums import Sums
from mlconnector.formats.einvoice.cii import cii_xml
from mlconnector.standins.faults import Fault
from tests.flow.conftest import MakeRig
from tests.flow.decide.test_einvoices import attach, hybrid, invoice
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig


def seen(rig: Rig, limit: int = FEW, *wanted: str, examine: bool | None = None) -> dict[str, Previewed]:
    return {one.external_id: one for one in preview(rig.context, limit, wanted, examine=examine)}


def causes(one: Previewed) -> list[str]:
    return [problem.key for problem in one.problems]


@pytest.fixture
def differing(make_rig: MakeRig) -> Rig:
    """Two deals, each with an e-invoice of another number."""
    rig = make_rig(2)
    for deal in (DOMESTIC, MIXED_RATES):
        attach(rig, (f"Rechnung-{deal}.pdf", hybrid(invoice(rig, deal, number="RE-X"))), deal=deal)
    return rig


def test_a_voucher_that_the_run_holds_for_its_file_is_not_shown_as_bookable(differing: Rig) -> None:
    shown = seen(differing)
    for one in shown.values():
        assert (causes(one), one.rows, one.files) == (["einvoice_differs"], (), "examined")
        assert one.problems[0].facts["file_name"] == f"Rechnung-{one.external_id}.pdf"
    differing.work()
    assert differing.causes() == ["einvoice_differs"]
    assert differing.states() == {"needs_human": 2}


def test_in_a_large_preview_it_is_said_that_nobody_has_looked(differing: Rig) -> None:
    shown = seen(differing, FEW + 1)
    assert {one.files for one in shown.values()} == {"not_examined"}
    assert all(one.rows for one in shown.values())
    sums = Sums(differing.context.rules)
    for one in shown.values():
        sums.add(one)
    assert (sums.not_examined, sums.held) == (2, 0)


@pytest.mark.parametrize(("examine", "expected"), [(True, "examined"), (False, "not_examined")])
def test_whoever_asks_decides(differing: Rig, examine: bool, expected: str) -> None:
    limit = FEW + 1 if examine else 1
    assert {one.files for one in seen(differing, limit, examine=examine).values()} == {expected}


def test_a_good_file_is_named_as_it_would_be_linked(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    attach(rig, ("Rechnung.xml", hybrid(invoice(rig))))
    (one,) = seen(rig).values()
    assert (one.files, one.document, causes(one)) == ("examined", "Rechnung.xml.pdf", [])
    assert "einvoice_agrees_by_schema" in {why.rule for why in one.because}


def test_a_kind_of_file_that_not_every_client_takes_stays_open_until_the_sink_was_asked(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    attach(rig, ("Rechnung.xml", cii_xml(invoice(rig))))
    rig.context.forget_facts()
    (one,) = seen(rig).values()
    assert (one.files, causes(one)) == ("not_examined", [])
    assert not rig.context.has_facts, "nothing was asked of the sink"
    facts = replace(rig.context.facts, allowed_extensions=("jpg", "pdf"))
    monkeypatch.setattr(Context, "facts", property(lambda _self: facts))
    (one,) = seen(rig).values()
    assert (one.files, causes(one)) == ("examined", ["einvoice_not_taken"])


def test_a_file_that_does_not_come_costs_nothing_but_itself(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    rig.pipedrive.faults.add(Fault("status", path=r"/files/\d+/download", status=503, times=9))
    shown = seen(rig)
    assert len(shown) == 2
    assert "not_examined" in {one.files for one in shown.values()}


def test_a_missing_file_holds_where_the_rules_say_so(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.connect(rig.text + '\n[documents]\nmissing = "hold"\n')
    rig.pipedrive.account.keep_files(DOMESTIC, [])
    rig.pipedrive.change_deal(DOMESTIC)
    (one,) = seen(rig, FEW + 1).values()
    assert (causes(one), one.files) == (["document_missing"], "none")
