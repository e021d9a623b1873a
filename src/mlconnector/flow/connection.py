"""A connection as the user describes it: one TOML text with source, client, books, mapping and schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from croniter import croniter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from mlconnector.mapping.rules import Books, Mapping, Rules
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
    schedule: Schedule = Schedule()


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """A connection's settings, checked; `text` is what the user wrote."""

    name: str
    system: SourceSystem
    source: Any
    datev: DatevSettings
    rules: Rules
    schedule: Schedule
    text: str

    @property
    def client(self) -> str:
        """The client (Mandant) as `<consultant number>-<client number>`."""
        return self.datev.client

    @property
    def secrets(self) -> dict[str, tuple[str, ...]]:
        """Names of the credentials to ask for, by system."""
        return {self.system.name: tuple(self.system.secrets(self.source)), "datev": ("client_secret",)}


def read_connection(text: str, where: str) -> ConnectionSettings:
    """Check a connection's text. Raises UnreadableSettings with the line and what was expected."""
    outline = validated(_Outline, parse_toml(text, where), text, where)
    system = _system(outline, text, where)
    source = {name: value for name, value in outline.source.items() if name != "system"}
    books = validated(Books, outline.books, text, where, "books")
    mapping = validated(Mapping, outline.mapping, text, where, "mapping")
    return ConnectionSettings(
        name=outline.name,
        system=system,
        source=validated(system.settings_model, source, text, where, "source"),
        datev=validated(DatevSettings, outline.datev, text, where, "datev"),
        rules=validated(Rules, {"books": books, "mapping": mapping}, text, where),
        schedule=outline.schedule,
        text=text,
    )


def _system(outline: _Outline, text: str, where: str) -> SourceSystem:
    known = source_systems()
    named = outline.source.get("system")
    if named in known:
        return known[named]
    expected = f"source.system: one of {', '.join(known)}, not {named!r}"
    raise UnreadableSettings(where, line_of(text, ["source", "system"]), expected)
