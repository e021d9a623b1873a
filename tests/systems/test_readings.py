from __future__ import annotations

from mlconnector.systems.readings import gone, in_order
from mlconnector.systems.source import Reading, Reference


def test_every_reference_has_a_reading_in_its_order_and_what_was_not_found_is_gone() -> None:
    final, withdrawn = Reading("1", None, reason="final"), Reading("2", None, reason="withdrawn")
    found = in_order([Reference(each) for each in ("3", "2", "1", "1")], {"1": final}, {"2": withdrawn})
    assert found == [gone("3"), withdrawn, final, final]
    assert gone("3").reason == "gone"


def test_the_first_that_knows_a_record_is_believed() -> None:
    first, second = Reading("1", None, reason="first"), Reading("1", None, reason="second")
    assert in_order([Reference("1")], {"1": first}, {"1": second}) == [first]
