"""Up to where an account was read: the cursor between passes, and the position within one."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from mlconnector.systems.kit import cursors
from mlconnector.systems.procore.lists import List, kinds, list_in
from mlconnector.systems.procore.settings import Settings

OVERLAP = timedelta(minutes=10)


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

    def begin_of(self, one: List) -> datetime | None:
        """Since when a list is to be read; None for all of it."""
        if self.moment is None:
            return None
        if str(one) in self.late:
            return self.late[str(one)]
        project = f"{one.project.company}/{one.project.id}"
        known = self.read is None or project in self.read
        return self.moment if known and (self.kinds is None or one.kind in self.kinds) else None

    def stood_at(self, one: List) -> datetime | None:
        """Since when a list that cannot be read is to be read later; None for all of it.

        A cursor that somebody asked for does not know up to where a list was read before.
        """
        return None if self.read is None else self.begin_of(one)


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


def account_mark(settings: Settings) -> str:
    """A short name of where the connection reads."""
    return cursors.mark(settings.api_url)


def cursor_from(moment: datetime | None, settings: Settings) -> str:
    """The cursor of a pass that reads again what changed since a moment, or everything."""
    return cursors.written(Cursor(account_mark(settings), moment))


def fitting(text: str, account: str, now: datetime) -> Cursor | None:
    """A cursor of this account that does not lie ahead; None for any other text."""
    cursor = cursors.fitting(text, Cursor)
    if cursor is None or cursor.account != account:
        return None
    return cursor if cursor.moment is None or cursor.moment <= now + OVERLAP else None


def goes_on(text: str, settings: Settings, now: datetime) -> bool:
    """Whether a cursor is one of this account, and does not lie ahead."""
    return fitting(text, account_mark(settings), now) is not None


def behind(at: Position, before: Cursor | None, settings: Settings) -> Cursor:
    """The cursor behind a pass: all that was read, and up to where everything else was."""
    done, wanted = set(at.done), kinds(settings)
    projects = sorted({one.rpartition("/")[0] for one in at.done})
    late: dict[str, datetime | None] = {}
    if before is not None and before.moment is not None:
        unseen = set(before.read or ()) - set(projects)
        lists = [list_in(f"{project}/{kind}") for project in unseen for kind in wanted]
        late |= {str(one): before.begin_of(one) for one in lists}
    late |= {name: moment for name, moment in (before.late if before else {}).items() if name not in done}
    return Cursor(at.account, at.started, tuple(projects), wanted, late | at.failed)
