"""The table `[databricks]` of the settings file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mlconnector.model.unsuitable import Unsuitable
from mlconnector.systems.kit.setting_types import address

_EXAMPLE = "https://adb-1234567890123456.7.azuredatabricks.net"
# What Unity Catalog takes as a name, but for the sign that quotes it.
_NAME = re.compile(r"[^./\\\s`'\"?#%\x00-\x1f\x7f]{1,255}")


class Settings(BaseModel):
    """Where the tables are, and what else is loaded into them.

    `folder` is the folder of the Delta tables, `delta` in the data folder where none is given. With `host`
    they are in a workspace instead: in `catalog` and `schema` of its Unity Catalog, written by the SQL
    warehouse `warehouse_id` for the service principal `client_id`. `start_warehouse`, `create_catalog` and
    `create_schema` say what may be done there without asking.

    `import` is a folder in which EXTF and DXSO files of other software are looked for. `entities` names the
    legal entities of clients (`29098-55003`), also of those that no connection serves, whose files may be
    imported.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_by_name=True)

    folder: Path | None = None
    host: str | None = None
    catalog: str = ""
    in_schema: str = Field(default="ml_connector", alias="schema")
    warehouse_id: str = ""
    client_id: str = ""
    start_warehouse: bool = True
    create_catalog: bool = False
    create_schema: bool = True
    imports: Path | None = Field(default=None, alias="import")
    entities: dict[str, str] = Field(default_factory=dict)

    @field_validator("host")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        return None if value is None else address(value, _EXAMPLE)

    @field_validator("catalog", "in_schema")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if value and not _NAME.fullmatch(value):
            raise Unsuitable(
                "“{given}” is no name of Unity Catalog: no dots, slashes and blanks", given=value
            )
        # It keeps its names so, and another writing must not be another place.
        return value.lower()

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        needed = {"catalog": self.catalog, "warehouse_id": self.warehouse_id, "client_id": self.client_id}
        if self.host is None:
            given = [name for name, value in needed.items() if value]
            if given:
                raise Unsuitable(
                    "{names} without host: is it a workspace, or a folder?", names=", ".join(given)
                )
            return self
        if self.folder is not None:
            raise Unsuitable("host is a workspace and folder is a folder: only one of them")
        missing = [name for name, value in needed.items() if not value.strip()]
        if missing:
            raise Unsuitable("a workspace (host) needs {names} as well", names=", ".join(missing))
        return self

    def tables_in(self, data_dir: Path) -> Path:
        """The folder of the tables."""
        return self.folder or data_dir / "delta"

    def place(self, data_dir: Path) -> str:
        """Where the tables are, for people."""
        if self.host is None:
            return str(self.tables_in(data_dir))
        return f"{self.host} {self.catalog}.{self.in_schema}"
