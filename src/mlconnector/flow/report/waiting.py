"""What waits: each cause once with what is common to its vouchers, and each voucher with facts of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.search import EVERYTHING, Search
from mlconnector.flow.report.voucher_facts import VoucherFacts, facts_of, told
from mlconnector.model.problems import Problem, shared_facts
from mlconnector.store import lookup
from mlconnector.store.lookup import WaitingFor
from mlconnector.store.vouchers import VoucherRow
from mlconnector.texts.catalogue import Explanation, explain, explain_together
from mlconnector.texts.language import Language


@dataclass
class _Cause:
    """A cause in one connection: its vouchers by our key, and their problems."""

    connection: str
    name: str
    rows: dict[str, VoucherRow] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)

    @property
    def every_problem(self) -> list[Problem]:
        return [problem for found in self.problems.values() for problem in found]


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
    with services.database.read() as db:
        grouped = _grouped(_meant(db, name, wanted, cause))
        pages = [(one, rows) for one in grouped if (rows := _page(one, limit, page))]
        said = lookup.contents(db, [row for _, rows in pages for row in rows])
    facts = {key: facts_of(content) for key, content in said.items()}
    spoken = language or services.settings.language
    return [_told(services, one, rows, facts, spoken) for one, rows in pages]


def total(
    services: Services, name: str | None = None, wanted: Search = EVERYTHING, *, cause: str | None = None
) -> int:
    """How many vouchers wait, all causes together; one that waits for several counts for each."""
    with services.database.read() as db:
        return sum(len(one.rows) for one in _grouped(_meant(db, name, wanted, cause)))


def _meant(db: Connection, name: str | None, wanted: Search, cause: str | None) -> list[WaitingFor]:
    found = lookup.waiting(db, name, cause)
    if wanted == EVERYTHING:
        return found
    said = lookup.contents(db, list({one.row.id: one.row for one in found}.values()))
    return [one for one in found if wanted.means(one.row, facts_of(said.get(one.row.id)))]


def _grouped(found: Iterable[WaitingFor]) -> list[_Cause]:
    """The causes, the most frequent first."""
    grouped: dict[tuple[str, str], _Cause] = {}
    for one in found:
        cause = one.problem.cause
        its = grouped.setdefault((one.row.connection, cause), _Cause(one.row.connection, cause))
        its.rows[one.row.id] = one.row
        its.problems.setdefault(one.row.id, []).append(one.problem)
    return sorted(grouped.values(), key=lambda its: (-len(its.rows), its.name, its.connection))


def _page(cause: _Cause, limit: int | None, page: int) -> list[VoucherRow]:
    rows = list(cause.rows.values())
    return rows if limit is None else rows[(page - 1) * limit : page * limit]


def _told(
    services: Services,
    cause: _Cause,
    rows: Sequence[VoucherRow],
    facts: Mapping[str, VoucherFacts],
    spoken: Language,
) -> dict[str, Any]:
    problems = cause.every_problem
    common = explain_together(problems, spoken)
    shown = told(services, [(row, facts.get(row.id, VoucherFacts())) for row in rows])
    own = [{**one, **_own(cause.problems[one["voucher"]], common, spoken)} for one in shown]
    return {
        "connection": cause.connection,
        "cause": cause.name,
        "count": len(cause.rows),
        **asdict(common),
        "facts": shared_facts(problems),
        "differs": any(one.facts != problems[0].facts for one in problems),
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
