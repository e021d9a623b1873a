"""What was accepted, as files: `<received>/<client>/{documents,extf,dxso}/…`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LONGEST_ON_DISK = 240


class Received:
    """The folder of accepted files; without one nothing is written."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def document(
        self, client_id: str, guid: str, files: Mapping[str, bytes], metadata: Mapping[str, Any]
    ) -> None:
        """Keep a document's files and their metadata in a folder named by its GUID."""
        if self.folder is None:
            return
        target = _made(self.folder / client_id / "documents" / guid)
        for name, content in files.items():
            (target / name_on_disk(name)).write_bytes(content)
        text = json.dumps(metadata, ensure_ascii=False, indent=1)
        (target / "metadata.json").write_text(text, encoding="utf-8")

    def extf(self, client_id: str, name: str, content: bytes) -> None:
        """Keep an EXTF file; other bytes under a name that is taken get a number before the extension."""
        if self.folder is None:
            return
        folder = _made(self.folder / client_id / "extf")
        stem, extension = name.removesuffix(".csv"), ".csv"
        path, number = folder / name, 1
        while path.exists() and path.read_bytes() != content:
            number += 1
            path = folder / f"{stem}.{number}{extension}"
        path.write_bytes(content)

    def dxso(self, client_id: str, job_id: str, name: str, content: bytes) -> None:
        """Keep a file of a dxso job; the same name again replaces it."""
        if self.folder is not None:
            (_made(self.folder / client_id / "dxso" / job_id) / name_on_disk(name)).write_bytes(content)

    def forget_dxso(self, client_id: str, job_id: str) -> None:
        """Drop the files of a deleted dxso job."""
        if self.folder is not None:
            shutil.rmtree(_made(self.folder / client_id / "dxso" / job_id))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def name_on_disk(name: str) -> str:
    """A file name short enough for file systems that count bytes; the extension is kept."""
    if len(name.encode()) <= _LONGEST_ON_DISK:
        return name
    stem, dot, extension = name.rpartition(".")
    room = _LONGEST_ON_DISK - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + extension
