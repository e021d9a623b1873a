"""A connection as the user describes it: one TOML text with source, client, books, mapping and schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    create_model,
    field_validator,
)

from mlconnector.flow.context.agreed import Agreed
from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.mapping.books import Books
from mlconnector.mapping.channels import Channel, ChannelRow, carried_as, channel_of
from mlconnector.mapping.rules import Mapping, Rules
from mlconnector.mapping.tables import MasterData
from mlconnector.model.unsuitable import Unsuitable
from mlconnector.model.vouchers import Voucher
from mlconnector.settings import Complaint, UnreadableSettings, line_of, parse_toml, refuse, validated
from mlconnector.systems.registry import sink_systems, source_names, source_system
from mlconnector.systems.sink import SinkSystem, Takes
from mlconnector.systems.source import SourceSystem

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]

_NAME: TypeAdapter[str] = TypeAdapter(Name)

Part = TypeVar("Part")

NEEDED_FOR: dict[Channel, Takes] = {"extf": "booking_files", "dxso": "suggestions"}
"""What a sink has to take for a format to reach it."""


class Schedule(BaseModel):
    """When the source is polled, as a cron expression in UTC; empty means only by hand or webhook."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    cron: str = "*/15 * * * *"

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if not value:
            return value
        from croniter import croniter  # noqa: PLC0415 - who has no schedule must not wait for it

        if not croniter.is_valid(value):
            raise Unsuitable("“{given}” is no cron expression of five fields, e.g. */15 * * * *", given=value)
        return value


