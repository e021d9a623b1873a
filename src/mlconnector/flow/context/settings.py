"""A connection as the user describes it: one TOML text with source, client, books, mapping and schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from croniter import croniter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from mlconnector.flow.context.agreed import Agreed
from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.mapping.books import Books
from mlconnector.mapping.channels import Channel, ChannelRow, carried_as, channel_of
from mlconnector.mapping.rules import Mapping, Rules
from mlconnector.mapping.tables import MasterData
from mlconnector.model.vouchers import Voucher
from mlconnector.settings import UnreadableSettings, line_of, parse_toml, validated
from mlconnector.systems.datev import DatevSettings
from mlconnector.systems.source import SourceSystem, source_systems

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Schedule(BaseModel):
    """When the source is polled, as a cron expression in UTC; empty means only by hand or webhook."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: str = "*/15 * * * *"

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if value and not croniter.is_valid(value):
            raise ValueError(f"{value!r} is no cron expression of five fields, e.g. */15 * * * *")
        return value


class _Outline(BaseModel):
    """The tables of the text; those of the systems are checked by the systems' own models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    source: dict[str, Any]
    datev: dict[str, Any]
    books: dict[str, Any]
    mapping: dict[str, Any] = Field(default_factory=dict)
    channels: tuple[ChannelRow, ...] = ()
    master_data: MasterData = MasterData()
    documents: DocumentRules = DocumentRules()
    schedule: Schedule = Schedule()


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """A connection's settings, checked; `text` is what the user wrote."""

    name: str
    system: SourceSystem
    source: Any
    datev: DatevSettings
    rules: Rules
    documents: DocumentRules
    schedule: Schedule
    channels: tuple[ChannelRow, ...]
    master_data: MasterData
    text: str

    @property
    def client(self) -> str:
        """The client (Mandant) as `<consultant number>-<client number>`."""
        return self.datev.client

    @property
    def sends_master_data(self) -> Literal["off", "new", "changes"]:
        """Which debtors and creditors are sent; only EXTF files can carry them."""
        return self.master_data.send or ("new" if "extf" in self.datev.services else "off")

    @property
    def takes_documents(self) -> bool:
        """Whether DATEV gets the documents of bookings: filed on their own, or together with suggestions."""
        return not {"documents", "dxso"}.isdisjoint(self.datev.services)

    def channel_of(self, voucher: Voucher) -> Channel:
        """The format in which a voucher reaches DATEV."""
        return channel_of(self.channels, carried_as(voucher), voucher.document_date)

    @property
    def secrets(self) -> dict[str, tuple[str, ...]]:
        """Names of the credentials to ask for, by system."""
        return {self.system.name: tuple(self.system.secrets(self.source)), "datev": ("client_secret",)}


@dataclass(frozen=True, slots=True)
class ClientBooks:
    """The books that a connection's text names, whatever its mapping says."""

    name: str
    client: str
    books: Books


def read_books(text: str, where: str) -> ClientBooks:
    """Only whose books a text is about, e.g. to import the chart that its mapping needs.

    Raises UnreadableSettings.
    """
    outline = validated(_Outline, parse_toml(text, where), text, where)
    datev = validated(DatevSettings, outline.datev, text, where, "datev")
    return ClientBooks(outline.name, datev.client, validated(Books, outline.books, text, where, "books"))


def channels_in(text: str) -> tuple[ChannelRow, ...]:
    """The channel table of a stored text."""
    return validated(_Outline, parse_toml(text, "settings"), text, "settings").channels


def _check_formats(outline: _Outline, datev: DatevSettings, text: str, where: str) -> None:
    """What a format needs, or cannot carry, is said when the connection is set up."""
    for row in outline.channels:
        if row.format not in datev.services:
            expected = f'channels: "{row.format}" needs its data service in datev.services'
            raise UnreadableSettings(where, line_of(text, ["channels"]), expected)
    if outline.master_data.send in {"new", "changes"} and "extf" not in datev.services:
        expected = "master_data.send: only EXTF files carry debtors and creditors; add extf to datev.services"
        raise UnreadableSettings(where, line_of(text, ["master_data", "send"]), expected)


def read_connection(
    text: str, where: str, agreed: Callable[[str], Agreed] | None = None
) -> ConnectionSettings:
    """Check a connection's text together with what was `agreed` for its client beside it.

    Raises UnreadableSettings with the line and what was expected.
    """
    outline = validated(_Outline, parse_toml(text, where), text, where)
    system = _system(outline, text, where)
    source = {name: value for name, value in outline.source.items() if name != "system"}
    books = validated(Books, outline.books, text, where, "books")
    mapping = validated(Mapping, outline.mapping, text, where, "mapping")
    own = validated(system.settings_model, source, text, where, "source")
    datev = validated(DatevSettings, outline.datev, text, where, "datev")
    _check_formats(outline, datev, text, where)
    beside = Agreed() if agreed is None else agreed(datev.client)
    rules = {"books": books, "mapping": mapping, "chart": beside.chart, "confirmed": dict(beside.confirmed)}
    return ConnectionSettings(
        name=outline.name,
        system=system,
        source=own,
        datev=datev,
        rules=validated(Rules, rules, text, where),
        documents=outline.documents,
        schedule=outline.schedule,
        channels=outline.channels,
        master_data=outline.master_data,
        text=text,
    )


def _system(outline: _Outline, text: str, where: str) -> SourceSystem:
    known = source_systems()
    named = outline.source.get("system")
    if named in known:
        return known[named]
    expected = f"source.system: one of {', '.join(known)}, not {named!r}"
    raise UnreadableSettings(where, line_of(text, ["source", "system"]), expected)
