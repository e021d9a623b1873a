"""Volumes as folders: `/Volumes/<catalog>/<schema>/<volume>/<path>` and where it lies on this disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.unity import Name, Unity

PREFIX = "/Volumes/"


@dataclass
class Volumes:
    """The files of all volumes, below one folder."""

    root: Path
    unity: Unity

    def place(self, path: str) -> tuple[Name, Path]:
        """The volume of a path, and where the path lies; raises SqlError where it is in no volume."""
        parts = [part for part in path.removeprefix("dbfs:").removeprefix(PREFIX).split("/") if part]
        if not path.removeprefix("dbfs:").startswith(PREFIX) or len(parts) < 3 or ".." in parts:
            raise no_such_path(path)
        name = (parts[0].lower(), parts[1].lower(), parts[2].lower())
        self.unity.check_volume(name)
        return name, self.root.joinpath(*name, *parts[3:])

    def made(self, name: Name) -> Path:
        """The folder of a volume, made where it was not there."""
        folder = self.root.joinpath(*name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def no_such_path(path: str) -> SqlError:
    """Nothing lies at this path."""
    return SqlError("PATH_NOT_FOUND", f"Path does not exist: dbfs:{path.removeprefix('dbfs:')}.", "42K03")
