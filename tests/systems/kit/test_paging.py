from __future__ import annotations

import threading
from itertools import islice

import pytest

from mlconnector.errors import Broken
from mlconnector.systems.kit.paging import all_pages, at_once, chunks, grouped, values


def test_ids_are_asked_for_in_sets_each_once_and_in_order() -> None:
    assert list(chunks([3, 1, 2, 3, 5], 2)) == [[1, 2], [3, 5]]
    assert list(chunks([], 2)) == []


def test_a_list_is_read_with_all_its_pages() -> None:
    pages: dict[str | None, tuple[list[int], str | None]] = {
        None: ([1, 2], "b"),
        "b": ([], "c"),
        "c": ([3], None),
    }
    assert list(all_pages(lambda place: pages[place], "shop: the pages of items")) == [1, 2, 3]


@pytest.mark.parametrize("back_to", ["b", "c"])
def test_pages_that_go_round_in_a_circle_break_the_contract(back_to: str) -> None:
    pages: dict[str | None, tuple[list[int], str | None]] = {
        None: ([1], "b"),
        "b": ([2], "c"),
        "c": ([3], back_to),
    }
    with pytest.raises(Broken, match="shop: the pages of items go round in a circle"):
        list(islice(all_pages(lambda place: pages[place], "shop: the pages of items"), 100))


def test_questions_are_asked_several_at_a_time_and_answered_in_their_order() -> None:
    together = threading.Barrier(2, timeout=10)

    def read(number: int) -> int:
        together.wait()
        return number * 10

    assert at_once(read, [1, 2, 3, 4], 2) == [10, 20, 30, 40]
    assert at_once(lambda number: number, [7], 2) == [7]
    assert at_once(lambda number: number, [], 2) == []


def test_what_one_question_raises_is_raised() -> None:
    with pytest.raises(Broken):
        at_once(lambda _: (_ for _ in ()).throw(Broken("no")), [1, 2], 2)


def test_records_are_grouped_in_their_order() -> None:
    assert grouped(["b1", "a1", "b2"], lambda each: each[0]) == {"b": ["b1", "b2"], "a": ["a1"]}


def test_only_filled_columns_refer_to_something() -> None:
    assert values([{"a": "x"}, {"a": None}, {}, {"a": ""}, {"a": "x"}, {"a": 5}], "a") == {"x", "5"}
