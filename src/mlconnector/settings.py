"""Settings: environment variables `MLCONNECTOR_…` over one TOML file, with complaints that name the line."""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from mlconnector.console_settings import ConsoleSettings
from mlconnector.environment import FILE_NAME as FILE_NAME  # noqa: PLC0414 - it is a setting, too
from mlconnector.environment import PREFIX, of_locale, settings_file
from mlconnector.errors import ConnectorError
from mlconnector.given_files import given_text
from mlconnector.model.unsuitable import SeveralUnsuitable, Unsuitable
from mlconnector.setting_checks import addresses, database_address, hard_to_guess, zone
from mlconnector.texts.complaints import GIVEN, NOT_GIVEN, expectation, shown, told
from mlconnector.texts.language import Language
from mlconnector.texts.tables import table
from mlconnector.toml_lines import line_of as line_of  # noqa: PLC0414 - it is about the settings' texts

Model = TypeVar("Model", bound=BaseModel)

DXSO_SCHEMAS = (
    "Document_v060.xsd",
    "Document_types_v060.xsd",
    "Belegverwaltung_online_ledger_import_v060.xsd",
    "Belegverwaltung_online_ledger_types_v060.xsd",
)
"""DATEV's schemas of the files that booking suggestions are made of."""

QUIET_HOURS = r"^(([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-3]))?$"
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KEY_OF_OTHERS = (
    "the master key can be read or changed by others (mode {mode}); run chmod 600 {file}, or set "
    "master_key_file_shared = true where that is meant so"
)
_LONG_NAME = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){30}")
_PLACE = re.compile(r"([a-z_]+(?:\.[a-z_0-9]+)+)(?: row (\d+))?")
_NO_TOML = (
    "not valid TOML: “{given}”; a line is name = value, with texts in quotation marks, and no name twice"
)
_TOO_DEEP = "not valid TOML: nested too deep"
_ENDLESS = "not valid TOML: a number with digits without end"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with a file, a variable or an option (`where`), and what is possible.

    `template` is the English text, of which there is a German one, with its `facts`. Where it asks for
    `expected`, that is worked out from the library's name for the fault and its `limits`.
    """

    where: str
    line: int | None
    name: str
    template: str
    facts: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)

    def words(self, language: Language) -> str:
        """What is wrong, without the place."""
        expected = {"expected": expectation(self.kind, self.limits, language)} if self.kind else {}
        said = told(self.template, {**self.facts, **expected}, language)
        return f"{self.name}: {said}" if self.name else said

    def text(self, language: Language) -> str:
        """What is wrong, with the place."""
        if self.line is None:
            return f"{self.where}: {self.words(language)}"
        at = told("{where}, line {line}", {"where": self.where, "line": str(self.line)}, language)
        return f"{at}: {self.words(language)}"

    def data(self, language: Language) -> dict[str, Any]:
        """The same for machines."""
        given = self.facts.get("given")
        words = self.words(language)
        return {"where": self.where, "line": self.line, "field": self.name, "given": given, "words": words}


class UnreadableSettings(ConnectorError):
    """Settings, options or files that cannot be used: where, which line, what was expected.

    `complaints` has everything that is wrong; without them `expected` is a sentence for the user already.
    """

    def __init__(
        self, where: str, line: int | None, expected: str, complaints: Sequence[Complaint] = ()
    ) -> None:
        self.complaints = tuple(complaints) or (Complaint(where, line, "", "{said}", {"said": expected}),)
        super().__init__("\n".join(self.lines("en")))
        self.where = where
        self.line = line
        self.expected = expected

    @classmethod
    def of(cls, complaints: Sequence[Complaint]) -> UnreadableSettings:
        """All complaints of a file."""
        first = complaints[0]
        return cls(first.where, first.line, first.words("en"), complaints)

    def lines(self, language: Language) -> list[str]:
        """Everything that is wrong, line by line."""
        return [line for one in self.complaints for line in one.text(language).splitlines()]

    def data(self, language: Language) -> list[dict[str, Any]]:
        """The same for machines."""
        return [one.data(language) for one in self.complaints]


def os_error_name(error: OSError) -> str:
    """The name of an error of the machine, e.g. `ENOENT`; the machine's own words where we have none."""
    name = errno.errorcode.get(error.errno or 0, "")
    return name if name in table("words.toml")["os_error"] else error.strerror or str(error)


