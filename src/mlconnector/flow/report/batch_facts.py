"""What people ask of batches beside their rows: sums, documents, attempts, and why one was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.batch_words import code_in
from mlconnector.store import batches, documents, entries, lookup
from mlconnector.store.batches import Attempt
from mlconnector.texts.catalogue import Explanation, explain
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class Turnover:
    """What the rows of a batch come to in one currency: in Soll and in Haben of the first account."""

    currency: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Filed:
    """How many documents of a batch are filed, of how many, and how many the sink has refused."""

    filed: int = 0
    of: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class BatchStory:
    """One batch beside what lists say of it; `waiting` are its vouchers that were rejected with it."""

    filed: Filed
    attempts: tuple[Attempt, ...]
    vouchers: int
    waiting: tuple[str, ...]


def story_of(services: Services, name: str, batch: str) -> BatchStory:
    """What there is to tell of one batch of a connection, by its id."""
    with services.database.read() as db:
        held = entries.vouchers_of_batch(db, name, batch)
        return BatchStory(
            filed=_filed(documents.states_in_batch(db, name, batch)),
            attempts=tuple(batches.attempts(db, batch)),
            vouchers=len(held),
            waiting=tuple(lookup.in_state(db, held, "rejected")),
        )


def turnovers(services: Services, found: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Turnover, ...]]:
    """What batches, as lists have them, come to, by their ids; nothing of master data."""
    wanted = [one for one in found if one["state"] != "dissolved" and one["format"] != "master"]
    told: dict[str, tuple[Turnover, ...]] = {one["id"]: () for one in wanted}
    with services.database.read() as db:
        for one in entries.turnovers(db, list(told)):
            told[one.batch] += (Turnover(one.currency, one.debit, one.credit),)
    return told


def explanations(
    services: Services, found: Sequence[Mapping[str, Any]], language: Language
) -> dict[str, Explanation]:
    """Why batches were not taken, or not all of them, by their ids; `found` are batches as lists have them.

    The facts are those of the vouchers that wait for it; else the code that DATEV has answered says it.
    """
    causes = {one["id"]: (one["connection"], one["cause"]) for one in found if one["cause"]}
    with services.database.read() as db:
        problems = lookup.problems_in_batches(db, causes)
    told: dict[str, Explanation] = {}
    for one in found:
        if not one["cause"]:
            continue
        problem, code = problems.get(one["id"]), code_in(one["answer"], language)
        if problem is not None:
            told[one["id"]] = explain(problem.key, problem.facts, language)
        elif code is not None:
            told[one["id"]] = code[1]
        else:
            facts = {"file": one["file"], "batch": one["id"], "client": one["client"]}
            told[one["id"]] = explain(one["cause"].partition(":")[0], facts, language)
    return told


def filed_by_voucher(services: Services, keys: Sequence[str]) -> dict[str, Filed]:
    """How many documents of vouchers are filed, by our key; those without any lack."""
    with services.database.read() as db:
        return {voucher: _filed(states) for voucher, states in documents.states_of(db, keys).items()}


def _filed(states: Mapping[str, int]) -> Filed:
    return Filed(states.get("filed", 0), sum(states.values()), states.get("refused", 0))
