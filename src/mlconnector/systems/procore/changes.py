"""One page of changed records at a time, list by list and project by project.

A pass reads what changed from the cursor on, a little overlapped, and without an end, so that no record
leaves a list while it is read. The cursor moves when all lists are finished, to the moment at which the pass
began. A project that the service account sees for the first time is read from its beginning; one that it may
not see any more keeps the moment up to which it was read, and is not asked for again for a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.kit import cursors
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.procore import lost
from mlconnector.systems.procore.absent import absent_since_yesterday, note_listed
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.around import CONTRACT_KINDS
from mlconnector.systems.procore.client import Client, Rows
from mlconnector.systems.procore.cursor import OVERLAP, Cursor, Position, account_mark, behind, fitting
from mlconnector.systems.procore.lists import List, kinds, list_in
from mlconnector.systems.procore.missed import missed
from mlconnector.systems.procore.names import NO_ID, SYSTEM, Name, Project, is_id
from mlconnector.systems.procore.projects import visible
from mlconnector.systems.procore.settings import CostStatus, RequisitionStatus, Settings
from mlconnector.systems.procore.shapes import Requisition
from mlconnector.systems.source import Page, Reference, SourceContext

_RESTARTS = 3
_MARKS = 60
_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Step:
    """A page of a pass: where it stands, from which cursor it began, and whether there was none."""

    at: Position
    before: Cursor | None
    kept: str | None
    is_first: bool

    @property
    def current(self) -> List:
        return list_in(self.at.left[0])

    @property
    def since(self) -> datetime | None:
        return None if self.before is None else self.before.begin_of(self.current)


class Changes:
    """The pages of passes over all companies of a connection."""

    def __init__(self, client: Callable[[], Client], context: SourceContext) -> None:
        self._client = client
        self._context = context
        self._settings: Settings = context.settings
        self._account = account_mark(self._settings)

    def page(self, since: str | None, position: str | None) -> Page:
        """A page of references. Raises Broken for a position that is none of ours, and for a circle."""
        before = None if since is None else fitting(since, self._account, self._context.now())
        given_up = since is not None and before is None
        at = self._begun(before) if position is None else self._going_on(position)
        step = _Step(at, before, None if given_up else since, is_first=since is None)
        page = self._page(step) if at.left else self._ended(step, ())
        if position is None and before is not None:
            told = missed(self._client(), self._context)
            page = replace(page, references=(*page.references, *map(Reference, told)))
        return replace(page, anew=given_up and position is None)

    def _begun(self, before: Cursor | None) -> Position:
        now = self._context.now()
        lists = [
            List(project, kind)
            for project in visible(self._client(), self._settings)
            for kind in kinds(self._settings)
        ]
        rest = lost.resting(self._context.memory, now)
        failed = {str(one): before.stood_at(one) if before else None for one in lists if str(one) in rest}
        left = tuple(str(one) for one in lists if str(one) not in rest)
        return Position(self._account, now, left, failed=failed)

    def _going_on(self, position: str) -> Position:
        at = cursors.read(position, Position)
        if at.account != self._account or not at.left:
            raise Broken(f"a position of {SYSTEM} that is none of ours")
        return at

    def _page(self, step: _Step) -> Page:
        at = step.at
        try:
            rows = self._rows(step)
        except (Forbidden, NotFound):
            if not at.done and len(at.left) == 1:
                # None of the lists may be read: that is no matter of some projects.
                raise
            failed = {**at.failed, at.left[0]: step.before.stood_at(step.current) if step.before else None}
            return self._next_list(
                replace(step, at=msgspec.structs.replace(at, failed=failed)), (), read=False
            )
        references = self._references(step, rows)
        note_listed(self._context.memory, step.current, rows.rows)
        if _shrank(at, rows):
            again = msgspec.structs.replace(at, link=None, total=None, restarts=at.restarts + 1, seen=())
            return Page(references, cursors.written(again), step.kept)
        if rows.following is None:
            return self._next_list(step, references)
        seen = cursors.with_mark(at.seen, rows.following, f"{SYSTEM}: the pages of {at.left[0]}")
        total = rows.total if at.total is None else at.total
        further = msgspec.structs.replace(at, link=rows.following, seen=seen[-_MARKS:], total=total)
        return Page(references, cursors.written(further), step.kept)

    def _rows(self, step: _Step) -> Rows:
        current, since = step.current, step.since
        if step.at.link is not None:
            return self._client().next_page(current.project.company, step.at.link)
        # Without an end that a record could leave the list behind.
        until = step.at.started + _AHEAD
        query = current.query() if since is None else current.query(since - OVERLAP, until)
        return self._client().page(current.project.company, current.path, query)

    def _next_list(self, step: _Step, references: Sequence[Reference], *, read: bool = True) -> Page:
        at = step.at
        done = (*at.done, at.left[0]) if read else at.done
        at = msgspec.structs.replace(
            at, left=at.left[1:], done=done, link=None, total=None, restarts=0, seen=()
        )
        if at.left:
            return Page(tuple(references), cursors.written(at), step.kept)
        return self._ended(replace(step, at=at), references)

    def _ended(self, step: _Step, references: Sequence[Reference]) -> Page:
        """The last page of a pass, with what is not listed any more."""
        at, memory = step.at, self._context.memory
        lost.note(memory, at.failed, at.done, self._context.now())
        if not step.is_first:
            gone = absent_since_yesterday(self._client(), self._context, [list_in(one) for one in at.done])
            references = (*references, *map(Reference, gone))
        cursor = cursors.written(behind(at, step.before, self._settings))
        return Page(tuple(references), None, cursor)

    def _references(self, step: _Step, rows: Rows) -> tuple[Reference, ...]:
        """The records of a page; of a first load those that count, else what is no longer final too."""
        current = step.current
        listed = [row for row in rows.rows if not step.is_first or self._counts(current, row)]
        found = {_name(current, row): row for row in listed}
        references = {
            str(name): Reference(str(name), str(row.get("updated_at") or "") or None)
            for name, row in found.items()
        }
        if current.kind == "requisition" and step.since is not None:
            for name in self._that_follow(current.project, found):
                references.setdefault(str(name), Reference(str(name)))
        return tuple(references.values())

    def _counts(self, current: List, row: Raw) -> bool:
        """Whether a record may count, as far as its row says; a state that nobody knows is looked at."""
        status = row.get("status")
        match current.kind:
            case "requisition":
                left_out = {*get_args(RequisitionStatus)} - self._settings.requisitions.statuses
                return status not in left_out
            case "direct-cost":
                return status not in {*get_args(CostStatus)} - self._settings.direct_costs.statuses
        return True

    def _that_follow(self, project: Project, changed: dict[Name, Raw]) -> list[Name]:
        """Later bills, whose amounts are what they add to the changed ones, and the commitments billed."""
        by_commitment: dict[str, set[str]] = {}
        found: list[Name] = []
        for name, row in changed.items():
            commitment = str(row.get("commitment_id") or "")
            if not is_id(commitment):
                continue
            by_commitment.setdefault(commitment, set()).add(name.id)
            kind = CONTRACT_KINDS.get(str(row.get("commitment_type")))
            if self._settings.commitments.read and kind is not None:
                found.append(Name(kind, project, commitment))
        for commitment, ids in by_commitment.items():
            listed = self._client().requisitions_of(project, commitment)
            found += [Name("requisition", project, id_) for id_ in _behind(listed, ids)]
        return found


def _behind(listed: Sequence[Requisition], ids: set[str]) -> list[str]:
    """The bills that add to some of a commitment, and those that add to these: a final one sums up all."""
    found: list[str] = []
    left = {str(one.id): str(one.previous_requisition_id) for one in listed if is_id(str(one.id))}
    reached = set(ids)
    while later := [id_ for id_, previous in left.items() if previous in reached and id_ not in reached]:
        found += later
        reached.update(later)
    return found


def _shrank(at: Position, rows: Rows) -> bool:
    """Whether a list has fewer rows than at its first page, so that later ones moved up."""
    if at.total is None or rows.total is None or at.restarts >= _RESTARTS:
        return False
    return rows.total < at.total


def _name(current: List, row: Raw) -> Name:
    """What the record of a row is called; one without an id gets a name that no record has."""
    id_ = str(row.get("id") or "")
    if not is_id(id_):
        said = "".join(one for one in clean(str(row.get("number") or "")) if one.isalnum())[:40]
        id_ = f"{NO_ID}{said or cursors.mark(str(row))}"
    return Name(current.kind, current.project, id_)
