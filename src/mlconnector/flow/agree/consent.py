"""Consenting: what sending person accounts would change in DATEV is shown, and somebody agrees to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.formats.extf import MASTER_DATA, category
from mlconnector.formats.extf.columns import Parties
from mlconnector.model.problems import Problem
from mlconnector.store import person_records
from mlconnector.store.audit import append
from mlconnector.store.person_records import PersonRecord, State

_NAMES = tuple(column.name for column in (Parties.COMPANY, Parties.SURNAME, Parties.NAME))

WANTS_CONSENT: tuple[State, ...] = ("waiting", "failed")


@dataclass(frozen=True, slots=True)
class Difference:
    """What sending a person's record would change in DATEV.

    `fields` are DATEV's columns in their order, each with what we sent before and what we would send now.
    Before anything was sent (`was_sent`) DATEV has nothing of an account that `is_new`; of any other one
    nobody here knows what it has. `wanted` is the whole row.
    """

    number: str
    name: str
    state: State
    is_new: bool
    was_sent: bool
    fields: tuple[tuple[str, str, str], ...]
    wanted: Mapping[str, str]


def differences(context: Context, states: Sequence[State] | None = None) -> list[Difference]:
    """The person accounts of a connection, and what sending them would change, by number."""
    with context.read() as db:
        records = person_records.listed(db, context.settings.name, states)
    return [_difference(record) for record in records]


def _difference(record: PersonRecord) -> Difference:
    """Columns that are not wanted any more stay in DATEV as they are, so they make no difference."""
    columns = category(MASTER_DATA).by_name
    fields = [
        (columns[column].index, (column, record.sent.get(column, ""), after))
        for column, after in record.wanted.items()
        if record.state != "sent" and column != Parties.ACCOUNT.name and record.sent.get(column, "") != after
    ]
    names = [row[column] for row in (record.wanted, record.sent) for column in _NAMES if column in row]
    return Difference(
        number=record.number,
        name=next(iter(names), ""),
        state=record.state,
        is_new=record.is_new,
        was_sent=bool(record.sent),
        fields=tuple(field for _, field in sorted(fields, key=itemgetter(0))),
        wanted=record.wanted,
    )


def approve(context: Context, shown: Sequence[Difference], by: str, noted_by: str) -> list[str]:
    """Let waiting or failed person accounts go out with the next run; returns their numbers.

    Only what was `shown` goes: one that has changed since waits on. Raises NeedsHuman where nothing is sent.
    """
    settings, now = context.settings, context.now()
    if settings.sends_master_data == "off":
        raise NeedsHuman(Problem("master_data_off", {"name": context.name}, ("name",)))
    with context.write() as db:
        wanted = {one.number: one.wanted for one in shown}
        released = person_records.release(db, settings.client, wanted, now)
        if released:
            columns = {one.number: [column for column, _, _ in one.fields] for one in shown}
            numbers = {number: columns[number] for number in released}
            detail = {"numbers": numbers, "by": by, "noted_by": noted_by}
            append(db, [context.event(context.name, "master_data_approved", detail)], now)
    return released