def unsuitable(where: str, fault: Unsuitable) -> UnreadableSettings:
    """What is to be raised for a fault that was found elsewhere than in a table of settings."""
    return UnreadableSettings.of([Complaint(where, None, fault.where, fault.template, fault.facts)])


def refuse(
    where: str, template: str, *, line: int | None = None, name: str = "", **facts: object
) -> NoReturn:
    """Raise UnreadableSettings for one thing, of which there is a German text too."""
    plain = {key: str(value) for key, value in facts.items()}
    raise UnreadableSettings.of([Complaint(where, line, name, template, plain)])


class Settings(BaseModel):
    """How this installation runs; connections have settings of their own.

    `master_key` holds one or more lines `keyid:base64(32 bytes)`, the first of which is current; it is read
    from `master_key_file` where it is not given itself, which nobody else may read or write unless
    `master_key_file_shared` says so. Moments are shown in `timezone`. `public_url` is where browsers and
    webhooks reach `serve`; `trusted_proxies` are the addresses whose word counts on who is behind them.
    `lookup_seconds` is how long DATEV gets to list a job whose submission got no answer, before the batch is
    sent again.
    `console` says how people log in to it, by OpenID Connect with `oidc_client_secret`.
    With `four_eyes` a release and a second transfer take two people.
    `audit_heads_file` and `audit_heads_url` are where the head of the audit trail is written down, or sent,
    once a day. `dxso_schemas` is a folder with DATEV's XSD files, with which packages of booking suggestions
    are checked before they are sent. `warehouses` are the tables of the file that belong to warehouses,
    by their names, each as the warehouse's own model. Notifications wait for `notify_digest_hour` unless they
    are urgent, keep silent within `notify_quiet_hours` (`20-7`) and `notify_minutes_between` of each other,
    and miss a connection after `notify_silent_hours`. `crash_at` ends the process hard at a named point of
    the way, for tests of recovery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    data_dir: Path = Path("ml-connector-data")
    database_url: Annotated[SecretStr | None, AfterValidator(database_address)] = None
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    master_key_file_shared: bool = False
    language: Literal["de", "en"] = "en"
    timezone: Annotated[str, AfterValidator(zone)] = "Europe/Berlin"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = "http://localhost:8080"
    api_token: Annotated[SecretStr | None, AfterValidator(hard_to_guess)] = None
    console: ConsoleSettings = Field(default_factory=ConsoleSettings)
    oidc_client_secret: SecretStr | None = None
    four_eyes: bool = False
    trusted_proxies: Annotated[str, AfterValidator(addresses)] = "127.0.0.1,::1"
    audit_heads_file: Path | None = None
    audit_heads_url: SecretStr | None = None
    http_log_days: int = Field(default=30, ge=14)
    heartbeat_seconds: float = Field(default=5.0, gt=0)
    silent_after_seconds: float = Field(default=30.0, gt=0)
    queue_seconds: float = Field(default=0.25, gt=0)
    lookup_seconds: float = Field(default=10.0, ge=0)
    dxso_schemas: Path | None = None
    vat_rates: Path | None = None
    reference_rates: Path | None = None
    transfer_threads: int = Field(default=8, ge=1, le=32)
    warehouses: dict[str, Any] = Field(default_factory=dict)
    notify_digest_hour: int = Field(default=7, ge=0, le=23)
    notify_quiet_hours: str = Field(default="", pattern=QUIET_HOURS)
    notify_minutes_between: int = Field(default=30, ge=5)
    notify_silent_hours: int = Field(default=24, ge=1)
    crash_at: str = ""

    @field_validator("audit_heads_url")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("https://", "http://")):
            raise Unsuitable("expected an address that begins with https://")
        return value

    @field_validator("dxso_schemas")
    @classmethod
    def _has_schemas(cls, value: Path | None) -> Path | None:
        missing = [name for name in DXSO_SCHEMAS if value is not None and not (value / name).is_file()]
        if missing:
            raise Unsuitable(
                "expected a folder with DATEV's XSD files; {folder} has no {missing}",
                folder=value,
                missing=", ".join(missing),
            )
        return value

    @model_validator(mode="after")
    def _can_log_in(self) -> Settings:
        missing = self.console.missing(self.public_url, self.oidc_client_secret)
        if missing:
            raise Unsuitable(missing, where="console.oidc")
        return self

    @property
    def database(self) -> str:
        """The database's URL; an SQLite file in the data folder where none is given."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'ml-connector.sqlite'}"

    @property
    def master_key_place(self) -> str:
        """Where the master key stands, for people."""
        if self.master_key is not None:
            return f"{PREFIX}MASTER_KEY"
        return str(self.master_key_file or self.data_dir / "master.key")

    def master_key_text(self) -> str:
        """The master key's text.

        Raises UnreadableSettings where there is none, and where its file can be read by others, unless
        `master_key_file_shared` says that this is meant so.
        """
        if self.master_key is not None:
            return self.master_key.get_secret_value()
        file = Path(self.master_key_place)
        try:
            _check_private(file, told_otherwise=self.master_key_file_shared)
            return given_text(file)
        except OSError as error:
            complaint = Complaint(
                str(file),
                None,
                "",
                "the master key cannot be read ({os_error.word}); run `ml-connector init`, or set "
                "MLCONNECTOR_MASTER_KEY or MLCONNECTOR_MASTER_KEY_FILE",
                {"os_error": os_error_name(error)},
            )
            raise UnreadableSettings.of([complaint]) from error


