"""What waits: each cause once with what is common to its vouchers, and each voucher with facts of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.search import EVERYTHING, Search
from mlconnector.flow.report.voucher_facts import VoucherFacts, customer_of, facts_of, told
from mlconnector.model.problems import Problem, shared_facts
from mlconnector.store import lookup
from mlconnector.store.lookup import CauseCount, Scope
from mlconnector.store.vouchers import VoucherRow
from mlconnector.texts.catalogue import Explanation, explain, explain_together
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class Group:
    """A cause in one connection with how many vouchers wait for it, and `problems` that tell all they say."""

    connection: str
    cause: str
    count: int
    problems: tuple[Problem, ...]


class _Found(Protocol):
    """What was found: the causes, the most frequent first, and of each what is said and who waits for it."""

    counts: list[CauseCount]

    def said(self, one: CauseCount) -> list[Problem]:
        """The problems of a cause; those that say the same may be there once."""

    def waiting(self, one: CauseCount, limit: int | None, offset: int) -> dict[VoucherRow, list[Problem]]:
        """The vouchers that wait for a cause, with their problems of it."""


class _Counted:
    """Found by the database alone."""

    def __init__(self, db: Connection, scope: Scope, cause: str | None) -> None:
        self._db, self._scope = db, scope
        self.counts = lookup.causes(db, scope, cause)

    def said(self, one: CauseCount) -> list[Problem]:
        return lookup.said_of_cause(self._db, self._of(one), one.cause)

    def waiting(self, one: CauseCount, limit: int | None, offset: int) -> dict[VoucherRow, list[Problem]]:
        return lookup.waiting_vouchers(self._db, self._of(one), one.cause, limit=limit, offset=offset)

    def _of(self, one: CauseCount) -> Scope:
        return replace(self._scope, connection=one.connection)


_Waiting = tuple[VoucherRow, list[Problem]]


class _Searched:
    """Found by what vouchers say."""

    def __init__(self, db: Connection, wanted: Search, name: str | None, cause: str | None) -> None:
        found = lookup.waiting(db, name, cause, wanted.scope(name))
        rows = {one.row.id: one.row for one in found}
        said, read = lookup.contents(db, list(rows.values())), facts_of if wanted.amount else customer_of
        meant = {key for key, row in rows.items() if wanted.means(row, read(said.get(key)))}
        self._causes: dict[tuple[str, str], dict[str, _Waiting]] = {}
        for one in found:
            if one.row.id in meant:
                its = self._causes.setdefault((one.row.connection, one.problem.cause), {})
                its.setdefault(one.row.id, (one.row, []))[1].append(one.problem)
        counts = [CauseCount(*key, len(its)) for key, its in self._causes.items()]
        self.counts = sorted(counts, key=lambda one: (-one.count, one.cause, one.connection))

    def said(self, one: CauseCount) -> list[Problem]:
        return [problem for _, problems in self._of(one) for problem in problems]

    def waiting(self, one: CauseCount, limit: int | None, offset: int) -> dict[VoucherRow, list[Problem]]:
        return dict(self._of(one)[offset : None if limit is None else offset + limit])

    def _of(self, one: CauseCount) -> list[_Waiting]:
        return list(self._causes[one.connection, one.cause].values())


_NOTHING = VoucherFacts()


def _found(db: Connection, name: str | None, wanted: Search, cause: str | None) -> _Found:
    if wanted.is_of_content:
        return _Searched(db, wanted, name, cause)
    return _Counted(db, wanted.scope(name), cause)


def causes(
    services: Services,
    name: str | None = None,
    wanted: Search = EVERYTHING,
    *,
    cause: str | None = None,
    limit: int | None = None,
    page: int = 1,
    language: Language | None = None,
) -> list[dict[str, Any]]:
    """Why vouchers wait, the most frequent cause first, each with the vouchers of a page of `limit`.

    A cause says only what all its vouchers have in common (`differs` tells whether there is more); each
    voucher has its own words and facts. `count` is how many vouchers wait for it, `limit` None means all of
    them. Where something is searched for, only such vouchers count. The words are in the language of the
    installation where no other is named. Raises Unreadable.
    """
    spoken = language or services.settings.language
    offset = 0 if limit is None else (page - 1) * limit
    with services.database.read() as db:
        found = _found(db, name, wanted, cause)
        shown = [
            (_group(found, one), rows)
            for one in found.counts
            if offset < one.count and (rows := found.waiting(one, limit, offset))
        ]
        said = lookup.contents(db, [row for _, rows in shown for row in rows])
    facts = {key: facts_of(content) for key, content in said.items()}
    return [_told(services, group, rows, facts, spoken) for group, rows in shown]


def groups(
    services: Services,
    name: str | None = None,
    wanted: Search = EVERYTHING,
    *,
    cause: str | None = None,
    key: str = "",
    limit: int,
    page: int = 1,
) -> tuple[list[Group], int, int]:
    """A page of the causes without their vouchers, how many causes there are, and for how many vouchers.

    With a `key` only those of one kind of problem. A voucher that waits for several causes counts for each.
    Raises Unreadable.
    """
    offset = (page - 1) * limit
    with services.database.read() as db:
        found = _found(db, name, wanted, cause)
        counts = [one for one in found.counts if key in {"", key_of(one.cause)}]
        shown = [_group(found, one) for one in counts[offset : offset + limit]]
    return shown, len(counts), sum(one.count for one in counts)


def key_of(cause: str) -> str:
    """Which problem a cause is of."""
    return cause.partition(":")[0]


def keys(services: Services) -> list[str]:
    """The kinds of problems for which vouchers wait."""
    with services.database.read() as db:
        return sorted({key_of(one.cause) for one in lookup.causes(db, Scope())})


def total(
    services: Services, name: str | None = None, wanted: Search = EVERYTHING, *, cause: str | None = None
) -> int:
    """How many vouchers wait, all causes together; one that waits for several counts for each."""
    with services.database.read() as db:
        return sum(one.count for one in _found(db, name, wanted, cause).counts)


def waiting_for(
    services: Services, name: str, cause: str, wanted: Search = EVERYTHING
) -> dict[VoucherRow, VoucherFacts]:
    """Every voucher of a connection that waits for a cause, with what it says. Raises Unreadable."""
    with services.database.read() as db:
        found = _found(db, name, wanted, cause)
        rows = [row for one in found.counts for row in found.waiting(one, None, 0)]
        said = lookup.contents(db, rows)
    return {row: facts_of(said.get(row.id)) for row in rows}


def _group(found: _Found, one: CauseCount) -> Group:
    return Group(one.connection, one.cause, one.count, tuple(found.said(one)))


def _told(
    services: Services,
    group: Group,
    rows: Mapping[VoucherRow, list[Problem]],
    facts: Mapping[str, VoucherFacts],
    spoken: Language,
) -> dict[str, Any]:
    common = explain_together(group.problems, spoken)
    shown = told(services, [(row, facts.get(row.id, _NOTHING)) for row in rows])
    problems = {row.id: its for row, its in rows.items()}
    own = [{**one, **_own(problems[one["voucher"]], common, spoken)} for one in shown]
    return {
        "connection": group.connection,
        "cause": group.cause,
        "count": group.count,
        **asdict(common),
        "facts": shared_facts(group.problems),
        "differs": any(one.facts != group.problems[0].facts for one in group.problems),
        "vouchers": own,
    }


def _own(problems: Sequence[Problem], common: Explanation, spoken: Language) -> dict[str, Any]:
    """The words and facts of one voucher; where it has several problems of a cause, those of each."""
    words = [explain(problem.key, problem.facts, spoken) for problem in problems]
    said = {
        part: " ".join(dict.fromkeys(getattr(one, part) for one in words)) for part in ("what", "why", "do")
    }
    return {
        **said,
        "facts": dict(problems[0].facts),
        "further_facts": [dict(problem.facts) for problem in problems[1:]],
        "own": " ".join(text for part, text in said.items() if text != getattr(common, part)),
    }
