"""Searching vouchers: what the address of a page, or a form that carries it on, asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mlconnector.app import Application
from mlconnector.flow.report.search import ListedState, Search, Unreadable, amounts_of, period_of
from mlconnector.model.vouchers import Kind
from mlconnector.store import connections
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language

Options = Sequence[tuple[str, str]]
_FIELDS = ("connection", "kind", "text", "customer", "period", "amount")
_READ: Mapping[str, Callable[[str], object]] = {"period": period_of, "amount": amounts_of}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for; `unreadable` names the fields in which something else stands than they take."""

    connection: str | None
    wanted: Search
    fields: Mapping[str, str]
    unreadable: frozenset[str]

    def carried(self) -> dict[str, str]:
        """The fields that were filled in, for a form or an address that asks for the same."""
        return {name: value for name, value in self.fields.items() if value}

    def of_state(self, state: ListedState) -> Search:
        """The same search, among the vouchers in one state."""
        return replace(self.wanted, state=state)


def asked_for(read: Callable[[str], str]) -> Asked:
    """What is asked for, by what `read` says of each field."""
    fields = {name: read(name) for name in _FIELDS}
    bad = frozenset(name for name, reads in _READ.items() if fields[name] and not _can(reads, fields[name]))
    given = {name: value for name, value in fields.items() if value and name not in {"connection", *bad}}
    return Asked(fields["connection"] or None, Search(**given), fields, bad)  # type: ignore[arg-type]


def connection_options(app: Application) -> Options:
    """All connections, for a choice."""
    with app.database.read() as db:
        return [(row.name, row.name) for row in connections.every(db)]


def kind_options(language: Language) -> Options:
    """All kinds of vouchers, for a choice."""
    return [(kind.value, word("kind", kind.value, language)) for kind in Kind]


def _can(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except Unreadable:
        return False
    return True
