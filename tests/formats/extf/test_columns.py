"""Columns are reached by DATEV's names: a wrong one is told by the dictionary or by these tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mlconnector.formats import extf
from mlconnector.formats.extf import BOOKINGS, MASTER_DATA, category
from mlconnector.formats.extf.columns import Bookings, Parties, column, columns

MODULES = sorted(Path(extf.__file__).parent.glob("*.py"))
LINES = {"cells", "values", "row", "header_cells", "filled"}


def test_a_column_has_the_name_number_and_place_of_the_dictionary() -> None:
    assert (Bookings.EU_VAT_ID.name, Bookings.EU_VAT_ID.number) == ("EU-Land u. UStID (Bestimmung)", 40)
    assert Bookings.EU_VAT_ID.place == 39
    assert category(MASTER_DATA).fields[Parties.POST_CODE.place].name == "Postleitzahl"


def test_of_each_column_there_is_one_object() -> None:
    assert column(BOOKINGS, "Konto") is Bookings.ACCOUNT is columns(BOOKINGS)[6]


def test_a_misspelt_name_is_no_column() -> None:
    with pytest.raises(KeyError):
        column(BOOKINGS, "Konto ")


def literal_columns(path: Path) -> list[int]:
    """Lines of code that take a column of a line by a number that is written there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    subscripts = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    return [
        node.lineno
        for node in subscripts
        if isinstance(node.value, ast.Name)
        and node.value.id in LINES
        and any(isinstance(each, ast.Constant) and isinstance(each.value, int) for each in [node.slice])
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_code_takes_a_column_by_a_number(path: Path) -> None:
    assert literal_columns(path) == []


def test_code_that_takes_a_column_by_a_number_would_be_found(tmp_path: Path) -> None:
    written = tmp_path / "written.py"
    written.write_text("key = cells[8]\n", encoding="utf-8")
    assert literal_columns(written) == [1]
