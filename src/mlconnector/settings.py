"""Settings: environment variables `MLCONNECTOR_…` over one TOML file, with complaints that name the line."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mlconnector.errors import ConnectorError
from mlconnector.given_files import given_text

PREFIX = "MLCONNECTOR_"
FILE_NAME = "ml-connector.toml"
Model = TypeVar("Model", bound=BaseModel)

DXSO_SCHEMAS = (
    "Document_v060.xsd",
    "Document_types_v060.xsd",
    "Belegverwaltung_online_ledger_import_v060.xsd",
    "Belegverwaltung_online_ledger_types_v060.xsd",
)
"""DATEV's schemas of the files that booking suggestions are made of."""

_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SHORTEST_TOKEN = 16
_FEWEST_CHARACTERS = 6
_PLACE = re.compile(r"([a-z_]+(?:\.[a-z_0-9]+)+)(?: row (\d+))?:")
_LONG_NAME = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){30}")
_DATABASES = frozenset({"sqlite", "postgresql", "postgres", "postgresql+psycopg"})


class UnreadableSettings(ConnectorError):
    """Settings that cannot be used: which file, which line, what was expected."""

    def __init__(self, where: str, line: int | None, expected: str) -> None:
        place = f"{where}, line {line}" if line else where
        super().__init__(f"{place}: {expected}")
        self.where = where
        self.line = line
        self.expected = expected


class Settings(BaseModel):
    """How this installation runs; connections have settings of their own.

    `master_key` holds one or more lines `keyid:base64(32 bytes)`, the first of which is current; it is read
    from `master_key_file` where it is not given itself, which nobody else may read or write unless
    `master_key_file_shared` says so. `public_url` is where browsers and webhooks reach `serve`;
    `trusted_proxies` are the addresses whose word counts on who is behind them. `lookup_seconds` is how long
    DATEV gets to list a job whose submission got no answer, before the batch is sent again.
    `audit_heads_file` and `audit_heads_url` are where the head of the audit trail is written down, or sent,
    once a day. `dxso_schemas` is a folder with DATEV's XSD files, with which packages of booking suggestions
    are checked before they are sent. `crash_at` ends the process hard at a named point of the way, for tests
    of recovery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path("ml-connector-data")
    database_url: SecretStr | None = None
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    master_key_file_shared: bool = False
    language: Literal["de", "en"] = "en"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = "http://localhost:8080"
    api_token: SecretStr | None = None
    trusted_proxies: str = "127.0.0.1,::1"
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
    crash_at: str = ""

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            kind = make_url(value.get_secret_value()).drivername
        except (ArgumentError, ValueError):
            kind = ""
        if kind not in _DATABASES:
            raise ValueError("expected sqlite:////path/file or postgresql://user:password@host/name")
        return value

    @field_validator("api_token")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr | None) -> SecretStr | None:
        token = "" if value is None else value.get_secret_value()
        has_enough = len(token) >= _SHORTEST_TOKEN and len(set(token)) >= _FEWEST_CHARACTERS
        if token and (not has_enough or not token.isprintable() or " " in token):
            raise ValueError(
                f"expected at least {_SHORTEST_TOKEN} characters that nobody guesses, without blanks, e.g. "
                "from `openssl rand -hex 32`"
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(f"expected addresses or networks, e.g. 10.0.0.2, not {one}") from None
        return value

    @field_validator("audit_heads_url")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("expected an address that begins with https://")
        return value

    @field_validator("dxso_schemas")
    @classmethod
    def _has_schemas(cls, value: Path | None) -> Path | None:
        missing = [name for name in DXSO_SCHEMAS if value is not None and not (value / name).is_file()]
        if missing:
            raise ValueError(f"expected a folder with DATEV's XSD files; {value} has no {', '.join(missing)}")
        return value

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
            raise UnreadableSettings(
                str(file),
                None,
                f"the master key cannot be read ({error.strerror}); run `ml-connector init`, "
                "or set MLCONNECTOR_MASTER_KEY or MLCONNECTOR_MASTER_KEY_FILE",
            ) from error


def _check_private(file: Path, *, told_otherwise: bool) -> None:
    """Raise UnreadableSettings when others than the owner may read or write a key file; OSError as `stat`."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if os.name == "posix" and mode & _OF_OTHERS and not told_otherwise:
        raise UnreadableSettings(
            str(file),
            None,
            f"the master key can be read or changed by others (mode {mode:04o}); run `chmod 600 {file}`, "
            "or set master_key_file_shared = true where that is meant so",
        )


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of the file and, over it, of the environment. Raises UnreadableSettings."""
    environment = os.environ if environment is None else environment
    named = environment.get(f"{PREFIX}CONFIG")
    path = file or (Path(named) if named else Path(FILE_NAME))
    text = _read(path, required=file is not None or named is not None)
    values = parse_toml(text, str(path))
    known, variables = Settings.model_fields, {}
    for name, value in environment.items():
        field = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and field != "config":
            if field not in known:
                raise UnreadableSettings(name, None, f"is no setting; known: {', '.join(sorted(known))}")
            values[field], variables[field] = value, name
    return validated(Settings, values, text, str(path), variables=variables)


def _read(path: Path, *, required: bool) -> str:
    try:
        return given_text(path)
    except FileNotFoundError as error:
        if required:
            raise UnreadableSettings(str(path), None, "there is no such file") from error
        return ""
    except OSError as error:
        raise UnreadableSettings(str(path), None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableSettings(str(path), None, "is not text in UTF-8") from error


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises UnreadableSettings with the line."""
    long = _LONG_NAME.search(text)
    if long is not None:
        # The library's memory for a name grows with the square of its parts.
        number = text[: long.start()].count("\n") + 1
        raise UnreadableSettings(where, number, "not valid TOML: nested too deep")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        line = message.rpartition("at line ")[2].partition(",")[0]
        raise UnreadableSettings(
            where, int(line) if line.isdigit() else None, f"not valid TOML: {message}"
        ) from error
    except RecursionError as error:
        raise UnreadableSettings(where, None, "not valid TOML: nested too deep") from error
    except ValueError as error:
        # Digits without end: what Python refuses to read as a number, TOML's reader does not explain.
        raise UnreadableSettings(where, None, f"not valid TOML: {error}") from error


