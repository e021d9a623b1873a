"""One bill that comes twice, spelled or numbered otherwise: a person says whether they are two."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import telling_apart
from mlconnector.flow.decide import book
from mlconnector.flow.preview.preview import preview
from mlconnector.store import audit
from tests.flow.conftest import MakeRig as MakePipedriveRig
from tests.flow.deliver.test_races import meanwhile
from tests.flow.procore_rig import MakeRig, ProcoreFlowRig, record_name
from tests.flow.rig import DOMESTIC, Rig, second_connection

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


def read_twice(make_rig: MakePipedriveRig) -> tuple[Rig, str, Rig, str]:
    """Two connections of a client that have read one invoice in two spellings, each with its run."""
    rig = make_rig(1)
    run = rig.begin()
    rig.read(run)
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "re/2026/1"})
    second = second_connection(rig)
    other_run = second.begin()
    second.read(other_run)
    return rig, run, second, other_run


def test_an_invoice_through_another_connection_waits_for_the_one_that_was_booked_meanwhile(
    make_any_rig: MakePipedriveRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, run, second, other_run = read_twice(make_any_rig)
    meanwhile(monkeypatch, rig.services, "client_facts", lambda: rig.book(run))
    second.book(other_run)
    assert (rig.states(), second.states()) == ({"bookable": 1}, {"needs_human": 1})
    assert second.causes() == [f"{LOOKS_BOOKED}:other={rig.key(DOMESTIC)}"]
    key = second.key(DOMESTIC)
    telling_apart.tell_apart(second.context, [key], "another sale", "Erika")
    second.book(second.begin())
    assert second.states() == {"bookable": 1}
    telling_apart.withdraw(second.context, [key], "it is the same", "Erika")
    second.book(second.begin())
    assert second.states() == {"needs_human": 1}


def test_of_two_connections_that_store_at_the_same_time_one_books(
    make_postgres_rig: MakePipedriveRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, run, second, other_run = read_twice(make_postgres_rig)
    usual, both = book._store, threading.Barrier(2)

    def together(*arguments: Any) -> None:
        both.wait(30)
        usual(*arguments)

    monkeypatch.setattr(book, "_store", together)
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(rig.book, run), pool.submit(second.book, other_run)]:
            one.result()
    states = sorted([*rig.states(), *second.states()])
    assert states == ["bookable", "needs_human"]