def _check_private(file: Path, *, told_otherwise: bool) -> None:
    """Raise UnreadableSettings when others than the owner may read or write a key file; OSError as `stat`."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if os.name == "posix" and mode & _OF_OTHERS and not told_otherwise:
        facts = {"mode": f"{mode:04o}", "file": str(file)}
        raise UnreadableSettings.of([Complaint(str(file), None, "", _KEY_OF_OTHERS, facts)])


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of the file and, over it, of the environment. Raises UnreadableSettings."""
    environment = os.environ if environment is None else environment
    stated, is_named = settings_file(environment)
    path = file or stated
    text = _read(path, required=file is not None or is_named)
    values = {"language": of_locale(environment), **parse_toml(text, str(path))}
    tables = {name for name, value in values.items() if isinstance(value, dict)}
    warehouses = _warehouses({name: values[name] for name in tables}, text, str(path))
    values = {name: value for name, value in values.items() if name not in warehouses}
    known, variables, unknown = Settings.model_fields, {}, []
    for name, value in environment.items():
        setting = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and setting != "config":
            if setting in known:
                values[setting], variables[setting] = value, name
            else:
                unknown.append(Complaint(name, None, "", *_unknown(setting, known)))
    if unknown:
        raise UnreadableSettings.of(unknown)
    found = validated(Settings, values, text, str(path), variables=variables)
    return found.model_copy(update={"warehouses": warehouses}) if warehouses else found


def read_warehouses(text: str, where: str) -> dict[str, Any]:
    """The warehouses that a text has tables for, as their own models. Raises UnreadableSettings."""
    return _warehouses(parse_toml(text, where), text, where)


def _warehouses(tables: Mapping[str, Any], text: str, where: str) -> dict[str, Any]:
    """The tables that belong to warehouses, as their own models. Raises UnreadableSettings."""
    if not tables:
        return {}
    # Who has no warehouse must not wait until what describes them is loaded.
    from mlconnector.systems.registry import warehouse_system  # noqa: PLC0415

    systems = {name: system for name in tables if (system := warehouse_system(name)) is not None}
    return {
        name: validated(system.settings_model, tables[name], text, where, name)
        for name, system in systems.items()
    }


def _read(path: Path, *, required: bool) -> str:
    try:
        return given_text(path)
    except FileNotFoundError as error:
        if required:
            raise _unread(path, "there is no such file") from error
        return ""
    except OSError as error:
        raise _unread(path, "cannot be read: {os_error.word}", os_error=os_error_name(error)) from error
    except UnicodeDecodeError as error:
        raise _unread(path, "is not text in UTF-8") from error


