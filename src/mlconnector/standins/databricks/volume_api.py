"""The Files API: files and directories of volumes, with single requests only (below 50 MiB in the SDK)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from starlette.responses import Response

from mlconnector.standins.databricks.answers import Refusal, Row, denied, refusal
from mlconnector.standins.databricks.endpoint import Api, Asked
from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.volumes import PREFIX, Volumes

_FILES, _FOLDERS = "/api/2.0/fs/files/Volumes/{path:path}", "/api/2.0/fs/directories/Volumes/{path:path}"
LARGEST = 5 * 1024**3


@dataclass
class VolumeApi:
    """The endpoints of files in volumes."""

    volumes: Volumes
    grants: Grants

    def routes(self) -> list[Api]:
        """The endpoints; HEAD is answered as GET."""
        return [
            Api("PUT", _FILES, self._upload),
            Api("GET", _FILES, self._download),
            Api("DELETE", _FILES, self._delete),
            Api("PUT", _FOLDERS, self._make_folder),
            Api("GET", _FOLDERS, self._list),
            Api("DELETE", _FOLDERS, self._delete_folder),
        ]

    def _upload(self, asked: Asked) -> Response:
        place = self._place(asked, "WRITE_VOLUME")
        if place.exists() and (place.is_dir() or asked.query.get("overwrite", "false") != "true"):
            raise refusal(409, "ALREADY_EXISTS", "The file being created already exists.")
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f".{place.name}.partial")
        partial.write_bytes(asked.content)
        partial.replace(place)
        return Response(status_code=204)

    def _download(self, asked: Asked) -> Response:
        place = self._place(asked, "READ_VOLUME")
        if not place.is_file():
            raise _missing("file")
        changed = formatdate(place.stat().st_mtime, usegmt=True)
        return Response(
            place.read_bytes(), headers={"Last-Modified": changed}, media_type="application/octet-stream"
        )

    def _delete(self, asked: Asked) -> Response:
        place = self._place(asked, "WRITE_VOLUME")
        if not place.is_file():
            raise _missing("file")
        place.unlink()
        return Response(status_code=204)

    def _make_folder(self, asked: Asked) -> Response:
        place = self._place(asked, "WRITE_VOLUME")
        if place.is_file():
            raise refusal(409, "ALREADY_EXISTS", "A file is where the directory should be.")
        place.mkdir(parents=True, exist_ok=True)
        return Response(status_code=204)

    def _list(self, asked: Asked) -> Row:
        place = self._place(asked, "READ_VOLUME")
        if not place.is_dir():
            raise _missing("directory")
        base = PREFIX + asked.path["path"].rstrip("/")
        return {"contents": [_shown(each, base) for each in sorted(place.iterdir())]}

    def _delete_folder(self, asked: Asked) -> Response:
        place = self._place(asked, "WRITE_VOLUME")
        if not place.is_dir():
            raise _missing("directory")
        if any(place.iterdir()):
            raise refusal(400, "DIRECTORY_NOT_EMPTY", "The directory is not empty.")
        shutil.rmtree(place)
        return Response(status_code=204)

    def _place(self, asked: Asked, privilege: str) -> Path:
        path = PREFIX + asked.path["path"]
        try:
            name, place = self.volumes.place(path)
        except SqlError as wrong:
            raise refusal(404, "NOT_FOUND", str(wrong)) from None
        self.volumes.made(name)
        try:
            self.grants.check(asked.principal, privilege, *name, kind="Volume")
        except SqlError as wrong:
            raise denied(str(wrong)) from None
        return place


def _missing(kind: str) -> Refusal:
    return refusal(404, "NOT_FOUND", f"The {kind} being accessed is not found.")


def _shown(place: Path, base: str) -> Row:
    shown: Row = {"path": f"{base}/{place.name}", "name": place.name, "is_directory": place.is_dir()}
    if place.is_file():
        seen = place.stat()
        shown |= {"file_size": seen.st_size, "last_modified": int(seen.st_mtime * 1000)}
    return shown