class _Outline(BaseModel):
    """The tables of the text; those of the systems are checked by the systems' own models.

    Beside these there is one for the sink, by its name (`_outline_model`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Name
    source: dict[str, Any]
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
    source_system: SourceSystem
    source: Any
    sink_system: SinkSystem
    sink: Any
    rules: Rules
    documents: DocumentRules
    schedule: Schedule
    channels: tuple[ChannelRow, ...]
    master_data: MasterData
    text: str

    @property
    def client(self) -> str:
        """The client (Mandant) as `<consultant number>-<client number>`."""
        return self.sink_system.client(self.sink)

    @property
    def sends_master_data(self) -> Literal["off", "new", "changes"]:
        """Which debtors and creditors are sent; only EXTF files can carry them."""
        return self.master_data.send or ("new" if self.sends("booking_files") else "off")

    @property
    def takes_documents(self) -> bool:
        """Whether the sink gets the documents of bookings: on their own, or together with suggestions."""
        return self.sends("documents") or self.sends("suggestions")

    def sends(self, what: Takes) -> bool:
        """Whether the sink takes that, as it is set."""
        return what in self.sink_system.takes(self.sink)

    def carries(self, channel: Channel) -> bool:
        """Whether the sink takes what goes in a format, as it is set."""
        return self.sends(NEEDED_FOR[channel])

    def channel_of(self, voucher: Voucher) -> Channel:
        """The format in which a voucher and its corrections reach the sink, whenever these are booked."""
        return channel_of(self.channels, carried_as(voucher), voucher.document_date)

    @property
    def secrets(self) -> dict[str, tuple[str, ...]]:
        """Names of the credentials to ask for, by system."""
        return {
            self.source_system.name: tuple(self.source_system.secrets(self.source)),
            self.sink_system.name: tuple(self.sink_system.secrets(self.sink)),
        }

    @property
    def secret_names(self) -> list[str]:
        """The same by `<system>.<name>`."""
        return [f"{system}.{name}" for system, names in self.secrets.items() for name in names]

    def setting_of(self, address: str) -> str:
        """Where the user's text names an address, by scheme, host and port, as `[table] name`; or nothing."""
        wanted = _origin(address)
        named = _addresses(parse_toml(self.text, self.name))
        return next((place for place, value in named if _origin(value) == wanted), "")

    @property
    def systems(self) -> tuple[str, str]:
        """The names of both outside systems, the source first."""
        return self.source_system.name, self.sink_system.name


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _addresses(tables: dict[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """The addresses in tables, each with its place as `[table] name`."""
    for name, value in tables.items():
        if isinstance(value, dict):
            yield from _addresses(value, *path, name)
        elif isinstance(value, str) and "://" in value:
            yield f"[{'.'.join(path)}] {name}", value


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
    outline = _outlined(text, where)
    system, sink = _sink(outline, text, where)
    books = validated(Books, outline.books, text, where, "books")
    return ClientBooks(outline.name, system.client(sink), books)


def channels_in(text: str) -> tuple[ChannelRow, ...]:
    """The channel table of a stored text."""
    return _outlined(text, "settings").channels


def _outlined(text: str, where: str) -> _Outline:
    """The tables of a text. Raises UnreadableSettings."""
    return validated(_outline_model(), parse_toml(text, where), text, where)


def _outline_model() -> type[_Outline]:
    """The tables that a text may have, with one for each sink that there is."""
    sinks: dict[str, Any] = dict.fromkeys(sink_systems(), (dict[str, Any] | None, None))
    return create_model("_OutlineWithSinks", __base__=_Outline, **sinks)


def _sink(outline: _Outline, text: str, where: str) -> tuple[SinkSystem, Any]:
    """The sink that a text has a table for, and its settings. Raises UnreadableSettings but for just one."""
    known = sink_systems()
    given = {name: table for name in known if (table := getattr(outline, name)) is not None}
    if len(given) != 1:
        tables = ", ".join(f"[{name}]" for name in known)
        if given:
            refuse(where, "there can be only one of the tables {tables}", tables=tables)
        refuse(where, "the table {tables} is missing", tables=tables)
    ((name, table),) = given.items()
    return known[name], validated(known[name].settings_model, table, text, where, name)


def _check_formats(outline: _Outline, system: SinkSystem, sink: Any, text: str, where: str) -> None:
    """What a format needs, or cannot carry, is said when the connection is set up."""
    takes = system.takes(sink)
    for row in outline.channels:
        if NEEDED_FOR[row.format] not in takes:
            facts = {"format": row.format, "services": f"{system.name}.services"}
            line = line_of(text, ["channels"])
            refuse(
                where, "“{format}” needs its data service in {services}", line=line, name="channels", **facts
            )
    if outline.mapping.get("commitments") is not None and "booking_files" not in takes:
        said = "only EXTF files carry statistical bookings; add extf to {services}"
        line, services = line_of(text, ["mapping", "commitments"]), f"{system.name}.services"
        refuse(where, said, line=line, name="mapping.commitments", services=services)
    if outline.master_data.send in {"new", "changes"} and "booking_files" not in takes:
        said = "only EXTF files carry debtors and creditors; add extf to {services}"
        line, services = line_of(text, ["master_data", "send"]), f"{system.name}.services"
        refuse(where, said, line=line, name="master_data.send", services=services)


class _Collected:
    """The complaints of several parts of a text, all of which are told at once."""

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []

    def of(self, read: Callable[[], Part]) -> Part | None:
        """What was read; None where it could not be."""
        try:
            return read()
        except UnreadableSettings as error:
            self.complaints += error.complaints
            return None


def read_connection(
    text: str, where: str, agreed: Callable[[str], Agreed] | None = None
) -> ConnectionSettings:
    """Check a connection's text together with what was `agreed` for its client beside it.

    Raises UnreadableSettings with the line and what was expected.
    """
    outline = _outlined(text, where)
    found = _Collected()
    system = found.of(lambda: _source(outline, text, where))
    source = {name: value for name, value in outline.source.items() if name != "system"}
    books = found.of(lambda: validated(Books, outline.books, text, where, "books"))
    mapping = found.of(lambda: validated(Mapping, outline.mapping, text, where, "mapping"))
    own = found.of(
        lambda: None if system is None else validated(system.settings_model, source, text, where, "source")
    )
    sinking = found.of(lambda: _sink(outline, text, where))
    if sinking is not None:
        found.of(lambda: _check_formats(outline, *sinking, text, where))
    if found.complaints or system is None or books is None or mapping is None or sinking is None:
        raise UnreadableSettings.of(found.complaints)
    sink_system, sink = sinking
    beside = Agreed() if agreed is None else agreed(sink_system.client(sink))
    rules = {
        "books": books,
        "mapping": mapping,
        "chart": beside.chart,
        "confirmed": dict(beside.confirmed),
        "vat_rates": beside.rates.vat_rates,
        "reference_rates": beside.rates.reference_rates,
    }
    return ConnectionSettings(
        name=outline.name,
        source_system=system,
        source=own,
        sink_system=sink_system,
        sink=sink,
        rules=validated(Rules, rules, text, where),
        documents=outline.documents,
        schedule=outline.schedule,
        channels=outline.channels,
        master_data=outline.master_data,
        text=text,
    )


def _source(outline: _Outline, text: str, where: str) -> SourceSystem:
    named = outline.source.get("system")
    known = source_system(str(named))
    if known is None:
        line = line_of(text, ["source", "system"])
        facts = {"given": named, "known": ", ".join(source_names())}
        refuse(
            where,
            "“{given}” will not do; possible is one of {known}",
            line=line,
            name="source.system",
            **facts,
        )
    return known


def is_name(name: str) -> bool:
    """Whether something can be called so: a connection, or a place that is told things."""
    try:
        return bool(_NAME.validate_python(name))
    except ValidationError:
        return False
