"""What people ask of batches beside their rows: sums, documents, attempts, and why one was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.batch_words import code_in
from mlconnector.model.money import ZERO
from mlconnector.store import batches, documents, entries, lookup
from mlconnector.store.batches import Attempt
from mlconnector.texts.catalogue import Explanation, explain
from mlconnector.texts.language import Language

_MOST_KNOWN = 5_000


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


class _Line(msgspec.Struct, frozen=True):
    amount: Decimal
    currency: str = ""


class _Booking(msgspec.Struct, frozen=True):
    """What is looked at of a booking."""

    currency: str = ""
    lines: tuple[_Line, ...] = ()


_decoder = msgspec.json.Decoder(_Booking)
# Bytes of a batch never change, and so does what they come to; a page of a list would count them each time.
_KNOWN: dict[str, tuple[Turnover, ...]] = {}


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
    told: dict[str, tuple[Turnover, ...]] = {}
    with services.database.read() as db:
        for one in found:
            if one["state"] == "dissolved" or one["format"] == "master":
                continue
            key = f"{one['id']} {one['sha256']}"
            if key not in _KNOWN:
                if len(_KNOWN) >= _MOST_KNOWN:
                    _KNOWN.clear()
                _KNOWN[key] = _counted(entries.contents_of_batch(db, one["connection"], one["id"]))
            told[one["id"]] = _KNOWN[key]
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


def _counted(contents: Iterable[str]) -> tuple[Turnover, ...]:
    sums: dict[str, list[Decimal]] = {}
    for content in contents:
        booking = _decoder.decode(content)
        for line in booking.lines:
            both = sums.setdefault(line.currency or booking.currency, [ZERO, ZERO])
            both[0 if line.amount > ZERO else 1] += abs(line.amount)
    return tuple(Turnover(currency, *both) for currency, both in sorted(sums.items()))
