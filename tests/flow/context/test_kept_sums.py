"""Sums are kept by what they were made of, and no more of them than there is room for."""

from __future__ import annotations

from mlconnector.flow.context.kept_sums import KeptSums


def test_what_is_kept_is_found_by_its_key_alone() -> None:
    kept = KeptSums()
    kept.keep(("vat", "b1", "rules"), "sums", 3)
    assert kept.find(("vat", "b1", "rules")) == "sums"
    assert kept.find(("vat", "b1", "other rules")) is None


def test_what_nobody_has_asked_for_longest_goes_when_there_is_no_room() -> None:
    kept = KeptSums(most=10)
    for key in ("first", "second"):
        kept.keep(key, key, 4)
    kept.find("first")
    kept.keep("third", "third", 4)
    assert [kept.find(key) for key in ("first", "second", "third")] == ["first", None, "third"]


def test_what_is_kept_anew_takes_the_room_of_what_it_was() -> None:
    kept = KeptSums(most=10)
    for size in (9, 3, 3):
        kept.keep("one", size, size)
    kept.keep("two", 2, 7)
    assert (kept.find("one"), kept.find("two")) == (3, 2)


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    kept = KeptSums(most=10)
    kept.keep("small", 1, 1)
    kept.keep("large", 2, 11)
    assert kept.find("large") is None
    kept.keep("small", 1, 1)
    assert kept.find("small") == 1
