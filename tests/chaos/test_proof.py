"""The proof finds what is lost, doubled, wrong or under way, and nothing after a run that went well."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from chaos.arrived import Arrived, Row
from chaos.proof import Outcome, faults_in


def row(number: str, amount: str, person: str = "40000", document: str = "d1") -> Row:
    return Row(number, Decimal(amount), person, "8400", "", "EUR", document)


ROWS = [row("RE-1", "119.00"), row("RE-2", "59.50", "40001", "d2")]
QUIET = Outcome(
    Arrived(ROWS, ["f1"], ["b1"], 0, ["d1", "d2"]),
    states={"invoice/1": "settled", "invoice/2": "settled", "invoice/3": "needs_human"},
    numbers={"invoice/1": "RE-1", "invoice/2": "RE-2", "invoice/3": ""},
    batches={"EXTF_1.csv": "succeeded"},
    changed=frozenset(),
    is_whole=True,
)


def with_arrived(**other: Any) -> Outcome:
    return replace(QUIET, arrived=msgspec.structs.replace(QUIET.arrived, **other))


def in_state(state: str) -> Outcome:
    return replace(QUIET, states={**QUIET.states, "invoice/1": state})


def test_what_is_as_after_the_quiet_run_is_well() -> None:
    assert faults_in(QUIET, QUIET) == []


def test_a_record_that_was_held_while_it_could_not_be_read_and_left_out_then_is_no_fault() -> None:
    states = {**QUIET.states, "sale/9": "ignored"}
    assert faults_in(replace(QUIET, states=states), QUIET) == []
    assert "sale/9 is settled" in faults_in(replace(QUIET, states={**states, "sale/9": "settled"}), QUIET)[0]


def test_persons_may_have_other_numbers_as_long_as_the_same_invoices_share_one() -> None:
    other = [row("RE-1", "119.00", "40001"), row("RE-2", "59.50", "40000", "d2")]
    assert faults_in(with_arrived(rows=other), QUIET) == []
    shared = [row("RE-1", "119.00"), row("RE-2", "59.50", "40000", "d2")]
    assert "RE-1 shares its person" in faults_in(with_arrived(rows=shared), QUIET)[0]


@pytest.mark.parametrize(
    ("loud", "said"),
    [
        (with_arrived(rows=[*ROWS, ROWS[0]]), "is there 2 times, not 1"),
        (with_arrived(rows=ROWS[:1], documents=["d1"]), "is there 0 times, not 1"),
        (with_arrived(rows=[row("RE-1", "120.00"), ROWS[1]]), "RE-1 8400  EUR has 120.00, not 119.00"),
        (with_arrived(files=["f1", "f1"]), "the file f1 is there 2 times"),
        (with_arrived(references=["b1", "b1"]), "the submission b1 is there 2 times"),
        (with_arrived(documents=["d1", "d2", "d3"]), "the document d3 belongs to no booking"),
        (with_arrived(documents=["d1"]), "links the document d2, which is not there"),
        (
            in_state("sent"),
            "invoice/1 is neither settled nor held",
        ),
        (in_state("needs_human"), "and settled after the quiet"),
        (replace(QUIET, batches={"EXTF_1.csv": "unknown"}), "the batch EXTF_1.csv is at no end, but unknown"),
        (replace(QUIET, is_whole=False), "the audit trail is not whole"),
    ],
)
def test_whatever_is_wrong_is_found_and_said(loud: Outcome, said: str) -> None:
    assert any(said in one for one in faults_in(loud, QUIET))


def test_a_record_that_was_changed_meanwhile_may_have_been_taken_back_and_booked_anew() -> None:
    rows = [*ROWS, row("RE-1", "-119.00"), row("RE-1", "238.00", document="d3")]
    loud = replace(with_arrived(rows=rows, documents=["d1", "d2", "d3"]), changed=frozenset({"invoice/1"}))
    first = replace(
        QUIET, arrived=msgspec.structs.replace(QUIET.arrived, rows=[row("RE-1", "238.00"), ROWS[1]])
    )
    assert faults_in(loud, first) == []
    assert faults_in(replace(loud, changed=frozenset()), first) != []