def validated(
    model: type[Model],
    values: Mapping[str, Any],
    text: str,
    where: str,
    *path: str,
    variables: Mapping[str, str] | None = None,
) -> Model:
    """`values` as `model`. Raises UnreadableSettings with the line of the first thing that is wrong.

    `path` says in which table of `text` the values stand; `variables` names those that stand in an
    environment variable instead.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        # A misspelt name is told before what is missing because of it.
        first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
        location = [*path, *first["loc"]]
        name = ".".join(str(part) for part in location)
        expected = _expected(model, first)
        variable = (variables or {}).get(name)
        if variable is not None:
            raise UnreadableSettings(variable, None, expected) from error
        line = line_of(text, location or _told(expected))
        raise UnreadableSettings(where, line, f"{name}: {expected}" if name else expected) from error


def _told(complaint: str) -> list[str | int]:
    """The place that a complaint about a whole text begins with, e.g. `mapping.revenue row 2: …`."""
    told = _PLACE.match(complaint)
    if told is None:
        return []
    row = [int(told[2]) - 1] if told[2] else []
    return [*told[1].split("."), *row]


def _expected(model: type[BaseModel], wrong: ErrorDetails) -> str:
    """What was expected instead of the first thing that is wrong, in words for a person."""
    match wrong["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            known = sorted(_names(model, wrong["loc"][:-1]))
            near = get_close_matches(str(wrong["loc"][-1]), known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            return f"is not known here; {meant}"
        case _:
            return wrong["msg"].removeprefix("Value error, ")


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


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """The line of a TOML text where a value stands, as near as can be said without a full parse."""
    wanted = [part for part in location if isinstance(part, str)]
    index = next((part for part in location if isinstance(part, int)), 0)
    best: tuple[int, int] | None = None
    table: list[str] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("["):
            name = line.strip("[]").strip()
            table = [part.strip().strip('"') for part in name.split(".")]
            seen[name] = seen.get(name, -1) + 1
            if line.startswith("[[") and seen[name] != index:
                table = []
                continue
            here = table
        elif "=" in line and not line.startswith("#"):
            here = [*table, *(part.strip().strip('"') for part in line.partition("=")[0].split("."))]
        else:
            continue
        depth = len(here)
        if here == wanted[:depth] and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None
