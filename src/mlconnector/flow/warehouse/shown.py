"""How a warehouse and its loads stand, and how loads ended, as data for commands, pages and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.warehouse.imports import Taken
from mlconnector.flow.warehouse.loading import Report
from mlconnector.flow.warehouse.target import Target
from mlconnector.flow.warehouse.waiting import next_try
from mlconnector.model.problems import Problem
from mlconnector.store import loads
from mlconnector.store.loads import LoadRow
from mlconnector.systems.warehouse import TableStatus
from mlconnector.texts.catalogue import explain
from mlconnector.texts.language import Language

_RECENT = 20


def warehouse_data(target: Target, language: Language) -> dict[str, Any]:
    """What the tables hold, which loads have not arrived, and why nothing can be seen where that is so."""
    tables, problem = _tables(target)
    with target.services.database.read() as db:
        counts, failed = loads.counts(db, target.name), loads.failed(db, target.name)
        incomplete = loads.incomplete(db, target.name)
        recent = loads.recent(db, target.name, _RECENT)
    return {
        "warehouse": target.name,
        "place": target.place,
        "problem": None if problem is None else _in_words(problem, language),
        "tables": [_table(one) for one in tables],
        "loads": counts,
        "failed": [_failed(row, language) for row in failed],
        "left_out": [
            {"load": row.id, "problem": _in_words(one, language)}
            for row in incomplete
            for one in row.left_out
        ],
        "recent": [_load(row) for row in recent],
    }


def load_data(report: Report, taken: Sequence[Taken], language: Language) -> dict[str, Any]:
    """How loads ended, and what became of the files that were to be taken in."""
    return {
        "verified": report.verified,
        "unchanged": report.unchanged,
        "failed": report.failed,
        "later": report.later,
        "reasons": report.reasons,
        "problems": [_in_words(one, language) for one in report.failures],
        "left_out": [_in_words(one, language) for one in report.left_out],
        "files": [
            {
                "file": one.file_name,
                "outcome": one.outcome,
                "client": one.client,
                "load": one.load,
                "problem": None if one.problem is None else _in_words(one.problem, language),
            }
            for one in taken
        ],
    }


def _tables(target: Target) -> tuple[Sequence[TableStatus], Problem | None]:
    try:
        with target.opened() as warehouse:
            return warehouse.status(), None
    except RetryLater as error:
        facts = {"place": target.place, "reason": error.reason}
        return (), Problem("warehouse_out_of_reach", facts)
    except NeedsHuman as error:
        return (), error.problem


def _table(one: TableStatus) -> dict[str, Any]:
    return {
        "table": one.name,
        "rows": one.rows,
        "deleted": one.deleted,
        "version": one.version,
        "files": one.files,
    }


def _load(row: LoadRow) -> dict[str, Any]:
    return {
        "load": row.id,
        "kind": row.kind,
        "source": row.source,
        "file": row.file_name,
        "state": row.state,
        "attempt": row.attempt,
        "changed_at": row.changed_at.isoformat(),
        **row.carried,
    }


def _failed(row: LoadRow, language: Language) -> dict[str, Any]:
    at = next_try(row)
    problem = _in_words(row.problem, language)
    return {**_load(row), "problem": problem, "next_try": None if at is None else at.isoformat()}


def _in_words(problem: Problem, language: Language) -> dict[str, Any]:
    words = explain(problem.key, problem.facts, language)
    return {"key": problem.key, "facts": dict(problem.facts), **asdict(words)}
