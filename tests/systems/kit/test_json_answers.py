from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.errors import Broken
from mlconnector.systems.kit.json_answers import object_in, object_or_nothing, parsed, records_in, shaped
from mlconnector.systems.kit.shapes import UnknownShape


class Item(msgspec.Struct):
    id: int


def test_numbers_stay_exact() -> None:
    assert parsed(b'{"a": 1.10, "b": 12345678901234567.89}') == {
        "a": Decimal("1.10"),
        "b": Decimal("12345678901234567.89"),
    }


@pytest.mark.parametrize("content", [b"<html>", b"", b'{"a": NaN}', b"[" * 100_000, b"[]"])
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


ODD = {
    "1e30": "a number beyond any amount",
    "-1E+400": "a number beyond any amount",
    "1e-99999999": "a number beyond any amount",
    "1" * 20: "a number beyond any amount",
    "9" * 5000: "a number beyond any amount",
    r'"\ud800"': "half a surrogate",
    r'"a \udc00 b"': "half a surrogate",
    r'"\ud83d and \ude00"': "half a surrogate",
    r'"\ud83d\ud83d\ude00"': "half a surrogate",
    r'"nothing\u0000"': "a text with NUL",
    "[" * 1000 + "]" * 1000: "nested too deep",
    '{"a":' * 1000 + "1" + "}" * 1000: "nested too deep",
}


@pytest.mark.parametrize(("value", "told"), ODD.items(), ids=[key[:12] for key in ODD])
def test_a_value_that_cannot_be_kept_costs_itself_alone(value: str, told: str) -> None:
    content = '{"before": [1, {"name": "Ä 😀"}], "odd": ODD, "after": {"b": [2.50, null, ""]}}'
    found = parsed(content.replace("ODD", value).encode())
    odd = found.pop("odd")
    assert found == {"before": [1, {"name": "Ä 😀"}], "after": {"b": [Decimal("2.50"), None, ""]}}
    while odd != [[told]]:
        odd = odd[0] if isinstance(odd, list) else odd["a"]


@pytest.mark.parametrize(
    "shape", [str | None, int | str, Decimal, list[int] | None, list[str], dict[str, Any]]
)
def test_what_stands_in_its_place_fits_no_shape(shape: Any) -> None:
    with pytest.raises(UnknownShape):
        shaped(parsed(b'{"a": 1e30}')["a"], shape, "shop")


@pytest.mark.parametrize(
    "value", ["0.33333333333333333333333333", "9223372036854775807", "0e99", r'"\ud83d\ude00"']
)
def test_a_value_that_can_be_kept_stays(value: str) -> None:
    found = parsed(rb'{"a": %s, "b": "x\\u0000"}' % value.encode())
    assert found == {"a": json.loads(value, parse_float=Decimal), "b": r"x\u0000"}


def test_a_name_that_cannot_be_kept_hides_nothing_else() -> None:
    assert parsed(rb'{"\ud800": 1, "b": 2}') == {"half a surrogate": 1, "b": 2}


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_whatever_can_be_kept_is_read_the_same_beside_what_cannot(value: object, escaped: bool) -> None:
    written = json.dumps(value, ensure_ascii=escaped)
    assert parsed(f'[{written}, "\\u0000"]'.encode()) == [value, [["a text with NUL"]]]
