"""Two names are alike when they may be the same party's, however each system writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.formats.einvoice.names import any_alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Holzbau Müller GmbH", "Holzbau Mueller"),
        ("Holzbau Müller GmbH", "HOLZBAU MÜLLER G.m.b.H. & Co. KG"),
        ("Mia Muster", "Muster, Mia"),
        ("Frau Dr. Mia Muster", "Mia Muster"),
        ("Café Société S.A.", "Cafe Societe"),
        ("Straßenbau Nord", "Strassenbau Nord e. K."),
        ("Musterkunde 1 GmbH", "Musterkunde GmbH"),
        ("Möbelhaus Schmidt", "Moebelhaus Schmit"),
        ("Αθήνα ΑΕ", "ΑΘΗΝΑ ΑΕ"),
        ("東京商事", "東京商事"),
        ("GmbH", "anything"),
        ("", "anything"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert any_alike(one, [other])
    assert any_alike(other, [one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Holzbau Müller GmbH", "Zimmerei Nord GmbH"),
        ("Musterkunde GmbH", "Musterholz GmbH"),
        ("Nord Bau", "Süd Bau"),
        ("東京商事", "大阪商事"),
    ],
)
def test_not_alike(one: str, other: str) -> None:
    assert not any_alike(one, [other])
    assert not any_alike(other, [one])


def test_one_of_several_names_is_enough() -> None:
    assert any_alike("Zimmerei Nord", ["Holzbau Müller", "Zimmerei Nord GmbH"])


@given(st.text(max_size=40))
def test_every_name_is_like_itself(name: str) -> None:
    assert any_alike(name, [name])
