"""What a workspace says goes into the audit trail, and the values of rows that it quotes do not."""

from __future__ import annotations

import pytest

from mlconnector.systems.databricks.answers import said_by_sql

_CAST = (
    """[CAST_INVALID_INPUT] The value '{}' of the type "STRING" cannot be cast to "INT". SQLSTATE: 22018"""
)
_RANGE = "[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] The {} cannot be represented as Decimal(5, 2)"
_CHECK = "CHECK constraint positive (amount > 0) violated by row with values: {} SQLSTATE: 23001"
_RECORD = "Malformed records are detected in record parsing: {} Parse Mode: FAILFAST"
_CONTEXT = "[DIVIDE_BY_ZERO] Division by zero. == SQL {}"
_RIGHT = "User does not have MODIFY on Table 'main.ml.lines'. SQLSTATE: 42501{}"
_COLUMN = "[UNRESOLVED_COLUMN] A column `amount` cannot be resolved{}"


@pytest.mark.parametrize(
    ("said", "value", "left"),
    [
        (_CAST, "Erika Muster", "…"),
        (_CAST, "O'Neill & Sons", "…"),
        ("can't cast value {} to INT", "'Erika'", "'…'"),
        ("Text {}", "'Erika Mus", "'…'"),
        (_RANGE, "47110815.12 rounded half up from 47110815.123", "…"),
        (_CHECK, "\n - amount : -4711\n - booking_text : Erika", "…"),
        (_RECORD, "[Erika,4711].", "…"),
        (_CONTEXT, "(line 1, position 8) == SELECT 4711 / 0", "…"),
        (_RIGHT, "", ""),
        (_COLUMN, "", ""),
    ],
)
def test_an_error_keeps_its_class_and_names_and_loses_the_values(said: str, value: str, left: str) -> None:
    assert said_by_sql(said.format(value)) == said.format(left)
