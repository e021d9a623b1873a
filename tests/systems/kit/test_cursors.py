from __future__ import annotations

import msgspec
import pytest

from mlconnector.errors import Broken
from mlconnector.systems.kit import cursors


class Position(msgspec.Struct, frozen=True):
    page: int
    seen: tuple[str, ...] = ()


def test_a_position_is_read_as_it_was_written() -> None:
    position = Position(2, ("a",))
    assert cursors.read(cursors.written(position), Position) == position


@pytest.mark.parametrize("text", ["", "2", "{}", '{"page": "two"}', "2026-11-03T00:00:00Z"])
def test_what_was_written_by_others_is_none_of_ours(text: str) -> None:
    with pytest.raises(Broken, match="a position that is none of ours"):
        cursors.read(text, Position)


def test_a_place_is_marked_once() -> None:
    seen = cursors.with_mark((), "https://shop.example/items?page=2", "shop: the pages")
    assert seen == (cursors.mark("https://shop.example/items?page=2"),)
    assert len(seen[0]) == 12
    both = cursors.with_mark(seen, "https://shop.example/items?page=3", "shop: the pages")
    assert both[0] == seen[0]
    with pytest.raises(Broken, match="shop: the pages go round in a circle"):
        cursors.with_mark(both, "https://shop.example/items?page=2", "shop: the pages")
