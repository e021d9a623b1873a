"""Settings: environment variables `MLCONNECTOR_…` over one TOML file, with complaints that name the line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mlconnector.errors import ConnectorError

PREFIX = "MLCONNECTOR_"
FILE_NAME = "ml-connector.toml"
Model = TypeVar("Model", bound=BaseModel)


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

    `master_key` holds one or more lines `keyid:base64(32 bytes)`, the first of which is current; it is
    read from `master_key_file` where it is not given itself. `public_url` is where browsers and webhooks
    reach `serve`. `lookup_seconds` is how long DATEV gets to list a job whose submission got no answer,
    before the batch is sent again. `crash_at` ends the process hard at a named point of the way, for tests
    of recovery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path("ml-connector-data")
    database_url: SecretStr | None = None
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    language: Literal["de", "en"] = "en"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = "http://localhost:8080"
    api_token: SecretStr | None = None
    http_log_days: int = Field(default=30, ge=14)
    heartbeat_seconds: float = Field(default=5.0, gt=0)
    silent_after_seconds: float = Field(default=30.0, gt=0)
    queue_seconds: float = Field(default=0.25, gt=0)
    lookup_seconds: float = Field(default=10.0, ge=0)
    transfer_threads: int = Field(default=8, ge=1, le=32)
    crash_at: str = ""

    @property
    def database(self) -> str:
        """The database's URL; an SQLite file in the data folder where none is given."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'ml-connector.sqlite'}"

    def master_key_text(self) -> str:
        """The master key's text. Raises UnreadableSettings where there is none."""
        if self.master_key is not None:
            return self.master_key.get_secret_value()
        file = self.master_key_file or self.data_dir / "master.key"
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise UnreadableSettings(
                str(file),
                None,
                f"the master key cannot be read ({error.strerror}); run `ml-connector init`, "
                "or set MLCONNECTOR_MASTER_KEY or MLCONNECTOR_MASTER_KEY_FILE",
            ) from error


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of the file and, over it, of the environment. Raises UnreadableSettings."""
    environment = os.environ if environment is None else environment
    named = environment.get(f"{PREFIX}CONFIG")
    path = file or (Path(named) if named else Path(FILE_NAME))
    text = _read(path, required=file is not None or named is not None)
    values = parse_toml(text, str(path))
    known = Settings.model_fields
    for name, value in environment.items():
        field = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and field != "config":
            if field not in known:
                raise UnreadableSettings(name, None, f"is no setting; known: {', '.join(sorted(known))}")
            values[field] = value
    return validated(Settings, values, text, str(path))


def _read(path: Path, *, required: bool) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if required:
            raise UnreadableSettings(str(path), None, "there is no such file") from error
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableSettings(str(path), None, f"cannot be read: {error}") from error


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises UnreadableSettings with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        line = message.rpartition("at line ")[2].partition(",")[0]
        raise UnreadableSettings(
            where, int(line) if line.isdigit() else None, f"not valid TOML: {message}"
        ) from error


def validated(model: type[Model], values: Mapping[str, Any], text: str, where: str, *path: str) -> Model:
    """`values` as `model`. Raises UnreadableSettings with the line of the first thing that is wrong.

    `path` says in which table of `text` the values stand.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        location = [*path, *first["loc"]]
        name = ".".join(str(part) for part in location)
        expected = first["msg"].removeprefix("Value error, ")
        raise UnreadableSettings(
            where, line_of(text, location), f"{name}: {expected}" if name else expected
        ) from error


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
