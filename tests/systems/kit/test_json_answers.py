from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from mlconnector.errors import Broken
from mlconnector.systems.kit.json_answers import object_in, object_or_nothing, parsed, records_in, shaped


class Item(msgspec.Struct):
    id: int


def test_numbers_stay_exact() -> None:
    assert parsed(b'{"a": 1.10, "b": 12345678901234567.89}') == {
        "a": Decimal("1.10"),
        "b": Decimal("12345678901234567.89"),
    }


@pytest.mark.parametrize("content", [b"<html>", b"", b'{"a": 1e99}', b'{"a": NaN}', b"[" * 100_000, b"[]"])
def test_what_is_no_json_object_breaks_the_contract(content: bytes) -> None:
    with pytest.raises(Broken, match="shop answered /items with something else"):
        object_in(content, "shop", "/items")
    assert object_or_nothing(content) == {}


@pytest.mark.parametrize("found", [None, 5, {}, [5], [{"id": 1}, None]])
def test_what_is_no_list_of_records_breaks_the_contract(found: object) -> None:
    with pytest.raises(Broken, match="shop"):
        records_in(found, "shop")


def test_another_shape_breaks_the_contract() -> None:
    assert shaped([{"id": 1, "more": 2}], list[Item], "shop") == [Item(1)]
    with pytest.raises(Broken, match="shop answered in an unknown shape"):
        shaped([{"id": "x"}], list[Item], "shop")
