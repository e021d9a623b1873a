"""One page of changed records at a time, list by list and project by project.

A pass reads what changed from the cursor on, a little overlapped, and without an end, so that no record
leaves a list while it is read. The cursor moves when all lists are finished, to the moment at which the pass
began. A project that the service account sees for the first time is read from its beginning; one that it may
not see any more keeps the moment up to which it was read, and is not asked for again for a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.kit import cursors
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.procore.absent import absent_since_yesterday
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.around import CONTRACT_KINDS
from mlconnector.systems.procore.client import Client, Rows
from mlconnector.systems.procore.lists import List, kinds, list_in
from mlconnector.systems.procore.missed import missed
from mlconnector.systems.procore.names import NO_ID, SYSTEM, Name, Project, is_id
from mlconnector.systems.procore.projects import visible
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.source import Memory, Page, Reference, SourceContext

OVERLAP = timedelta(minutes=10)
NOT_ASKED_FOR = timedelta(hours=20)
LOST = "lost_lists"
_RESTARTS = 3
_MARKS = 60
_AHEAD = timedelta(days=2)


class Cursor(msgspec.Struct, frozen=True):
    """Up to which moment (None: nothing) which lists of which projects of an account were read.

    `read` and `kinds` are None for all. `late` has the lists that were read up to another moment, as the
    service account could not see them.
    """

    account: str
    moment: datetime | None = None
    read: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    late: dict[str, datetime | None] = msgspec.field(default_factory=dict)


class Position(msgspec.Struct, frozen=True):
    """Where a pass stands: the lists that are left, the first of which is being read, and where in it.

    A list is called `<company>/<project>/<kind>`. `failed` are lists that could not be read, with the moment
    up to which they were read before.
    """

    account: str
    started: datetime
    left: tuple[str, ...]
    done: tuple[str, ...] = ()
    failed: dict[str, datetime | None] = msgspec.field(default_factory=dict)
    link: str | None = None
    total: int | None = None
    restarts: int = 0
    seen: tuple[str, ...] = ()


class Changes:
    """The pages of passes over all companies of a connection."""

    def __init__(self, client: Callable[[], Client], context: SourceContext) -> None:
        self._client = client
        self._context = context
        self._settings: Settings = context.settings
        self._account = account_mark(self._settings)

    def page(self, since: str | None, position: str | None) -> Page:
        """A page of references. Raises Broken for a position that is none of ours, and for a circle."""
        before = None if since is None else cursors.fitting(since, Cursor)
        given_up = since is not None and not _fits(before, self._account, self._context.now())
        kept = None if given_up else since
        before = None if given_up else before
        if position is None:
            at = self._begun(before)
        else:
            at = cursors.read(position, Position)
            if at.account != self._account or not at.left:
                raise Broken(f"a position of {SYSTEM} that is none of ours")
        page = self._page(at, before, kept) if at.left else Page((), None, self._ended(at, before))
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
        resting = _resting(self._context.memory, now)
        failed = {str(one): _begin(one, before) for one in lists if str(one) in resting}
        left = tuple(str(one) for one in lists if str(one) not in resting)
        return Position(self._account, now, left, failed=failed)

    def _page(self, at: Position, before: Cursor | None, kept: str | None) -> Page:
        current = list_in(at.left[0])
        since = _begin(current, before)
        try:
            rows = self._rows(current, at, since)
        except (Forbidden, NotFound) as refused:
            return self._refused(at, current, since, before, kept, refused)
        if _shrank(at, rows):
            again = msgspec.structs.replace(at, link=None, total=None, restarts=at.restarts + 1, seen=())
            return Page(self._references(current, rows.rows, since), cursors.written(again), kept)
        references = self._references(current, rows.rows, since)
        if rows.following is not None:
            seen = cursors.with_mark(at.seen, rows.following, f"{SYSTEM}: the pages of {current}")
            further = msgspec.structs.replace(
                at,
                link=rows.following,
                seen=seen[-_MARKS:],
                total=at.total if at.total is not None else rows.total,
            )
            return Page(references, cursors.written(further), kept)
        return self._next_list(at, references, before, kept)

    def _rows(self, current: List, at: Position, since: datetime | None) -> Rows:
        company = current.project.company
        if at.link is not None:
            return self._client().next_page(company, at.link)
        return self._client().page(company, current.path, _query(current, since, at.started))

    def _refused(
        self,
        at: Position,
        current: List,
        since: datetime | None,
        before: Cursor | None,
        kept: str | None,
        refused: Forbidden | NotFound,
    ) -> Page:
        """A list that may not be read: the others go on. Raises the refusal where none may be read at all."""
        if not at.done and len(at.left) == 1:
            raise refused
        note_lost(self._context.memory, str(current), self._context.now())
        failed = {**at.failed, str(current): since}
        return self._next_list(msgspec.structs.replace(at, failed=failed), (), before, kept, read=False)

    def _next_list(
        self,
        at: Position,
        references: Sequence[Reference],
        before: Cursor | None,
        kept: str | None,
        *,
        read: bool = True,
    ) -> Page:
        done = (*at.done, at.left[0]) if read else at.done
        if read:
            note_found(self._context.memory, at.left[0])
        at = msgspec.structs.replace(
            at, left=at.left[1:], done=done, link=None, total=None, restarts=0, seen=()
        )
        if at.left:
            return Page(tuple(references), cursors.written(at), kept)
        if before is not None:
            gone = absent_since_yesterday(self._client(), self._context, [list_in(one) for one in at.done])
            references = (*references, *map(Reference, gone))
        return Page(tuple(references), None, self._ended(at, before))

    def _ended(self, at: Position, before: Cursor | None) -> str:
        """The cursor behind a pass: all that was read, and up to where everything else was."""
        done = set(at.done)
        projects = sorted({one.rpartition("/")[0] for one in at.done})
        late = {name: moment for name, moment in (before.late if before else {}).items() if name not in done}
        late |= at.failed
        if before is not None and before.moment is not None:
            unseen = set(before.read or ()) - set(projects)
            kept = kinds(self._settings)
            late |= {
                f"{project}/{kind}": before.moment
                for project in unseen
                for kind in kept
                if f"{project}/{kind}" not in late
            }
        return cursors.written(
            Cursor(self._account, at.started, tuple(projects), kinds(self._settings), late)
        )

    def _references(
        self, current: List, rows: Iterable[Raw], since: datetime | None
    ) -> tuple[Reference, ...]:
        rows = list(rows)
        if since is None:
            rows = [row for row in rows if self._may_be_final(current, row)]
        found = {_name(current, row): row for row in rows}
        references = {
            str(name): Reference(str(name), str(row.get("updated_at") or "") or None)
            for name, row in found.items()
        }
        if current.kind == "requisition" and since is not None:
            for name in self._that_follow(current.project, found):
                references.setdefault(str(name), Reference(str(name)))
        return tuple(references.values())

    def _may_be_final(self, current: List, row: Raw) -> bool:
        """Whether a record counts, as far as its row says; at first only those do."""
        status = row.get("status")
        match current.kind:
            case "requisition":
                return status is None or status in self._settings.requisitions.statuses
            case "direct-cost":
                return status is None or status in self._settings.direct_costs.statuses
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
            later = self._client().requisitions_of(project, commitment)
            found += [
                Name("requisition", project, str(one.id))
                for one in later
                if str(one.previous_requisition_id) in ids and is_id(str(one.id))
            ]
        return found


def account_mark(settings: Settings) -> str:
    """A short name of where the connection reads."""
    return cursors.mark(settings.api_url)


def cursor_from(moment: datetime | None, settings: Settings) -> str:
    """The cursor of a pass that reads again what changed since a moment, or everything."""
    return cursors.written(Cursor(account_mark(settings), moment))


def goes_on(cursor: str, settings: Settings, now: datetime) -> bool:
    """Whether a cursor is one of this account, and does not lie ahead."""
    return _fits(cursors.fitting(cursor, Cursor), account_mark(settings), now)


def lost_lists(memory: Memory) -> dict[str, str]:
    """Which lists could not be read, and since when."""
    found: dict[str, str] = memory.recall(LOST) or {}
    return found


def note_lost(memory: Memory, name: str, now: datetime) -> None:
    """Remember that a list may not be read, so that it is not asked for in every pass."""
    memory.remember(LOST, {**lost_lists(memory), name: now.isoformat()})


def note_found(memory: Memory, name: str) -> None:
    """Forget that a list could not be read."""
    lost = lost_lists(memory)
    if name in lost:
        memory.remember(LOST, {other: since for other, since in lost.items() if other != name})


def _resting(memory: Memory, now: datetime) -> set[str]:
    return {
        name
        for name, since in lost_lists(memory).items()
        if now - datetime.fromisoformat(since) < NOT_ASKED_FOR
    }


def _fits(cursor: Cursor | None, account: str, now: datetime) -> bool:
    if cursor is None or cursor.account != account:
        return False
    return cursor.moment is None or cursor.moment <= now + OVERLAP


def _begin(one: List, before: Cursor | None) -> datetime | None:
    """Since when a list is to be read; None for all of it."""
    if before is None or before.moment is None:
        return None
    if str(one) in before.late:
        return before.late[str(one)]
    project = f"{one.project.company}/{one.project.id}"
    known = before.read is None or project in before.read
    return before.moment if known and (before.kinds is None or one.kind in before.kinds) else None


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


def _query(current: List, since: datetime | None, started: datetime) -> dict[str, str]:
    """What changed since a moment, without an end that a record could leave behind."""
    return current.query() if since is None else current.query(since - OVERLAP, started + _AHEAD)
