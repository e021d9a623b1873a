"""The readings of a set of references: in their order, and one for each, whatever became of its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlconnector.errors import ConnectorError
from mlconnector.model.problems import Problem
from mlconnector.systems.source import Reading, Reference


def gone(external_id: str) -> Reading:
    """The reading of a record that does not exist or cannot be seen any more."""
    return Reading(external_id, None, reason="gone")


def unavailable(external_id: str, error: ConnectorError) -> Reading:
    """The reading of a record that the system did not give although it gives others; it is tried again."""
    facts = {"record": external_id, "reason": str(error)}
    return Reading(external_id, None, (Problem("record_unavailable", facts),))


def in_order(references: Sequence[Reference], *found: Mapping[str, Reading]) -> list[Reading]:
    """A reading for every reference, in their order: from the first of `found` that has it, else gone."""
    readings = {id_: reading for each in reversed(found) for id_, reading in each.items()}
    return [readings.get(each.external_id) or gone(each.external_id) for each in references]
