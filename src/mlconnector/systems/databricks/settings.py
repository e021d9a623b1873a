"""The table `[databricks]` of the settings file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Where the tables are, and what else is loaded into them.

    `folder` is the folder of the Delta tables, `delta` in the data folder where none is given. `import` is a
    folder in which EXTF and DXSO files of other software are looked for. `entities` names the legal entities
    of clients (`29098-55003`), also of those that no connection serves, whose files may be imported.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_by_name=True)

    folder: Path | None = None
    imports: Path | None = Field(default=None, alias="import")
    entities: dict[str, str] = Field(default_factory=dict)

    def tables_in(self, data_dir: Path) -> Path:
        """The folder of the tables."""
        return self.folder or data_dir / "delta"
