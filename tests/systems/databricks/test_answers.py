"""What a workspace says goes into the audit trail, and the values of rows that it quotes do not."""

from __future__ import annotations

import pytest

from mlconnector.systems.databricks.answers import said_by_sql


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            "[CAST_INVALID_INPUT] The value 'Erika Muster' of the type \"STRING\" cannot be cast to "
            '"DECIMAL(18,2)" because it is malformed. SQLSTATE: 22018',
            "[CAST_INVALID_INPUT] The value '…' of the type \"STRING\" cannot be cast to "
            '"DECIMAL(18,2)" because it is malformed. SQLSTATE: 22018',
        ),
        ("Text 'O'Neill & Sons' could not be parsed", "Text '…' could not be parsed"),
        ("can't cast value 'Erika' to INT", "can't cast value '…' to INT"),
        ("Text 'Erika Mus", "Text '…'"),
        (
            "[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] The 47110815.12 rounded half up from 47110815.123 "
            "cannot be represented as Decimal(5, 2). SQLSTATE: 22003",
            "[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] The … "
            "cannot be represented as Decimal(5, 2). SQLSTATE: 22003",
        ),
        (
            "[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint positive (amount > 0) violated by row "
            "with values:\n - amount : -4711\n - booking_text : Erika SQLSTATE: 23001",
            "[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint positive (amount > 0) violated by row "
            "with values: … SQLSTATE: 23001",
        ),
        (
            "Malformed records are detected in record parsing: [Erika,4711]. Parse Mode: FAILFAST.",
            "Malformed records are detected in record parsing: … Parse Mode: FAILFAST",
        ),
        (
            "User does not have MODIFY on Table 'main.ml.lines'. SQLSTATE: 42501",
            "User does not have MODIFY on Table 'main.ml.lines'. SQLSTATE: 42501",
        ),
        (
            "[UNRESOLVED_COLUMN] A column `amount` cannot be resolved",
            "[UNRESOLVED_COLUMN] A column `amount` cannot be resolved",
        ),
    ],
)
def test_an_error_keeps_its_class_and_names_and_loses_the_values(said: str, kept: str) -> None:
    assert said_by_sql(said) == kept
