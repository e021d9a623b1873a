"""The connected companies: changes, bills, costs and commitments in sets, files, webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlconnector.errors import Broken, ConnectorError
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.invoice_files import downloaded
from mlconnector.systems.kit.on_demand import OnDemand
from mlconnector.systems.kit.paging import each_apart
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.procore import commitments, direct_costs, files, requisitions, webhooks
from mlconnector.systems.procore.answers import NotFound
from mlconnector.systems.procore.around import Around, Bill, Cost, OutOfReach
from mlconnector.systems.procore.changes import Changes
from mlconnector.systems.procore.connection import connected
from mlconnector.systems.procore.cursor import cursor_from, goes_on
from mlconnector.systems.procore.gather import Gathered, gathered
from mlconnector.systems.procore.names import SYSTEM, name_in
from mlconnector.systems.procore.ping import Ping
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.readings import gone, unavailable
from mlconnector.systems.source import Delivery, Hint, Page, Reading, Reference, SourceContext
from mlconnector.systems.unreadable import read_apart

CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Why a record cannot be read, which is no fault of the others; it may be over by itself."""

    reason: str
    for_now: bool = False


class ProcoreSource:
    """Companies of Procore as a source; safe to share between threads."""

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._settings: Settings = context.settings
        self._client = OnDemand(lambda: connected(context))
        self._changes = Changes(self._client, context)

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step, and who can fix what does not."""
        return Ping(self._context).steps()

    def changes(self, since: str | None, position: str | None) -> Page:
        """One page of records changed since the cursor `since` (None: all that count)."""
        return self._changes.page(since, position)

    def cursor_from(self, moment: datetime | None) -> str:
        """The cursor of a pass that reads again what changed since a moment, or everything."""
        return cursor_from(moment, self._settings)

    def goes_on(self, cursor: str) -> bool:
        """Whether a pass goes on from a cursor; it holds moments, so Procore need not be asked."""
        return goes_on(cursor, self._settings, self._context.now())

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        """The vouchers of these records; a reading for every reference, in their order."""
        if not references:
            return []
        around = Around(self._client(), self._settings)
        found = each_apart(
            lambda name: _gathered(name, around),
            list(dict.fromkeys(each.external_id for each in references)),
            CONCURRENCY,
        )

        def readings(some: Sequence[Reference]) -> list[Reading]:
            return [self._reading(each.external_id, found[each.external_id]) for each in some]

        return read_apart(references, readings)

    def download(self, attachment_id: str, limit: int) -> bytes:
        """The bytes of a file, by an address asked for anew; raises NeedsHuman where there are none."""
        client, memory = self._client(), self._context.memory
        return downloaded(
            attachment_id, limit, lambda: files.content(client, memory, attachment_id, limit), NotFound
        )

    def verify(self, delivery: Delivery) -> Hint:
        """Check that a delivery is Procore's, or raise Refused or Malformed; touches no network."""
        webhooks.verify(delivery, self._settings, self._context.secrets)
        return webhooks.understood(delivery.body, self._settings)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _reading(self, name: str, found: Gathered | _Unreadable | ConnectorError | None) -> Reading:
        """The reading of a record. Raises UnknownShape where it cannot be read."""
        if found is None:
            return gone(name)
        if isinstance(found, _Unreadable):
            if found.for_now:
                return unavailable(name, Broken(found.reason))
            raise UnknownShape(found.reason)
        if isinstance(found, ConnectorError):
            return unavailable(name, found)
        if isinstance(found, Bill):
            return requisitions.reading_of(found, self._settings)
        if isinstance(found, Cost):
            return direct_costs.reading_of(found, self._settings)
        return commitments.reading_of(found, self._settings)


def _gathered(external_id: str, around: Around) -> Gathered | _Unreadable | None:
    """A record with all that it needs, or what of it cannot be read, which is no fault of others."""
    name = name_in(external_id)
    if name is None:
        return None
    if not name.has_id:
        return _Unreadable(f"{SYSTEM} answered with a record without an id")
    try:
        return gathered(name, around)
    except UnknownShape as error:
        return _Unreadable(str(error))
    except OutOfReach as error:
        return _Unreadable(str(error), for_now=True)
