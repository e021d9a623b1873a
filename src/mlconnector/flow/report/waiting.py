"""What waits: each cause once with what is common to its vouchers, and each voucher with facts of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.search import EVERYTHING, Search
from mlconnector.flow.report.voucher_facts import told
from mlconnector.model.problems import Problem, shared_facts
from mlconnector.model.voucher_facts import VoucherFacts, facts_of
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


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of causes; how many there are in all, and for how many vouchers each kind of problem is one.

    A voucher that waits for several causes counts for each.
    """

    shown: list[Group]
    causes: int
    of_kinds: Counter[str]

    @property
    def vouchers(self) -> int:
        """For how many vouchers there are causes."""
        return self.of_kinds.total()


Key = tuple[str, str]
"""A connection and a cause for which some of its vouchers wait."""
Explained = Callable[[str, Mapping[str, str]], Explanation]
"""What tells a problem by its key and facts."""


_NOTHING = VoucherFacts()


def causes(
    services: Services,
    name: str | None = None,
    wanted: Search = EVERYTHING,
    *,
    cause: str | None = None,
    limit: int | None = None,
    page: int = 1,
    language: Language | None = None,
    on_page: bool = False,
) -> list[dict[str, Any]]:
    """Why vouchers wait, the most frequent cause first, each with the vouchers of a page of `limit`.

    A cause says only what all its vouchers have in common (`differs` tells whether there is more); each
    voucher has its own words and facts. `count` is how many vouchers wait for it, `limit` None means all of
    them, and 0 none. Where something is searched for, only such vouchers count. The words are in the language
    of the installation where no other is named; those `on_page` are for the console. Raises Unreadable.
    """
    spoken = language or services.settings.language
    offset = 0 if limit is None else (page - 1) * limit
    scope = wanted.scope(name)
    with services.database.read() as db:
        counts = lookup.causes(db, scope, cause)
        waiting = lookup.waiting_by_cause(db, scope, cause, limit=limit, offset=offset) if limit != 0 else {}
        shown = [
            (group, waiting.get((group.connection, group.cause), {}))
            for group in _groups(db, scope, [one for one in counts if offset < one.count])
        ]
        said = lookup.contents(db, [row for _, rows in shown for row in rows])
    facts = {key: facts_of(content) for key, content in said.items()}
    explained = partial(explain, language=spoken, on_page=on_page)
    common = partial(explain_together, language=spoken, on_page=on_page)
    return [_told(services, group, rows, facts, explained, common(group.problems)) for group, rows in shown]


def groups(
    services: Services,
    name: str | None = None,
    wanted: Search = EVERYTHING,
    *,
    cause: str | None = None,
    keys: Collection[str] = (),
    together: bool = True,
    limit: int,
    page: int = 1,
) -> Groups:
    """A page of the causes without their vouchers; with `keys` only those of these kinds of problems.

    Those of one kind stand `together`, the most frequent kind first; else the most frequent causes come
    first. Raises Unreadable.
    """
    offset, scope = (page - 1) * limit, wanted.scope(name)
    with services.database.read() as db:
        counts = [one for one in lookup.causes(db, scope, cause) if not keys or key_of(one.cause) in keys]
        kinds = _of_kinds(counts)
        if together:
            counts.sort(key=lambda one: (-kinds[key_of(one.cause)], key_of(one.cause), -one.count))
        shown = _groups(db, scope, counts[offset : offset + limit])
    return Groups(shown, len(counts), kinds)


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
        return sum(one.count for one in lookup.causes(db, wanted.scope(name), cause))


def waiting_for(
    services: Services, name: str, cause: str, wanted: Search = EVERYTHING
) -> dict[VoucherRow, VoucherFacts]:
    """Every voucher of a connection that waits for a cause, with what it says. Raises Unreadable."""
    with services.database.read() as db:
        found = lookup.waiting_by_cause(db, wanted.scope(name), cause)
        rows = [row for its in found.values() for row in its]
        said = lookup.contents(db, rows)
    return {row: facts_of(said.get(row.id)) for row in rows}


def _of_kinds(counts: Sequence[CauseCount]) -> Counter[str]:
    found = Counter[str]()
    for one in counts:
        found[key_of(one.cause)] += one.count
    return found


def _groups(db: Connection, scope: Scope, counts: Sequence[CauseCount]) -> list[Group]:
    said = lookup.said_of_causes(db, scope, sorted({one.cause for one in counts}))
    return [Group(*_key(one), one.count, tuple(said[_key(one)])) for one in counts]


def _key(one: CauseCount) -> Key:
    return one.connection, one.cause


def _told(
    services: Services,
    group: Group,
    rows: Mapping[VoucherRow, list[Problem]],
    facts: Mapping[str, VoucherFacts],
    explained: Explained,
    common: Explanation,
) -> dict[str, Any]:
    shown = told(services, [(row, facts.get(row.id, _NOTHING)) for row in rows])
    problems = {row.id: its for row, its in rows.items()}
    own = [{**one, **_own(problems[one["voucher"]], common, explained)} for one in shown]
    return {
        "connection": group.connection,
        "cause": group.cause,
        "count": group.count,
        **asdict(common),
        "facts": shared_facts(group.problems),
        "differs": any(one.facts != group.problems[0].facts for one in group.problems),
        "vouchers": own,
    }


def _own(problems: Sequence[Problem], common: Explanation, explained: Explained) -> dict[str, Any]:
    """The words and facts of one voucher; where it has several problems of a cause, those of each."""
    words = [explained(problem.key, problem.facts) for problem in problems]
    said = {
        part: " ".join(dict.fromkeys(getattr(one, part) for one in words)) for part in ("what", "why", "do")
    }
    return {
        **said,
        "facts": dict(problems[0].facts),
        "further_facts": [dict(problem.facts) for problem in problems[1:]],
        "own": " ".join(text for part, text in said.items() if text != getattr(common, part)),
    }
