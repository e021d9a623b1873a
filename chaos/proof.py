"""The proof: what DATEV has after the disorder, against what it has after a quiet run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from chaos.arrived import Arrived, Row

_AT_REST = frozenset({"settled", "needs_human", "ignored"})
_ENDED = frozenset({"succeeded", "partial", "failed", "dissolved"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended.

    `states` and `numbers` are those of the vouchers by their id in the source; `changed` are the ids of the
    records that somebody changed meanwhile.
    """

    arrived: Arrived
    states: Mapping[str, str]
    numbers: Mapping[str, str]
    batches: Mapping[str, str]
    changed: frozenset[str]
    is_whole: bool


def faults_in(loud: Outcome, quiet: Outcome) -> list[str]:
    """What is wrong after the disorder, in plain words; nothing where all is as after the quiet run."""
    return [
        *_at_rest(loud),
        *_twice("the file", loud.arrived.files),
        *_twice("the submission", loud.arrived.references),
        *_twice("the document", loud.arrived.documents),
        *_documents(loud.arrived, quiet.arrived),
        *_same_vouchers(loud, quiet),
        *_same_rows(loud, quiet),
        *_same_sums(loud, quiet),
        *_same_persons(loud, quiet),
    ]


def _at_rest(loud: Outcome) -> Iterator[str]:
    for voucher, state in loud.states.items():
        if state not in _AT_REST:
            yield f"{voucher} is neither settled nor held, but {state}"
    for batch, state in loud.batches.items():
        if state not in _ENDED:
            yield f"the batch {batch} is at no end, but {state}"
    if not loud.is_whole:
        yield "the audit trail is not whole"


def _twice(what: str, ids: Iterable[str]) -> Iterator[str]:
    for one, count in Counter(filter(None, ids)).items():
        if count > 1:
            yield f"{what} {one} is there {count} times"


def _documents(arrived: Arrived, quiet: Arrived) -> Iterator[str]:
    """Every document belongs to a row, or lies beside one that does, and every row has its document."""
    linked, filed = _linked(arrived), set(arrived.documents)
    beside = set(quiet.documents) - _linked(quiet)
    for guid in sorted(filed - linked - beside):
        yield f"the document {guid} belongs to no booking"
    for guid in sorted(linked - filed):
        yield f"a booking links the document {guid}, which is not there"


def _linked(arrived: Arrived) -> set[str]:
    return {row.document for row in arrived.rows if row.document}


def _same_vouchers(loud: Outcome, quiet: Outcome) -> Iterator[str]:
    for voucher in sorted({*loud.states, *quiet.states} - loud.changed):
        states = loud.states.get(voucher, "missing"), quiet.states.get(voucher, "missing")
        # A record that could not be read for a while was held under its id, and is left out once it can be.
        if states[0] != states[1] and set(states) != {"ignored", "missing"}:
            yield f"{voucher} is {states[0]}, and {states[1]} after the quiet run"


def _same_rows(loud: Outcome, quiet: Outcome) -> Iterator[str]:
    """What nobody changed was booked by the very same rows, each once."""
    changed = _numbers_of_changed(loud, quiet)
    counts = [
        Counter(_key(row) for row in one.arrived.rows if row.number not in changed) for one in (loud, quiet)
    ]
    for key in sorted(counts[0].keys() | counts[1].keys()):
        if counts[0][key] != counts[1][key]:
            yield f"the booking {key} is there {counts[0][key]} times, not {counts[1][key]}"


def _same_sums(loud: Outcome, quiet: Outcome) -> Iterator[str]:
    """Whatever was taken back and booked anew, each number has the same sums on the same accounts."""
    held = {
        number
        for voucher, number in quiet.numbers.items()
        if voucher in loud.changed and quiet.states[voucher] == "needs_human"
    }
    sums = [_sums(one.arrived.rows) for one in (loud, quiet)]
    for place in sorted(sums[0].keys() | sums[1].keys()):
        if place[0] not in held and sums[0][place] != sums[1][place]:
            yield f"{' '.join(place)} has {sums[0][place]}, not {sums[1][place]}"


def _sums(rows: Iterable[Row]) -> defaultdict[tuple[str, str, str, str], Decimal]:
    found: defaultdict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.number, row.account, row.key, row.currency] += row.amount
    return found


def _same_persons(loud: Outcome, quiet: Outcome) -> Iterator[str]:
    """Numbers of persons are given in the order of bookings; who shares one is the same in any order."""
    shared = [_sharing(one.arrived.rows) for one in (loud, quiet)]
    both = {row.number for row in loud.arrived.rows} & {row.number for row in quiet.arrived.rows}
    for number in sorted(both):
        here, there = shared[0][number] & both, shared[1][number] & both
        if here != there:
            yield f"{number} shares its person with {sorted(here)}, not with {sorted(there)}"


def _sharing(rows: Iterable[Row]) -> dict[str, set[str]]:
    """The numbers that stand on the same person's account as each number does."""
    of_person: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        of_person[row.person].add(row.number)
    shared: defaultdict[str, set[str]] = defaultdict(set)
    for numbers in of_person.values():
        for number in numbers:
            shared[number] |= numbers
    return shared


def _numbers_of_changed(*outcomes: Outcome) -> set[str]:
    return {
        number
        for one in outcomes
        for voucher, number in one.numbers.items()
        if voucher in outcomes[0].changed
    }


def _key(row: Row) -> tuple[str, str, str, str, str]:
    return row.number, f"{row.amount}", row.account, row.key, row.currency