def _unread(path: Path, template: str, **facts: str) -> UnreadableSettings:
    return UnreadableSettings.of([Complaint(str(path), None, "", template, facts)])


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises UnreadableSettings with the line."""
    long = _LONG_NAME.search(text)
    if long is not None:
        # The library's memory for a name grows with the square of its parts.
        number = text[: long.start()].count("\n") + 1
        raise UnreadableSettings.of([Complaint(where, number, "", _TOO_DEEP, {})])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+), column \d+", str(error))
        lines = text.splitlines()
        line = int(found[1]) if found else len(lines)
        given = shown(lines[line - 1].strip()) if 0 < line <= len(lines) else ""
        complaint = Complaint(where, line, "", _NO_TOML, {"given": given})
        raise UnreadableSettings.of([complaint]) from error
    except RecursionError as error:
        raise UnreadableSettings.of([Complaint(where, None, "", _TOO_DEEP, {})]) from error
    except ValueError as error:
        # What Python refuses to read as a number, TOML's reader does not explain.
        raise UnreadableSettings.of([Complaint(where, None, "", _ENDLESS, {})]) from error


def validated(
    model: type[Model],
    values: Mapping[str, Any],
    text: str,
    where: str,
    *path: str,
    variables: Mapping[str, str] | None = None,
) -> Model:
    """`values` as `model`. Raises UnreadableSettings with everything that is wrong, each with its line.

    `path` says in which table of `text` the values stand; `variables` names those that stand in an
    environment variable instead.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        text_at = _TextAt(model, text, where, path, variables or {})
        # A misspelt name is told before what is missing because of it.
        found = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        raise UnreadableSettings.of([each for one in found for each in text_at.complaints(one)]) from error


@dataclass(frozen=True, slots=True)
class _TextAt:
    """A text whose tables were checked as a model, so that its faults can be told by their place."""

    model: type[BaseModel]
    text: str
    where: str
    path: Sequence[str]
    variables: Mapping[str, str]

    def complaints(self, wrong: ErrorDetails) -> Iterator[Complaint]:
        """What is wrong at one place; a check of several rows tells each of them."""
        place = self._place([*self.path, *wrong["loc"]])
        cause = wrong.get("ctx", {}).get("error")
        for fault in cause.faults if isinstance(cause, SeveralUnsuitable) else [cause]:
            if not isinstance(fault, Unsuitable):
                yield _of_library(place, self.model, wrong)
            elif fault.where:
                at = self._place(_location(fault.where))
                yield replace(at, name=fault.where, template=fault.template, facts=fault.facts)
            else:
                yield replace(place, template=fault.template, facts=fault.facts)

    def _place(self, location: Sequence[int | str]) -> Complaint:
        name = ".".join(str(part + 1) if isinstance(part, int) else part for part in location)
        if name in self.variables:
            return Complaint(self.variables[name], None, "", "")
        return Complaint(self.where, line_of(self.text, location), name, "")


def _location(told_place: str) -> list[str | int]:
    """The place that a fault names, e.g. `mapping.revenue row 2`."""
    found = _PLACE.match(told_place)
    if found is None:
        return []
    row = [int(found[2]) - 1] if found[2] else []
    return [*found[1].split("."), *row]


def _of_library(place: Complaint, model: type[BaseModel], wrong: ErrorDetails) -> Complaint:
    """What the library found by the types of the settings."""
    kind, limits = wrong["type"], dict(wrong.get("ctx", {}))
    if kind == "missing":
        return replace(place, template="is missing")
    if kind == "extra_forbidden":
        template, facts = _unknown(str(wrong["loc"][-1]), _names(model, wrong["loc"][:-1]))
        return replace(place, template=template, facts=facts)
    if kind == "value_error":
        return replace(place, template="{said}", facts={"said": str(limits["error"])})
    if _is_secret(model, wrong["loc"]) or isinstance(wrong["input"], dict | list):
        return replace(place, template=NOT_GIVEN, kind=kind, limits=limits)
    return replace(place, template=GIVEN, facts={"given": shown(wrong["input"])}, kind=kind, limits=limits)


def _unknown(name: str, known: Iterable[str]) -> tuple[str, dict[str, str]]:
    """What to say of a name that is none, with what was meant."""
    near = get_close_matches(name, sorted(known), n=1)
    if near:
        return "is not known here; did you mean {near}?", {"near": near[0], "given": name}
    return "is not known here; known: {known}", {"known": ", ".join(sorted(known)), "given": name}


def _is_secret(model: type[BaseModel], location: Sequence[int | str]) -> bool:
    known = model.model_fields.get(str(location[0])) if location else None
    return known is not None and SecretStr in get_args(known.annotation)


def _names(model: type[BaseModel], location: Sequence[int | str]) -> set[str]:
    """The names that are known at a place within a model."""
    models = {model}
    for part in location:
        if isinstance(part, str):
            fields = [one.model_fields[part] for one in models if part in one.model_fields]
            models = {inner for field in fields for inner in _models(field.annotation)} or models
    return {name for one in models for name in one.model_fields}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
