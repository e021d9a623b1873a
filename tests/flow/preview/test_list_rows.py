"""The Buchungsliste names what is statistical, so that nobody takes it for something that is owed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.flow.preview.booking_list import Previewed, listed
from mlconnector.flow.preview.list_rows import case_rows, shown_rows
from mlconnector.flow.preview.sums import Sums
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import reversed_entry
from mlconnector.model.vouchers import Kind
from mlconnector.texts.language import Language
from tests.mapping.builders import line, purchase, rules

AGREED = rules(commitments={"account": "9955", "contra_account": "9956"})


def shown(by: Rules = AGREED) -> Previewed:
    """A contract as it would be taken back and booked anew."""
    decision = decide(purchase(line("100", "0", "none"), kind=Kind.COMMITMENT), by)
    assert isinstance(decision, Draft)
    made = entry(decision, person="", document=None, revision="r1", turn=1)
    return listed(Previewed("815", "RE-1"), [reversed_entry(made, revision="r2", turn=1), made], by)


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        ("de", ["Storno, Obligo (statistisch)", "Korrektur, Obligo (statistisch)"]),
        ("en", ["Storno (reversal), Obligo (statistical)", "correction, Obligo (statistical)"]),
    ],
)
def test_each_row_says_that_it_is_statistical(spoken: Language, words: list[str]) -> None:
    found = list(shown_rows(shown(), 1, AGREED, spoken))
    assert [one.cells["status"] for one in found] == words
    assert {one.cells["document"] for one in found} == {""}


def test_the_sums_have_it_as_a_case_of_its_own_and_not_among_debit_and_credit() -> None:
    sums = Sums(AGREED)
    one = shown()
    sums.add(listed(one, one.entries[1:], AGREED))
    assert list(case_rows(sums, "de")) == [
        ["Obligo (statistisch)", 1, Decimal("100.00"), Decimal(0), Decimal("100.00"), "EUR"]
    ]
    assert (sums.debit, sums.credit, sums.persons) == ({}, {}, {})
