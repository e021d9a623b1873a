"""Places: where people are told things; tried by a message before they are kept, their addresses sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import is_name
from mlconnector.flow.notify.addresses import Address, Kind, address_of, masked
from mlconnector.flow.notify.matters import OCCASIONS, Occasion
from mlconnector.flow.notify.wording import Message, trial
from mlconnector.model.problems import Problem
from mlconnector.store import audit, notices
from mlconnector.store.notices import PlaceRow
from mlconnector.texts.language import Language

OWNER = "[notify]"
"""Whose credentials the vault has: no connection and no warehouse is called so."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as people see it; `goes_to` is where, as far as it is shown, empty where it cannot be opened.

    `waiting` is how much it is to be told with its next message. `failure` is why the latest message did not
    get there, since `failing_since`; the next one is tried at `next_try_at`.
    """

    name: str
    kind: Kind
    occasions: tuple[Occasion, ...]
    language: Language
    goes_to: str
    added_at: datetime
    added_by: str
    told_at: datetime | None
    waiting: int
    failing_since: datetime | None
    next_try_at: datetime | None
    failure: Problem | None


def subject(name: str) -> str:
    """Under which a place stands in the audit trail."""
    return f"notification {name}"


def add(
    services: Services,
    name: str,
    kind: Kind,
    given: Mapping[str, str],
    by: str,
    *,
    occasions: Sequence[Occasion] = (),
    language: Language | None = None,
) -> None:
    """Try a place by a message, and keep it; of all occasions where none is named.

    Raises NeedsHuman, and then nothing is kept: `notify_name_unusable`, `notify_place_exists`,
    `notify_field_unusable`, or as `send` does.
    """
    if not is_name(name):
        raise NeedsHuman(Problem("notify_name_unusable", {"place": name}))
    refuse_taken(services, name)
    address = address_of(kind, given)
    spoken = language or services.settings.language
    deliver(address, trial(name, services.settings.public_url, spoken))
    told = [one for one in OCCASIONS if one in occasions or not occasions]
    secret = json.dumps({field: value.strip() for field, value in given.items()})
    row = PlaceRow(name, kind, " ".join(told), spoken, services.now(), by)
    with services.database.write() as db:
        if not notices.add_place(db, row):
            raise NeedsHuman(Problem("notify_place_exists", {"place": name}))
        services.vault.put_within(db, OWNER, name, secret)
        detail = {"by": by, "kind": kind, "occasions": told}
        event = audit.AuditEvent("", subject(name), "notification_place_added", detail)
        audit.append(db, [event], services.now())


def change(
    services: Services,
    name: str,
    by: str,
    *,
    occasions: Sequence[Occasion] = (),
    language: Language | None = None,
) -> None:
    """Tell a place of other occasions, or in another language; what is not named stays.

    Raises NeedsHuman (`notify_place_unknown`).
    """
    row = _known(services, name)
    told = [one for one in OCCASIONS if one in (occasions or row.occasions.split())]
    spoken = language or language_of(row)
    with services.database.write() as db:
        if not notices.change_place(db, name, " ".join(told), spoken):
            raise _unknown(name)
        detail = {"by": by, "occasions": told, "language": spoken}
        event = audit.AuditEvent("", subject(name), "notification_place_changed", detail)
        audit.append(db, [event], services.now())


def try_out(services: Services, name: str, by: str) -> None:
    """Send a trial message to a place. Raises NeedsHuman (`notify_place_unknown`, or as `send` does)."""
    row = _known(services, name)
    failed: ConnectorError | None = None
    try:
        deliver(address_in(services, row), trial(name, services.settings.public_url, language_of(row)))
    except ConnectorError as error:
        failed = error
    with services.database.write() as db:
        if failed is None:
            notices.reached(db, name, None)
        detail = {"by": by, "arrived": failed is None}
        audit.append(db, [audit.AuditEvent("", subject(name), "notification_tried", detail)], services.now())
    if failed is not None:
        raise failed


def remove(services: Services, name: str, by: str) -> None:
    """Forget a place and its address. Raises NeedsHuman (`notify_place_unknown`)."""
    with services.database.write() as db:
        if not notices.remove_place(db, name):
            raise _unknown(name)
        services.vault.delete_within(db, OWNER, name)
        event = audit.AuditEvent("", subject(name), "notification_place_removed", {"by": by})
        audit.append(db, [event], services.now())


def every(services: Services) -> list[Place]:
    """All places, by name."""
    with services.database.read() as db:
        rows = notices.places(db)
        open_ones = {
            row.name: sum(each.settled_at is None for each in notices.known(db, row.name)) for row in rows
        }
    return [_shown(services, row, open_ones[row.name]) for row in rows]


def failing(services: Services) -> list[Place]:
    """The places that messages do not get to at the moment."""
    with services.database.read() as db:
        names = {row.name for row in notices.places(db) if row.failing_since is not None}
    return [one for one in every(services) if one.name in names] if names else []


def refuse_taken(services: Services, name: str) -> None:
    """Raise NeedsHuman (`notify_place_exists`) where there is a place of this name."""
    with services.database.read() as db:
        if notices.place(db, name) is not None:
            raise NeedsHuman(Problem("notify_place_exists", {"place": name}))


def found(services: Services, name: str) -> Place:
    """A place. Raises NeedsHuman (`notify_place_unknown`)."""
    return _shown(services, _known(services, name), 0)


def deliver(address: Address, message: Message) -> None:
    """Send a message; raises as `send` does."""
    # Whoever sends nothing must not wait for the library.
    from mlconnector.flow.notify.sending import send  # noqa: PLC0415

    send(address, message)


def address_in(services: Services, row: PlaceRow) -> Address:
    """Where a place is. Raises NeedsHuman where its sealed address is gone or cannot be opened."""
    secret = services.vault.get(OWNER, row.name)
    if secret is None:
        raise NeedsHuman(Problem("notify_address_gone", {"place": row.name}))
    return address_of(kind_of(row), json.loads(secret))


def kind_of(row: PlaceRow) -> Kind:
    """The kind of a place as it is stored."""
    kind: Kind = row.kind  # type: ignore[assignment]  # only kinds are stored
    return kind


def language_of(row: PlaceRow) -> Language:
    """The language that a place is told things in."""
    return "de" if row.language == "de" else "en"


def _shown(services: Services, row: PlaceRow, waiting: int) -> Place:
    try:
        goes_to = masked(address_in(services, row))
    except NeedsHuman:
        # That it cannot be opened is said when something is sent there.
        goes_to = ""
    failure = json.loads(row.failure) if row.failure else None
    return Place(
        name=row.name,
        kind=kind_of(row),
        occasions=tuple(one for one in OCCASIONS if one in row.occasions.split()),
        language=language_of(row),
        goes_to=goes_to,
        added_at=row.added_at,
        added_by=row.added_by,
        told_at=row.told_at,
        waiting=waiting,
        failing_since=row.failing_since,
        next_try_at=row.next_try_at,
        failure=None if failure is None else stored_problem(failure),
    )


def stored_problem(kept: Mapping[str, str]) -> Problem:
    """The problem of a message that did not get there, as it is kept."""
    return Problem(kept["key"], {name: value for name, value in kept.items() if name != "key"})


def _known(services: Services, name: str) -> PlaceRow:
    with services.database.read() as db:
        row = notices.place(db, name)
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> NeedsHuman:
    return NeedsHuman(Problem("notify_place_unknown", {"place": name}))
