from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from mlconnector.errors import Broken, RetryLater
from mlconnector.systems.kit.shapes import UnknownShape, shared_by_all
from mlconnector.systems.source import Reading, Reference
from mlconnector.systems.unreadable import MOST, read_apart


class Records:
    """A set of records of which some cannot be read; counts how often a set was asked for."""

    def __init__(self, unreadable: Sequence[int]) -> None:
        self.unreadable = {str(each) for each in unreadable}
        self.asked = 0

    def read(self, references: Sequence[Reference]) -> list[Reading]:
        self.asked += 1
        if any(each.external_id in self.unreadable for each in references):
            raise UnknownShape("expected a number")
        return [Reading(each.external_id, None, reason="gone") for each in references]


def references(count: int) -> list[Reference]:
    return [Reference(str(number)) for number in range(count)]


def test_good_records_are_read_in_one_set() -> None:
    records = Records([])
    assert len(read_apart(references(500), records.read)) == 500
    assert records.asked == 1


def test_no_references_are_one_empty_set() -> None:
    assert read_apart([], Records([]).read) == []


def test_an_unreadable_record_is_held_with_what_was_expected_and_in_its_place() -> None:
    readings = read_apart(references(7), Records([4]).read)
    assert [each.external_id for each in readings] == [str(number) for number in range(7)]
    (problem,) = readings[4].problems
    assert problem.key == "record_unreadable"
    assert problem.facts == {"record": "4", "reason": "expected a number"}
    assert all(each.reason == "gone" and not each.problems for each in readings if each.external_id != "4")


def test_finding_it_among_many_takes_few_sets() -> None:
    records = Records([333])
    read_apart(references(500), records.read)
    assert records.asked < 25


def test_as_many_as_may_be_wrong_are_held() -> None:
    readings = read_apart(references(100), Records(range(MOST)).read)
    assert [each.external_id for each in readings if each.problems] == [str(each) for each in range(MOST)]


def test_more_than_that_are_no_accident() -> None:
    with pytest.raises(Broken, match="expected a number") as caught:
        read_apart(references(MOST + 1), Records(range(MOST + 1)).read)
    assert not isinstance(caught.value, UnknownShape)


def test_more_than_that_beside_good_ones_are_held_all_the_same() -> None:
    readings = read_apart(references(100), Records(range(1, 100, 2)).read)
    assert sum(bool(each.problems) for each in readings) == 50


def test_amounts_that_cannot_be_reckoned_with_cost_their_record_alone() -> None:
    def read(some: Sequence[Reference]) -> list[Reading]:
        if any(each.external_id == "1" for each in some):
            Decimal("1e30").quantize(Decimal("0.01"))
        return [Reading(each.external_id, None, reason="gone") for each in some]

    readings = read_apart(references(3), read)
    assert [len(each.problems) for each in readings] == [0, 1, 0]


def test_what_all_records_share_is_nobodys_fault() -> None:
    with pytest.raises(Broken) as caught, shared_by_all():
        raise UnknownShape("expected a list")
    assert not isinstance(caught.value, UnknownShape)


def test_other_errors_pass() -> None:
    def refused(_some: Sequence[Reference]) -> list[Reading]:
        raise RetryLater("not now")

    with pytest.raises(RetryLater):
        read_apart(references(2), refused)
