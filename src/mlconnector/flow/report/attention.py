"""Attention: what of a connection somebody has to see to, from its overview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mlconnector.store import batches

Kind = Literal[
    "login_needed",
    "degraded",
    "release_asked",
    "resend_asked",
    "not_released",
    "problems",
    "persons_waiting",
    "persons_failed",
    "out_of_reach",
    "run_interrupted",
    "run_ended_early",
    "batch_stuck",
]
_AT_REST = frozenset(batches.FINAL)
_PERSONS: tuple[tuple[str, Kind], ...] = (("waiting", "persons_waiting"), ("failed", "persons_failed"))


@dataclass(frozen=True, slots=True)
class Attention:
    """Something to do about a connection; `facts` go into its sentence."""

    connection: str
    kind: Kind
    facts: Mapping[str, str] = field(default_factory=dict)


def wanted(one: Mapping[str, Any], *, finished: bool = False) -> list[Attention]:
    """What somebody has to see to, the most urgent first; `one` is a connection as `overview` tells of it.

    `finished` says that nobody works any more: then what could not be reached will be tried again by the
    next run alone, and a batch that is under way is stuck.
    """
    found: list[Attention] = []

    def note(kind: Kind, **facts: object) -> None:
        found.append(Attention(one["connection"], kind, {name: str(value) for name, value in facts.items()}))

    if one["state"] == "needs_login":
        note("login_needed")
    if one["state"] == "degraded":
        note("degraded")
    for kind, facts in _of_release(one):
        note(kind, **facts)
    if one["problems"]:
        states = one["vouchers"]
        waiting = states.get("needs_human", 0) + states.get("rejected", 0)
        note("problems", count=waiting or sum(each["count"] for each in one["problems"]))
    for state, kind in _PERSONS:
        if state in one["persons"]:
            note(kind, count=one["persons"][state])
    if one["state"] == "paused":
        return found
    if one["out_of_reach"] and not finished:
        note("out_of_reach", system=one["out_of_reach"][0]["system"])
    run = one["latest_run"]
    if run is not None and (kind_of_run := _of_run(run)) is not None:
        note(kind_of_run)
    if finished and any(batch["state"] not in _AT_REST for batch in one["batches"]):
        note("batch_stuck")
    return found


def _of_release(one: Mapping[str, Any]) -> Iterator[tuple[Kind, dict[str, str]]]:
    """What waits for somebody's word before it goes; of what was asked for, only the answer is missing."""
    asked = one["waits_for_approval"]
    for each in asked:
        kind: Kind = "release_asked" if each["kind"] == "release" else "resend_asked"
        yield kind, {"about": each["about"], "by": each["by"]}
    is_asked = any(each["kind"] == "release" for each in asked)
    if not is_asked and one["waits_for_release"] and any(one["waits_for_release"].values()):
        yield "not_released", {}


def _of_run(run: Mapping[str, Any]) -> Kind | None:
    """What is to do about the latest run."""
    if run["state"] == "interrupted":
        return "run_interrupted"
    return "run_ended_early" if run["state"] == "ended" and run["outcome"] != "done" else None
